import Placement
import Synchronization
import Wire

/// Bringing shards to the devices whose stages need them.
extension Coordinator {
    /// How often a worker is asked again what it holds, while another coordinator sends it the same shards.
    private static let attempts = 100
    /// How often a shard that arrived damaged is sent again, and a stage loaded whose shards were damaged.
    private static let repairs = 3

    /// Sees to it that each remote device holds the shards of its stages.
    ///
    /// - Parameter standby: what devices are to hold besides.
    /// - Returns: the ids of the model's shards.
    func distribute(
        _ plan: PlacementPlan, besides standby: [Replacement.PlacedRange] = []
    ) async throws(CoordinatorError) -> [ModelPart: ShardID] {
        let ranges = plan.stages.map(Replacement.PlacedRange.init) + standby
        let devices = Set(ranges.map(\.device)).filter { !isInProcess($0) }
        var needed = Dictionary(uniqueKeysWithValues: devices.map { ($0, parts(on: $0, of: ranges)) })
        let all = Array(Set(needed.values.joined()))
        let unknown = shards.unidentified(all)
        if !unknown.isEmpty { progress(.identifying(shards: unknown.count)) }
        let ids = await shards.identify(all)
        for device in connectedDevices where needed[device] == nil { needed[device] = [] }
        try await bring(needed, ids: ids)
        return ids
    }

    /// Has a stage loaded. Shards that turn out to be damaged on the device, or gone, are brought again.
    ///
    /// - Returns: what the worker says of it.
    func load(
        _ request: LoadStage, on device: String, of plan: PlacementPlan, ids: [ModelPart: ShardID]
    ) async throws(CoordinatorError) -> StageLoaded {
        var attempt = 0
        while true {
            attempt += 1
            do throws(CoordinatorError) {
                guard case .stageLoaded(let loaded) = try await client(of: device).request(.loadStage(request)) else {
                    throw CoordinatorError(.worker, "\(device) answered the loading of a stage with something else")
                }
                return loaded
            } catch {
                guard attempt < Self.repairs, error.failure == .shardCorrupt || error.failure == .shardMissing else {
                    throw error
                }
                progress(.repairing(device: device, error.message))
                try await bring(
                    [device: parts(on: device, of: plan.stages.map(Replacement.PlacedRange.init))], ids: ids)
            }
        }
    }

    /// Those that may hold shards, whether they have a stage or not.
    var connectedDevices: [String] {
        state.withLock { $0.clients }.filter { !isInProcess($0.key) && $0.value.isConnected }.map(\.key)
    }

    /// What all stages on a device need, each part once.
    private func parts(on device: String, of ranges: [Replacement.PlacedRange]) -> [ModelPart] {
        var seen: Set<ModelPart> = []
        return ranges.filter { $0.device == device }.flatMap { parts(of: $0) }.filter { seen.insert($0).inserted }
    }

    /// Brings what devices lack: from each other where one has it, else from here.
    private func bring(_ needed: [String: [ModelPart]], ids: [ModelPart: ShardID]) async throws(CoordinatorError) {
        let wanted = Array(Set(needed.values.joined()).map { ids[$0]! }).sorted()
        // First all devices are asked about everything: any of them may pass it on. Then each about what it will need, which it
        // keeps from then on.
        let everywhere = await inquire(connectedDevices) { _ in wanted }
        let here = await inquire(Array(needed.keys)) { device in needed[device]!.map { ids[$0]! } }
        var holders: [ShardID: Set<String>] = [:]
        for case (let device, .success(let holdings)) in everywhere {
            for holding in holdings.values where holding.complete { holders[holding.id, default: []].insert(device) }
        }
        var carriers: [String: Carrier] = [:]
        var lacking: [String: [ShardDistribution.Shard]] = [:]
        let traffic = ShardTraffic()
        for (device, parts) in needed where !parts.isEmpty {
            guard let held = try here[device]?.get() else {
                throw CoordinatorError(.worker, "\(device) is not connected")
            }
            carriers[device] = try carrier(to: device, of: parts, ids: ids, held: held, traffic: traffic)
            lacking[device] = parts.filter { held[ids[$0]!]?.complete != true }.map {
                ShardDistribution.Shard(id: ids[$0]!, bytes: shards[$0].byteCount)
            }
        }
        try await run(ShardDistribution(lacking: lacking, holders: holders), carriers)
        if lacking.values.contains(where: { !$0.isEmpty }) {
            progress(.brought(sentBytes: traffic.sentBytes, passedOnBytes: traffic.passedOnBytes))
        }
    }

