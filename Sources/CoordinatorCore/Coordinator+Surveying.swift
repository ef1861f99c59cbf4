import Wire

/// Finding out what devices lack.
extension Coordinator {
    /// Who lacks and who has what of some shards.
    struct ShardSurvey: Sendable {
        var lacking: [String: [ShardDistribution.Shard]] = [:]
        var holders: [ShardID: Set<String>] = [:]
    }

    /// Finds out the ids of what devices need, and asks the devices for it.
    func survey(
        _ needed: [String: [ModelPart]], _ carriers: [String: ShardCarrier]
    ) async -> Result<ShardSurvey, CoordinatorError> {
        let ids: [ModelPart: ShardID]
        do throws(CoordinatorError) {
            ids = try await shards.identify(Array(Set(needed.values.joined())))
        } catch {
            return .failure(error)
        }
        let wanted = Set(needed.values.joined().map { ids[$0]! })
        for (device, parts) in needed { carriers[device]?.add(parts.map { (ids[$0]!, $0) }) }
        // First all devices are asked about everything: any of them may pass it on. Then each about what it will need, which it
        // keeps from then on.
        let everywhere = await inquire(connectedDevices) { wanted.union(carriers[$0]?.ids ?? []).sorted() }
        let here = await inquire(Array(needed.keys)) { carriers[$0]?.ids ?? [] }
        var survey = ShardSurvey()
        for case (let device, .success(let holdings)) in everywhere {
            for holding in holdings.values where holding.complete && wanted.contains(holding.id) {
                survey.holders[holding.id, default: []].insert(device)
            }
        }
        for (device, parts) in needed where !parts.isEmpty {
            let held: [ShardID: ShardHolding]
            switch here[device] {
            case .success(let holdings): held = holdings
            case .failure(let error): return .failure(error)
            case nil: return .failure(CoordinatorError(.worker, "\(device) is not connected"))
            }
            var tally: [String: Int] = [:]
            for part in parts {
                let (id, bytes) = (ids[part]!, shards[part].byteCount)
                let isWhole = held[id]?.complete == true
                tally[id.description] = isWhole ? bytes : min(bytes, Int(clamping: held[id]?.bytesHeld ?? 0))
                guard !isWhole else { continue }
                survey.lacking[device, default: []].append(ShardDistribution.Shard(id: id, bytes: bytes))
            }
            carriers[device]?.tally.set(tally)
        }
        return .success(survey)
    }

    /// Asks devices what they hold.
    func inquire(
        _ devices: [String], about ids: @Sendable (String) -> [ShardID]
    ) async -> [String: Result<[ShardID: ShardHolding], CoordinatorError>] {
        await withTaskGroup(of: (String, Result<[ShardID: ShardHolding], CoordinatorError>).self) { group in
            for device in devices {
                let asked = ids(device)
                group.addTask { [self] in (device, await holdings(of: asked, on: device)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func holdings(
        of ids: [ShardID], on device: String
    ) async -> Result<[ShardID: ShardHolding], CoordinatorError> {
        do throws(CoordinatorError) {
            guard
                case .shardInventory(let inventory) = try await client(of: device).request(
                    .shardInquiry(ShardInquiry(ids: ids)))
            else { throw CoordinatorError(.worker, "\(device) answered a shard inquiry with something else") }
            return .success(Dictionary(inventory.shards.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }))
        } catch {
            return .failure(error)
        }
    }
}
