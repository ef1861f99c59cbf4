import ClusterStore
import Dispatch
import GGUF
import Placement
import Synchronization
import Transport
import Wire

/// From a plan to a placement that answers.
extension Coordinator {
    /// Placements that no coordinator makes so many of: one in a second for decades.
    private static let mostEpochs: UInt32 = 1 << 31

    /// Sends what devices lack, loads the stages and lets the answers go on, those from before too.
    ///
    /// Shards are brought while the placement of before still works; from the first stage to the last answers wait.
    ///
    /// - Parameters:
    ///   - reports: what the connected devices hold.
    ///   - reason: why it is placed, where that is not a loss or the beginning.
    /// - Throws: `CoordinatorError`; then answers wait, or as before nothing answers.
    func realize(
        _ plan: PlacementPlan, reports: [String: DeviceReport], because reason: String? = nil
    ) async throws(CoordinatorError) {
        let started = ContinuousClock.now
        let (stood, broughtBefore, readiness) = state.withLock { state in
            state.placements += 1
            state.coming = Set(plan.stages.map(\.device))
            return (state.stood, state.broughtBytes, state.readiness)
        }
        if case .recovering(let loss) = readiness { notePlacing(because: loss) } else { notePlacing(because: reason) }
        defer { state.withLock { $0.coming = [] } }
        await endStandby()
        let ids = try await distribute(plan)
        engine.suspend()
        let kept = await engine.kept()
        let earlier = lastEpoch(ofEarlierRuns: reports)
        let (epoch, beginsEmpty) = state.withLock { state in
            if state.plan == nil { state.epoch = max(state.epoch, earlier) }
            state.epoch += 1
            state.plan = plan
            state.planNumber = state.placements
            state.throttling = ThrottleWatch()
            defer { state.beginsEmpty = false }
            return (state.epoch, state.beginsEmpty)
        }
        let transfers = transfers(to: plan, from: beginsEmpty ? [:] : reports, takesCaches: !kept.isEmpty)
        try await admit(admissions(plan, transfers: transfers), for: plan)
        try await makeRoom(for: plan, epoch: epoch, reports: reports, transfers: transfers)
        let held = try await load(plan, epoch: epoch, ids: ids, transfers: transfers, kept: kept)
        let first = try client(of: plan.stages[0].device)
        engine.begin(
            epoch: epoch, stageCount: plan.stages.count, vocabularySize: facts.vocabularySize, limits: limits(plan),
            queue: configuration.queue, held: held, send: { first.send(.step($0)) }, afterSteps: afterSteps(of: plan))
        engine.expect(SpeedPrediction(plan.prediction))
        try beginAnswering(plan, epoch: epoch)
        record(plan, epoch: epoch)
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        let brought = state.withLock { $0.broughtBytes }
        notePlaced(
            plan, after: stood,
            bytes: (brought.sent - broughtBefore.sent, brought.passedOn - broughtBefore.passedOn), seconds: seconds)
        noteResumption()
        progress(.ready(seconds: seconds))
    }

    /// The last epoch of which there are stages when this run begins, which a run before may not have recorded. No device is believed that
    /// says so high a number that there would be none left.
    private func lastEpoch(ofEarlierRuns reports: [String: DeviceReport]) -> UInt32 {
        reports.values.flatMap(\.stages).filter { $0.session == session && $0.epoch < Self.mostEpochs }.map(\.epoch)
            .max() ?? 0
    }

    /// How to do something when the first stage, in this process, has sent a lone step on; nil where that takes long.
    private func afterSteps(of plan: PlacementPlan) -> (@Sendable (@escaping @Sendable () -> Void) -> Void)? {
        guard plan.stages.count > 1, plan.stages[0].layers.isEmpty,
            case .inProcess(let worker)? = declaration(of: plan.stages[0].device)?.connection
        else { return nil }
        return worker.afterSteps
    }

    /// A placement is ready, unless something of it was lost while it was made. What is lost from now on breaks it.
    private func beginAnswering(_ plan: PlacementPlan, epoch: UInt32) throws(CoordinatorError) {
        let failure = state.withLock { state -> CoordinatorError? in
            if state.stopped { return Self.stopping }
            if let broken = state.broken, broken.epoch == epoch { return broken.error }
            for device in plan.stages.map(\.device) where state.clients[device]?.isConnected != true {
                return .lost(device, state.lossReasons[device] ?? "the link to \(device) ended")
            }
            state.losses.placed(on: Set(plan.stages.map(\.device)), at: .now)
            state.readiness = .ready
            state.stood = plan
            return nil
        }
        guard let failure else { return }
        engine.suspend()
        throw failure
    }

    private func transfers(
        to plan: PlacementPlan, from reports: [String: DeviceReport], takesCaches: Bool
    ) -> [StageTransfer] {
        let places = state.withLock { $0.places }
        let holdings = devices.compactMap { device in
            reports[device.name].map {
                StageTransfer.Holding(
                    device: device.name, address: device.isInProcess ? nil : device.address,
                    identity: identity(of: device.name), stages: $0.stages, known: places.places(on: device.name))
            }
        }
        return plan.stages.map {
            StageTransfer(to: $0, from: holdings, session: session, takesCaches: takesCaches)
        }
    }

