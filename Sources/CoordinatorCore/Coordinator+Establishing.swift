import Placement
import Synchronization
import Transport
import Wire

/// From declared devices to a placement that answers.
extension Coordinator {
    /// Connects to the devices, plans, sends what they lack, loads the stages and starts the engine.
    ///
    /// - Parameter leavingOutUnreachable: plans without devices that cannot be reached, instead of failing.
    func establish(leavingOutUnreachable: Bool) async throws(CoordinatorError) {
        let started = ContinuousClock.now
        let reports = await measured(try await connectAll(leavingOutUnreachable: leavingOutUnreachable))
        let plan = try plan(reports, links: state.withLock { $0.links })
        engine.expect(SpeedPrediction(plan.prediction))
        progress(.placed(plan))
        let epoch = state.withLock { state in
            state.epoch += 1
            state.plan = plan
            state.readiness = .starting("loading")
            return state.epoch
        }
        let clients = try plan.stages.map { (stage) throws(CoordinatorError) in try client(of: stage.device) }
        try await each(Array(reports.keys)) { [self] device in
            _ = try await client(of: device).request(.unloadStages(UnloadStages(epochsThrough: epoch - 1)))
        }
        let ids = try await distribute(plan)
        try await load(plan, epoch: epoch, ids: ids)
        let first = clients[0]
        engine.install(
            epoch: epoch, stageCount: plan.stages.count, vocabularySize: facts.vocabularySize,
            limits: limits(plan), queue: configuration.queue,
            send: { first.send(.step($0)) })
        state.withLock { if !$0.stopped { $0.readiness = .ready } }
        progress(.ready(seconds: (.now - started) / .seconds(1)))
        if let lost = clients.first(where: { !$0.isConnected }) { deviceLost("the link to \(lost.device) ended") }
    }

    /// Halts the answers and begins to recover, unless that is under way.
    func deviceLost(_ reason: String) {
        let wasReady = state.withLock { state in
            guard case .ready = state.readiness, !state.stopped else { return false }
            state.readiness = .unavailable(reason)
            return true
        }
        guard wasReady else { return }
        progress(.lost(reason))
        engine.halt(CoordinatorError(.unavailable, reason))
        let recovery = Task { await recover() }
        state.withLock { $0.recovery = recovery }
    }

    /// Tries to make a placement ready until it is: at first with all devices, which may only be restarting.
    private func recover() async {
        var wait = Duration.milliseconds(250)
        var reason = ""
        for attempt in 0... {
            guard !Task.isCancelled, !state.withLock({ $0.stopped }) else { return }
            do {
                try await establish(leavingOutUnreachable: attempt >= 4)
                return
            } catch {
                if error.message != reason { progress(.waiting(error.message)) }
                reason = error.message
                state.withLock { if !$0.stopped { $0.readiness = .unavailable(error.message) } }
            }
            try? await Task.sleep(for: wait)
            wait = min(wait * 2, .seconds(10))
        }
    }

    private func connectAll(leavingOutUnreachable: Bool) async throws(CoordinatorError) -> [String: DeviceReport] {
        var reports: [String: DeviceReport] = [:]
        var failures: [CoordinatorError] = []
        await withTaskGroup(of: (String, Result<DeviceReport, CoordinatorError>).self) { group in
            for device in configuration.devices {
                group.addTask { [self] in (device.name, await connectionResult(device)) }
            }
            for await (name, result) in group {
                switch result {
                case .success(let report): reports[name] = report
                case .failure(let error): failures.append(error)
                }
            }
        }
        if let failure = failures.first, !leavingOutUnreachable || reports.isEmpty { throw failure }
        return reports
    }

    private func connectionResult(_ device: DeviceDeclaration) async -> Result<DeviceReport, CoordinatorError> {
        do {
            return .success(try await connect(device))
        } catch {
            return .failure(error)
        }
    }

