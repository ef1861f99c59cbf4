import Placement
import Wire

/// Bringing shards to the devices whose stages need them.
extension Coordinator {
    /// How often a worker is asked again what it holds, while another coordinator sends it the same shards.
    private static let attempts = 100

    /// Sends each remote device the shards it lacks, all devices at a time.
    func distribute(_ plan: PlacementPlan) async throws(CoordinatorError) -> [ModelPart: ShardID] {
        let remote = plan.stages.filter { !isInProcess($0.device) }
        let needed = Dictionary(grouping: remote, by: \.device).mapValues {
            Array(Set($0.flatMap { parts(of: $0) }))
        }
        let all = Array(Set(needed.values.joined()))
        let unknown = shards.unidentified(all)
        if !unknown.isEmpty { progress(.identifying(shards: unknown.count)) }
        let ids = await shards.identify(all)
        try await each(Array(needed.keys)) { [self] device in
            var missing = needed[device]!.map { ShardToSend(part: $0, id: ids[$0]!) }
            for _ in 0..<Self.attempts where !missing.isEmpty {
                missing = try await send(missing, of: needed[device]!, to: device)
                if !missing.isEmpty { try await Task.sleep(for: .milliseconds(100)) }
            }
            guard missing.isEmpty else {
                throw CoordinatorError(
                    .worker,
                    "\(device) is being sent the same shards by another coordinator; try again when that is done")
            }
        }
        return ids
    }

    private struct ShardToSend: Sendable {
        var part: ModelPart
        var id: ShardID
    }

    /// Sends what a device lacks of some shards.
    ///
    /// - Returns: those that it still lacks, because somebody else sends them too.
    private func send(
        _ wanted: [ShardToSend], of parts: [ModelPart], to device: String
    ) async throws(CoordinatorError) -> [ShardToSend] {
        let client = try client(of: device)
        let reply = try await client.request(.shardInquiry(ShardInquiry(ids: wanted.map(\.id))))
        guard case .shardInventory(let inventory) = reply else {
            throw CoordinatorError(.worker, "\(device) answered a shard inquiry with something else")
        }
        let held = Dictionary(inventory.shards.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let total = parts.reduce(0) { $0 + shards[$1].byteCount }
        let lacking = wanted.reduce(0) { sum, shard in
            let holding = held[shard.id]
            let bytes = shards[shard.part].byteCount
            return sum + (holding?.complete == true ? 0 : bytes - min(bytes, Int(clamping: holding?.bytesHeld ?? 0)))
        }
        let tally = ProgressTally(done: total - lacking) { [progress] in
            progress(.sending(device: device, bytes: $0, of: total))
        }
        tally.add(0)
        let transfer = ShardTransfer(client: client)
        var overtaken: [ShardToSend] = []
        for shard in wanted where held[shard.id]?.complete != true {
            let outcome = try await transfer.send(
                shards[shard.part], id: shard.id, from: held[shard.id]?.bytesHeld ?? 0
            ) { tally.add($0) }
            if outcome == .overtaken { overtaken.append(shard) }
        }
        return overtaken
    }
}