    /// Frees what devices that get a stage hold of earlier placements, where no stage takes it over. What others hold may be of use yet,
    /// should this placement fail.
    private func makeRoom(
        for plan: PlacementPlan, epoch: UInt32, reports: [String: DeviceReport], transfers: [StageTransfer]
    ) async throws(CoordinatorError) {
        let sources = Set(transfers.flatMap(\.sources).map { [$0.epoch, $0.stage] })
        let idle = reports.filter { device, report in
            guard plan.stages.contains(where: { $0.device == device }) else { return false }
            let own = report.stages.filter { $0.session == session }
            return !own.isEmpty && !own.contains { sources.contains([$0.epoch, $0.stage]) }
        }
        try await each(Array(idle.keys)) { [self] device in
            _ = try await client(of: device).request(.unloadStages(UnloadStages(epochsThrough: epoch - 1)))
        }
    }

    /// Frees everywhere what is left of earlier placements.
    func unloadEarlier() async {
        let (clients, epoch) = state.withLock { ($0.clients.values.filter(\.isConnected), $0.epoch) }
        guard epoch > 1 else { return }
        state.withLock { $0.places.forget(through: epoch - 1) }
        await withTaskGroup(of: Void.self) { group in
            for client in clients {
                group.addTask { _ = try? await client.request(.unloadStages(UnloadStages(epochsThrough: epoch - 1))) }
            }
        }
    }

    /// Loads all stages: first those that fetch caches from other devices, whose own new stages replace the sources.
    ///
    /// - Returns: what each stage has of the sequences that go on.
    private func load(
        _ plan: PlacementPlan, epoch: UInt32, ids: [ModelPart: ShardID], transfers: [StageTransfer],
        kept: [KeptSequence]
    ) async throws(CoordinatorError) -> [[KeptSequence]] {
        let held = Mutex([[KeptSequence]](repeating: [], count: plan.stages.count))
        let (remote, local) = (
            plan.stages.indices.filter { transfers[$0].isRemote },
            plan.stages.indices.filter { !transfers[$0].isRemote }
        )
        for indices in [remote, local] {
            try await each(indices) { [self] index in
                let stage = plan.stages[index]
                let request = loadRequest(
                    stage, epoch: epoch, stage: index, of: plan, ids: ids, caches: transfers[index].sources,
                    kept: kept)
                let loaded = try await load(request, on: stage.device, of: plan, ids: ids)
                held.withLock { $0[index] = loaded.sequences }
            }
        }
        return held.withLock { $0 }
    }

    private func loadRequest(
        _ stage: PlacedStage, epoch: UInt32, stage index: Int, of plan: PlacementPlan, ids: [ModelPart: ShardID],
        caches: [CacheSource], kept: [KeptSequence]
    ) -> LoadStage {
        var request = loadRequest(Replacement.PlacedRange(stage), epoch: epoch, stage: index, of: plan, ids: ids)
        request.next = next(after: index, in: plan)
        request.activationCodec = ActivationCodec(stage.codec)
        if index > 0 { request.upstream = identity(of: plan.stages[index - 1].device) }
        request.expertBytesOnDisk = UInt64(stage.expertBytesOnDisk)
        request.caches = caches
        request.sequences = kept
        return request
    }

    /// The request for a part of the model, whose results go nowhere else.
    func loadRequest(
        _ part: Replacement.PlacedRange, epoch: UInt32, stage index: Int, of plan: PlacementPlan,
        ids: [ModelPart: ShardID]
    ) -> LoadStage {
        let limits = limits(plan)
        return LoadStage(
            epoch: epoch, stage: UInt32(index), range: part.range,
            shards: isInProcess(part.device) ? [] : parts(of: part).map { ids[$0]! }, modelName: model.id,
            compute: configuration.compute, keyValueType: configuration.keyValueType,
            context: UInt32(model.context), slots: UInt32(limits.openSequences), next: .coordinator,
            keyValuePositions: UInt64(limits.pages * limits.positionsPerPage),
            windows: facts.sizes.windows.map { window in
                WindowRoom(
                    window: UInt32(clamping: window), positions: UInt64(cacheRoom.positions(window: window)))
            })
    }

    /// Where a stage sends its results: straight to the next device, or back here when that is this process.
    private func next(after index: Int, in plan: PlacementPlan) -> NextHop {
        guard index + 1 < plan.stages.count, let device = declaration(of: plan.stages[index + 1].device),
            case .tcp(let endpoint) = device.connection
        else { return .coordinator }
        return .worker(
            address: endpoint.description, stage: UInt32(index + 1), identity: identity(of: device.name))
    }

    func parts(of part: Replacement.PlacedRange) -> [ModelPart] {
        shards.parts(embedding: part.embedding, layers: part.layers, head: part.head)
    }

    /// Remembers the placement, for a coordinator that starts again. One that cannot be written is no reason not to answer.
    private func record(_ plan: PlacementPlan, epoch: UInt32) {
        guard let store = configuration.store else { return }
        let record = PlacementRecord(
            modelPath: shards.model.absolutePath, session: session, epoch: epoch,
            stages: plan.stages.map {
                .init(device: $0.device, embedding: $0.embedding, layers: $0.layers, head: $0.head)
            }, wishes: configuration.wishes)
        disk.async { [progress] in
            do throws(ClusterStoreError) {
                try store.setPlacement(record)
            } catch {
                progress(.note(error.message))
            }
        }
    }

    /// Does the same for each item at a time; the first error ends it.
    func each<Item: Sendable>(
        _ items: [Item], _ work: @escaping @Sendable (Item) async throws -> Void
    ) async throws(CoordinatorError) {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for item in items { group.addTask { try await work(item) } }
                try await group.waitForAll()
            }
        } catch let error as CoordinatorError {
            throw error
        } catch {
            throw CoordinatorError(.cancelled, "\(error)")
        }
    }
}