    private func connect(_ device: DeviceDeclaration) async throws(CoordinatorError) -> DeviceReport {
        let known = state.withLock { $0.clients[device.name] }
        if let known, known.isConnected { return try await known.describe() }
        progress(.connecting(device: device.name))
        let client = WorkerClient(
            device: device.name, onStep: { [weak self] in self?.returned($0) },
            onNotice: { [weak self] in self?.notice($1, from: $0) })
        let hello = Hello(
            role: .coordinator, session: session, name: "coordinator", softwareVersion: SoftwareVersion.current)
        switch device.connection {
        case .inProcess(let attach):
            client.attach(attach(client, hello))
        case .tcp(let endpoint):
            do {
                client.attach(try await transport.connect(to: endpoint, hello: hello, handler: client))
            } catch {
                // The error names the address, which is all the name that some devices have.
                let prefix = device.name == device.address ? "" : "\(device.name): "
                throw CoordinatorError(.worker, prefix + error.description)
            }
        }
        state.withLock { $0.clients[device.name] = client }
        let report = try await client.describe()
        progress(.connected(device: device.name, report))
        return report
    }

    private func plan(
        _ reports: [String: DeviceReport], links: MeasuredLinks
    ) throws(CoordinatorError) -> PlacementPlan {
        do {
            return try place(request(reports, links: links))
        } catch {
            throw CoordinatorError(.placement, error.description)
        }
    }

    private func load(_ plan: PlacementPlan, epoch: UInt32, ids: [ModelPart: ShardID]) async throws(CoordinatorError) {
        try await each(Array(plan.stages.indices)) { [self] index in
            let stage = plan.stages[index]
            let request = LoadStage(
                epoch: epoch, stage: UInt32(index),
                range: StageRange(
                    embedding: stage.embedding, firstLayer: UInt32(stage.layers.lowerBound),
                    lastLayer: UInt32(stage.layers.upperBound), head: stage.head),
                shards: isInProcess(stage.device) ? [] : parts(of: stage).map { ids[$0]! }, modelName: model.id,
                compute: configuration.compute, keyValueType: configuration.keyValueType,
                context: UInt32(model.context), slots: UInt32(limits(plan).openSequences),
                next: next(after: index, in: plan), activationCodec: ActivationCodec(stage.codec))
            try await load(request, on: stage.device, of: plan, ids: ids)
        }
    }

    /// Where a stage sends its results: straight to the next device, or back here when that is this process.
    private func next(after index: Int, in plan: PlacementPlan) -> NextHop {
        guard index + 1 < plan.stages.count,
            let device = configuration.devices.first(where: { $0.name == plan.stages[index + 1].device }),
            case .tcp(let endpoint) = device.connection
        else { return .coordinator }
        return .worker(address: endpoint.description, stage: UInt32(index + 1))
    }

    /// A step that came back over a coordinator's link: results, or on its way to a stage in this process.
    private func returned(_ frame: StepFrame) {
        let stages = state.withLock { $0.epoch == frame.epoch ? $0.plan?.stages : nil }
        guard let stages else { return }
        if Int(frame.stage) < stages.count {
            try? client(of: stages[Int(frame.stage)].device).send(.step(frame))
        } else {
            engine.completed(frame)
        }
    }

    private func notice(_ notice: WorkerClient.Notice, from client: WorkerClient) {
        switch notice {
        case .progress(let loaded):
            progress(.loading(device: client.device, done: Int(clamping: loaded.done), of: Int(clamping: loaded.total)))
        case .stepFailed(let failure): engine.failed(failure)
        case .lost(let reason):
            // A link that was replaced since has nothing to say.
            if state.withLock({ $0.clients[client.device] === client }) { deviceLost(reason) }
        case .peerLost(let epoch, let reason):
            if state.withLock({ $0.epoch == epoch }) { deviceLost(reason) }
        }
    }

    func parts(of stage: PlacedStage) -> [ModelPart] {
        shards.parts(embedding: stage.embedding, layers: stage.layers, head: stage.head)
    }

    func isInProcess(_ device: String) -> Bool {
        configuration.devices.contains { $0.name == device && $0.isInProcess }
    }

    func client(of device: String) throws(CoordinatorError) -> WorkerClient {
        guard let client = state.withLock({ $0.clients[device] }) else {
            throw CoordinatorError(.worker, "\(device) is not connected")
        }
        return client
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
