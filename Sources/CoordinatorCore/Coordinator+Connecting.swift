import ClusterStore
import NIOCore
import Placement
import Synchronization
import Transport
import Wire

/// The links to the devices: opening them, and what comes over them unasked.
extension Coordinator {
    /// How long a device that was just lost may take to answer while answers wait.
    static let reconnectTimeout = TimeAmount.milliseconds(300)
    /// Bytes of steps that may wait for the next stage on their way through this process.
    private static let mostForwarded = 256 << 20
    /// How long a device that is not required may take to answer at the start.
    private static let startTimeout = TimeAmount.seconds(1)

    /// The devices that may take part, joined ones included.
    var devices: [DeviceDeclaration] { state.withLock { $0.devices } }

    func declaration(of device: String) -> DeviceDeclaration? { devices.first { $0.name == device } }

    func isInProcess(_ device: String) -> Bool { declaration(of: device)?.isInProcess ?? false }

    /// The compute thread of this process's worker.
    private var reader: (any LinkReader)? {
        for case .inProcess(let worker) in devices.map(\.connection) { return worker.reader }
        return nil
    }

    func client(of device: String) throws(CoordinatorError) -> WorkerClient {
        guard let client = state.withLock({ $0.clients[device] }) else {
            throw CoordinatorError.lost(device, "\(device) is not connected")
        }
        return client
    }

    /// Connects to all devices: those that are required, or that the model was placed on, are waited for; the others come later where
    /// they are not there at once.
    ///
    /// - Throws: `CoordinatorError` where one that is required cannot be reached.
    func connectAll(requiresAll: Bool = true) async throws(CoordinatorError) {
        await identifyDevices()
        let placed = Set(predecessor?.stages.map(\.device) ?? [])
        let devices = devices
        let awaited = devices.filter { $0.isRequired || placed.contains($0.name) }
        let others = devices.filter { device in !awaited.contains { $0.name == device.name } }
        async let rest = connect(others, timeout: Self.startTimeout)
        var results = await connect(awaited, timeout: TCPTransport.defaultConnectTimeout)
        results.merge(await rest) { one, _ in one }
        let now = ContinuousClock.now
        state.withLock { state in
            for (device, result) in results {
                if case .failure = result { state.retries[device, default: RetryTime()].tried(at: now) }
            }
        }
        // One that says what none may say is left out, and has been named; without any other nothing would be as it was asked for.
        let isOtherThere = devices.contains { device in
            if case .success? = results[device.name] { !device.isInProcess } else { false }
        }
        // One that turned out to be another is no longer among them.
        let left = Set(self.devices.map(\.name))
        for device in devices
        where left.contains(device.name) && device.isRequired && (requiresAll || device.isInProcess) {
            if case .failure(let error)? = results[device.name], !(error.isFault && isOtherThere) { throw error }
        }
    }

    /// Tries to connect to the devices that are away, beside whatever else is done: one that does not answer takes its time.
    func reconnectAside() {
        let isMine = state.withLock { state in
            defer { state.isReconnecting = true }
            return !state.isReconnecting
        }
        guard isMine else { return }
        Task { [weak self] in
            guard let self else { return }
            let areBack = await reconnect()
            state.withLock { state in
                state.isReconnecting = false
                if areBack { state.lacksStandby = true }
            }
            if areBack { events.continuation.yield(.tick) }
        }
    }

    /// Tries to connect to the devices that are not connected and due for it, all at a time.
    ///
    /// - Returns: whether any came back.
    func reconnect(timeout: TimeAmount = TCPTransport.defaultConnectTimeout) async -> Bool {
        let now = ContinuousClock.now
        let strangers = state.withLock { state in
            state.devices.filter { state.retries[$0.name]?.isDue(at: now) ?? true }.map(\.name)
        }
        await identifyDevices(timeout: min(timeout, DeviceInspection.standardTimeout)) { strangers.contains($0.name) }
        let due = state.withLock { state in
            let due = state.devices.filter {
                state.clients[$0.name]?.isConnected != true && state.retries[$0.name]?.isDue(at: now) ?? true
            }
            for device in due { state.retries[device.name, default: RetryTime()].tried(at: now) }
            return due
        }
        guard !due.isEmpty else { return false }
        let results = await connect(due, timeout: timeout)
        let areBack = results.values.contains { if case .success = $0 { true } else { false } }
        if areBack { state.withLock { $0.hasNewDevices = true } }
        return areBack
    }