    /// Does what a distribution decides until it is done; the first error ends it.
    private func run(
        _ distribution: ShardDistribution, _ carriers: [String: Carrier]
    ) async throws(CoordinatorError) {
        var distribution = distribution
        var failure: CoordinatorError?
        await withTaskGroup(of: (ShardDistribution.Transfer, Result<Bool, CoordinatorError>).self) { group in
            func begin() {
                for transfer in distribution.begin() {
                    guard let carrier = carriers[transfer.device] else {
                        preconditionFailure("a transfer to \(transfer.device), which needs nothing")
                    }
                    group.addTask { [self] in (transfer, await carry(transfer, carrier)) }
                }
            }
            begin()
            for await (transfer, result) in group {
                switch result {
                case .success(let arrived):
                    distribution.finished(transfer, arrived: arrived)
                    if failure == nil { begin() }
                case .failure(let error):
                    failure = failure ?? error
                    group.cancelAll()
                }
            }
        }
        if let failure { throw failure }
        precondition(distribution.isDone, "shards are still lacking, and nothing is on its way")
    }

    /// What carrying shards to one device takes.
    private struct Carrier: Sendable {
        var transfer: ShardTransfer
        /// All that the device needs.
        var parts: [ShardID: ModelPart]
        var tally: HeldTally
    }

    private func carrier(
        to device: String, of parts: [ModelPart], ids: [ModelPart: ShardID], held: [ShardID: ShardHolding],
        traffic: ShardTraffic
    ) throws(CoordinatorError) -> Carrier {
        let total = parts.reduce(0) { $0 + shards[$1].byteCount }
        let tally = HeldTally { [progress] in progress(.sending(device: device, bytes: $0, of: total)) }
        tally.begin(
            Dictionary(
                uniqueKeysWithValues: parts.map { part in
                    let (holding, bytes) = (held[ids[part]!], shards[part].byteCount)
                    return (
                        ids[part]!.description,
                        holding?.complete == true ? bytes : min(bytes, Int(clamping: holding?.bytesHeld ?? 0))
                    )
                }))
        return Carrier(
            transfer: ShardTransfer(
                client: try client(of: device), window: TransferWindow(permits: ShardTransfer.window), traffic: traffic),
            parts: Dictionary(uniqueKeysWithValues: parts.map { (ids[$0]!, $0) }), tally: tally)
    }

    /// - Returns: whether the shard arrived; where devices should have given it, it may not.
    private func carry(
        _ transfer: ShardDistribution.Transfer, _ carrier: Carrier
    ) async -> Result<Bool, CoordinatorError> {
        do throws(CoordinatorError) {
            if transfer.sources.isEmpty {
                try await send(transfer.shard.id, to: transfer.device, carrier)
                return .success(true)
            }
            return .success(try await fetch(transfer, carrier))
        } catch {
            return .failure(error)
        }
    }

    private func send(_ id: ShardID, to device: String, _ carrier: Carrier) async throws(CoordinatorError) {
        let shard = shards[carrier.parts[id]!]
        var damaged = 0
        for _ in 0..<Self.attempts {
            // Others may have sent some of it since. About all that it needs, so that it keeps all that.
            let holding = try await inquire([device]) { _ in Array(carrier.parts.keys) }[device]!.get()[id]
            if holding?.complete == true {
                carrier.tally.set(id.description, shard.byteCount)
                return
            }
            let outcome = try await carrier.transfer.send(shard, id: id, from: holding?.bytesHeld ?? 0) {
                carrier.tally.set(id.description, $0)
            }
            switch outcome {
            case .stored: return
            case .damaged(let message):
                damaged += 1
                guard damaged < Self.repairs else {
                    throw CoordinatorError(
                        .worker,
                        "\(message) (\(damaged) times): the model's file was changed meanwhile, or the link damages it")
                }
            case .overtaken:
                do { try await Task.sleep(for: .milliseconds(100)) } catch {
                    throw CoordinatorError(.cancelled, "sending \(shard.part) to \(device) was given up")
                }
            }
        }
        throw CoordinatorError(
            .worker, "\(device) is being sent the same shards by another coordinator; try again when that is done")
    }

    /// Has a device get a shard from others.
    ///
    /// - Returns: whether it did; if not, it is to be sent from here.
    private func fetch(
        _ transfer: ShardDistribution.Transfer, _ carrier: Carrier
    ) async throws(CoordinatorError) -> Bool {
        let (id, bytes) = (transfer.shard.id, transfer.shard.bytes)
        let addresses = transfer.sources.compactMap { name in
            declaration(of: name)?.address
        }
        let client = carrier.transfer.client
        let events = client.transferEvents(of: id)
        let following = Task {
            for await case .accepted(let held) in events {
                carrier.tally.set(id.description, min(Int(clamping: held), bytes))
            }
        }
        defer { following.cancel() }
        do throws(CoordinatorError) {
            let reply = try await client.request(
                .fetchShard(FetchShard(id: id, totalBytes: UInt64(bytes), addresses: addresses)))
            guard case .shardStored = reply else {
                throw CoordinatorError(
                    .worker, "\(transfer.device) answered a request to get a shard with something else")
            }
            carrier.transfer.traffic.passedOn(bytes)
            carrier.tally.set(id.description, bytes)
            return true
        } catch {
            // The device itself is lost, or has no room: sending would fail as well.
            if error.failure == nil || error.failure == .storeFull { throw error }
            return false
        }
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
