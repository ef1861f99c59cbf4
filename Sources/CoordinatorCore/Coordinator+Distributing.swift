import ModelParts
import Placement
import Synchronization
import Transport
import Wire

/// Bringing shards to the devices whose stages need them.
extension Coordinator {
    /// How often a worker is asked again what it holds, while another coordinator sends it the same shards.
    private static let attempts = 100
    /// How often a shard that arrived damaged is sent again, and a stage loaded whose shards were damaged.
    private static let repairs = 3
    /// Parts of a model that are read at a time: some for each core of a small machine.
    private static let partsPerRound = 8

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
        for device in connectedDevices where needed[device] == nil { needed[device] = [] }
        do throws(CoordinatorError) {
            try await bring(needed)
        } catch {
            // Ids that were kept and were wrong are not kept any more.
            guard error.code == .model, error.failure == .shardCorrupt else { throw error }
            progress(.note(error.message))
            try await bring(needed)
        }
        return try await shards.identify(all)
    }

    /// Has a stage loaded. Shards that turn out to be damaged on the device, or gone, are brought again.
    ///
    /// - Returns: what the worker says of it.
    func load(
        _ request: LoadStage, on device: String, of plan: PlacementPlan, ids: [ModelPart: ShardID]
    ) async throws(CoordinatorError) -> StageLoaded {
        state.withLock { $0.places.add(.init(epoch: request.epoch, stage: request.stage), on: device) }
        let range = request.range
        let own = shards.parts(embedding: range.embedding, layers: range.layers, head: range.head)
        let bytes = own.reduce(0) { $0 + shards[$1].byteCount }
        var attempt = 0
        while true {
            attempt += 1
            do throws(CoordinatorError) {
                let client = try client(of: device)
                // Shards are hashed before the first part is loaded.
                let limit = client.limits.map { $0.reading(bytes, $0.load) }
                guard
                    case .stageLoaded(let loaded) = try await client.request(
                        .loadStage(request), within: limit, loading: bytes)
                else {
                    throw CoordinatorError(.worker, "\(device) answered the loading of a stage with something else")
                }
                return loaded
            } catch {
                guard attempt < Self.repairs, error.failure == .shardCorrupt || error.failure == .shardMissing else {
                    throw error
                }
                // The coordinator's own worker reads the model's file: nothing can be sent to it.
                if isInProcess(device) {
                    try shards.check()
                    throw error
                }
                progress(.repairing(device: device, error.message))
                // A standby stage is none of the plan's.
                let others = parts(on: device, of: plan.stages.map(Replacement.PlacedRange.init))
                try await bring([device: others + own.filter { !others.contains($0) }])
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

    /// Brings what devices lack: from each other where one has it, else from here. While shards are on their way, others are read for
    /// their ids.
    private func bring(_ needed: [String: [ModelPart]]) async throws(CoordinatorError) {
        var made: [String: ShardCarrier] = [:]
        let traffic = ShardTraffic()
        for (device, parts) in needed where !parts.isEmpty {
            made[device] = try carrier(to: device, of: parts, traffic: traffic)
        }
        let carriers = made
        let all = Set(needed.values.joined())
        var rounds = IdentifyingRounds.rounds(
            of: needed, known: all.subtracting(shards.unidentified(Array(all))),
            size: Self.partsPerRound)[...]
        var distribution = ShardDistribution()
        var isLacking = false
        var failure: CoordinatorError?
        await withTaskGroup(of: DistributionEvent.self) { group in
            func surveyNext() {
                guard let round = rounds.popFirst() else { return }
                let needed = needed.mapValues { parts in parts.filter { round.contains($0) } }
                group.addTask { [self] in .surveyed(await self.survey(needed, carriers)) }
            }
            func begin() {
                for transfer in distribution.begin() {
                    guard let carrier = carriers[transfer.device] else {
                        preconditionFailure("a transfer to \(transfer.device), which needs nothing")
                    }
                    group.addTask { [self] in .transferred(transfer, await carry(transfer, carrier)) }
                }
            }
            surveyNext()
            for await event in group where failure == nil {
                switch event {
                case .surveyed(.success(let survey)):
                    isLacking = isLacking || !survey.lacking.isEmpty
                    distribution.add(lacking: survey.lacking, holders: survey.holders)
                case .transferred(let transfer, .success(let arrived)):
                    distribution.finished(transfer, arrived: arrived)
                case .surveyed(.failure(let error)), .transferred(_, .failure(let error)):
                    failure = error
                    group.cancelAll()
                    continue
                }
                begin()
                if case .surveyed = event { surveyNext() }
            }
        }
        state.withLock { state in
            state.broughtBytes.sent += traffic.sentBytes
            state.broughtBytes.passedOn += traffic.passedOnBytes
        }
        if let failure { throw failure }
        precondition(distribution.isDone && rounds.isEmpty, "shards are still lacking, and nothing is on its way")
        if isLacking {
            progress(.brought(sentBytes: traffic.sentBytes, passedOnBytes: traffic.passedOnBytes))
        }
    }

    /// What ends while shards are brought.
    private enum DistributionEvent: Sendable {
        case surveyed(Result<ShardSurvey, CoordinatorError>)
        case transferred(ShardDistribution.Transfer, Result<Bool, CoordinatorError>)
    }

    private func carrier(
        to device: String, of parts: [ModelPart], traffic: ShardTraffic
    ) throws(CoordinatorError) -> ShardCarrier {
        let total = parts.reduce(0) { $0 + shards[$1].byteCount }
        return ShardCarrier(
            transfer: ShardTransfer(
                client: try client(of: device), window: TransferWindow(permits: ShardTransfer.window), traffic: traffic),
            tally: HeldTally { [progress] in progress(.sending(device: device, bytes: $0, of: total)) })
    }

    /// - Returns: whether the shard arrived; where devices should have given it, it may not.
    private func carry(
        _ transfer: ShardDistribution.Transfer, _ carrier: ShardCarrier
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

    private func send(_ id: ShardID, to device: String, _ carrier: ShardCarrier) async throws(CoordinatorError) {
        let shard = shards[carrier.part(of: id)]
        let client = carrier.transfer.client
        var damaged = 0
        client.expect(id, bytes: shard.byteCount)
        defer { client.forget(id) }
        // Over all attempts: one that refuses them comes no further.
        var watching: Task<Void, Never>?
        defer { watching?.cancel() }
        for _ in 0..<Self.attempts {
            // Others may have sent some of it since. About all that it needs, so that it keeps all that.
            let holding = try await inquire([device]) { _ in carrier.ids }[device]!.get()[id]
            if holding?.complete == true {
                carrier.tally.set(id.description, shard.byteCount)
                return
            }
            client.holds(holding?.bytesHeld ?? 0, of: id)
            if watching == nil { watching = client.watchSending(bytes: shard.byteCount) }
            let outcome: ShardTransfer.Outcome
            do throws(CoordinatorError) {
                outcome = try await carrier.transfer.send(shard, id: id, from: holding?.bytesHeld ?? 0) {
                    carrier.tally.set(id.description, $0)
                }
            } catch {
                try shards.check()
                throw error
            }
            switch outcome {
            case .stored: return
            case .damaged(let message):
                try shards.check()
                damaged += 1
                client.expect(id, bytes: shard.byteCount)
                if damaged == 1, try await shards.identifyAgain(shard.part) != id {
                    throw CoordinatorError(
                        .model,
                        "the ids that were kept of the shards of \(model.id) are not those of its file: they are made anew",
                        failure: .shardCorrupt)
                }
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
        _ transfer: ShardDistribution.Transfer, _ carrier: ShardCarrier
    ) async throws(CoordinatorError) -> Bool {
        let (id, bytes) = (transfer.shard.id, transfer.shard.bytes)
        let sources = transfer.sources.compactMap { name in
            declaration(of: name).map { (address: $0.address, identity: identity(of: name)) }
        }
        // A device that is gone meanwhile gives nothing.
        let named = transport.isSecured ? sources.filter { $0.identity != nil } : sources
        guard !named.isEmpty else { return false }
        let client = carrier.transfer.client
        client.expect(id, bytes: bytes)
        defer { client.forget(id) }
        let events = client.transferEvents(of: id)
        let following = Task {
            for await case .accepted(let held) in events {
                carrier.tally.set(id.description, min(Int(clamping: held), bytes))
            }
        }
        defer { following.cancel() }
        do throws(CoordinatorError) {
            let limit = client.limits.map { $0.fetching(bytes, sources: named.count) }
            let reply = try await client.request(
                .fetchShard(
                    FetchShard(
                        id: id, totalBytes: UInt64(bytes), addresses: named.map(\.address),
                        identities: named.compactMap(\.identity))),
                within: limit)
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
}