    /// Connects again to the devices that were lost while the first placement was made.
    ///
    /// - Parameters:
    ///   - requiresAll: whether devices that were named must be there.
    ///   - leftOut: those that need not be.
    /// - Throws: `CoordinatorError` where one that is required cannot be reached.
    func reconnectLost(requiresAll: Bool, leftOut: Set<String>) async throws(CoordinatorError) {
        let lost = devices.filter { !isConnected($0.name) }
        let needed = lost.filter { requiresAll && $0.isRequired && !leftOut.contains($0.name) }
        let others = lost.filter { device in !needed.contains { $0.name == device.name } }
        async let rest = connect(others, timeout: Self.startTimeout)
        let results = await connect(needed, timeout: TCPTransport.defaultConnectTimeout)
        _ = await rest
        for device in needed {
            guard case .failure(let error)? = results[device.name], !error.isFault else { continue }
            throw CoordinatorError(.worker, error.message, device: device.name)
        }
    }

    /// What all connected devices say of themselves; one that is lost meanwhile is left out.
    func describeAll() async -> [String: DeviceReport] {
        let clients = state.withLock { $0.clients.filter { $1.isConnected } }
        return await withTaskGroup(of: (String, DeviceReport?).self) { group in
            for (name, client) in clients { group.addTask { (name, try? await client.describe()) } }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func connect(
        _ devices: [DeviceDeclaration], timeout: TimeAmount
    ) async -> [String: Result<Void, CoordinatorError>] {
        await withTaskGroup(of: (String, Result<Void, CoordinatorError>).self) { group in
            for device in devices {
                group.addTask { [self] in
                    do throws(CoordinatorError) {
                        try await connect(device, timeout: timeout)
                        return (device.name, .success(()))
                    } catch {
                        return (device.name, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func connect(_ device: DeviceDeclaration, timeout: TimeAmount) async throws(CoordinatorError) {
        if let known = state.withLock({ $0.clients[device.name] }), known.isConnected { return }
        // A second link of the same coordinator would end the first.
        guard state.withLock({ $0.dialing.insert(device.name).inserted }) else {
            throw CoordinatorError(.worker, "\(device.name) is being connected to already")
        }
        defer { _ = state.withLock { $0.dialing.remove(device.name) } }
        progress(.connecting(device: device.name))
        let client = WorkerClient(
            device: device.name, reader: reader, limits: device.isInProcess ? nil : configuration.headway,
            onStep: { [weak self] in self?.returned($0, from: device) },
            onNotice: { [weak self] in self?.notice($1, from: $0) })
        let hello = Hello(
            role: .coordinator, session: session, name: "coordinator", softwareVersion: SoftwareVersion.current)
        switch device.connection {
        case .inProcess(let worker):
            client.attach(worker.connect(client, hello))
        case .tcp(let endpoint):
            do {
                client.attach(
                    try await transport.connect(
                        to: endpoint, hello: hello, timeout: timeout, member: device.memberID, handler: client))
            } catch {
                // The error names the address, which is all the name that some devices have.
                let prefix = device.name == device.address ? "" : "\(device.name): "
                noteUnreachable(device, error.description)
                throw CoordinatorError(.worker, prefix + error.description)
            }
        }
        let isWanted = state.withLock { state in
            guard !state.stopped, state.devices.contains(where: { $0.name == device.name }) else { return false }
            state.clients[device.name] = client
            state.connectedSince[device.name] = .now
            return true
        }
        guard isWanted else {
            client.close()
            throw CoordinatorError(.worker, "\(device.name) is no longer wanted")
        }
        let report = try await client.describe()
        progress(.connected(device: device.name, report))
        let other = state.withLock { state in
            state.faults[device.name] = nil
            return state.roster.met(device.name, DeviceRoster.Introduction(report, certified: client.identity))
        }
        guard let other else { return noteReturn(of: device) }
        let note = "\(device.name) is the same device as \(other): it is used once"
        progress(.note(note))
        remove(device: device.name, reason: note)
        throw CoordinatorError(.worker, note)
    }

    /// A step that came back over a coordinator's link: results, or on its way to a stage in this process. What a device sends that has not
    /// the stage before, or is to send to another device, is nothing.
    private func returned(_ frame: StepFrame, from device: DeviceDeclaration) {
        let stages = state.withLock { $0.epoch == frame.epoch ? $0.plan?.stages : nil }
        guard let stages, frame.stage > 0, frame.stage <= stages.count,
            stages[Int(frame.stage) - 1].device == device.name
        else { return }
        if Int(frame.stage) < stages.count {
            guard isInProcess(stages[Int(frame.stage)].device),
                let next = try? client(of: stages[Int(frame.stage)].device)
            else { return }
            // More than all steps in flight can be: somebody sends what nobody asked for.
            guard next.pendingBytes <= Self.mostForwarded else { return (try? client(of: device.name))?.close() ?? () }
            next.send(.step(frame))
        } else {
            // A step of this process's worker comes on the thread that computes, others on an event loop.
            engine.completed(frame, mayBlock: device.isInProcess)
        }
    }

    private func notice(_ notice: WorkerClient.Notice, from client: WorkerClient) {
        switch notice {
        case .progress(let loaded):
            progress(.loading(device: client.device, done: Int(clamping: loaded.done), of: Int(clamping: loaded.total)))
        case .stepFailed(let failure):
            guard isStage(failure.stage, ofEpoch: failure.epoch, on: client.device) else { return }
            switch failure.code {
            // A stage whose weights are gone computes nothing more: it is to be loaded anew.
            case .shardCorrupt:
                return placementLost(.weights, epoch: failure.epoch, stage: failure.stage, failure.message)
            case .stageMissing: placementLost(.stage, epoch: failure.epoch, stage: failure.stage, failure.message)
            default: break
            }
            engine.failed(failure)
        case .lost(let reason, let isIdle):
            // A link that was replaced since has nothing to say.
            guard state.withLock({ $0.clients[client.device] === client }) else { return }
            // It is tried again, and says the same each time: told once.
            let isKnown =
                client.isAtFault && state.withLock { $0.faults.updateValue(reason, forKey: client.device) == reason }
            if isKnown { return }
            deviceLost(client.device, reason, isIdle: isIdle)
        case .peerLost(let peer):
            guard isStage(peer.stage, ofEpoch: peer.epoch, on: client.device) else { return }
            placementLost(.link, epoch: peer.epoch, stage: peer.stage, peer.message)
        }
    }

    /// Whether a device has a stage of the present placement: a device speaks for its own stages alone.
    private func isStage(_ stage: UInt32, ofEpoch epoch: UInt32, on device: String) -> Bool {
        state.withLock { state in
            guard state.epoch == epoch, let stages = state.plan?.stages, Int(stage) < stages.count else {
                return false
            }
            return stages[Int(stage)].device == device
        }
    }
}

/// When a device that cannot be reached is tried again: soon, then less and less often. A pure value, which is told the time.
struct RetryTime: Sendable {
    static let longest = Duration.seconds(8)

    private var delay = Duration.milliseconds(250)
    private var next: ContinuousClock.Instant?

    func isDue(at now: ContinuousClock.Instant) -> Bool { next.map { $0 <= now } ?? true }

    mutating func tried(at now: ContinuousClock.Instant) {
        next = now + delay
        delay = min(delay * 2, Self.longest)
    }
}
