import ClusterStore
import Dispatch
import Formats
import GGUF
import Placement
import Sampling
import Synchronization
package import Tokenizer
package import Transport
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Serves one model on a cluster: connects to the devices, places and loads the model, and answers requests.
///
/// Safe from any thread. `Coordinator+Connecting.swift` has the links, `Coordinator+Placing.swift` makes a placement stand,
/// `Coordinator+Supervising.swift` keeps it standing; the `Engine` runs the sequences.
package final class Coordinator: Sendable {
    package let model: ServedModel
    let shards: ModelShards
    let facts: ModelFacts
    let configuration: CoordinatorConfiguration
    let transport: TCPTransport
    let progress: @Sendable (StartupProgress) -> Void
    /// Names this coordinator to workers, so that they keep the stages of several coordinators apart; one that starts again
    /// after its end goes on with the same.
    let session: UInt64
    let engine = Engine()
    /// What happens to the cluster, for `supervise`.
    let events = AsyncStream.makeStream(of: ClusterEvent.self)
    /// For what blocks.
    let disk = DispatchQueue(label: "shoal.coordinator.disk")
    let state: Mutex<State>
    /// What was placed when the coordinator ended that this one goes on from.
    let predecessor: PlacementRecord?

    struct State {
        var readiness = Readiness.starting("not started")
        var devices: [DeviceDeclaration]
        /// Who the devices are.
        var roster = DeviceRoster()
        var clients: [String: WorkerClient] = [:]
        /// Devices that are being connected to.
        var dialing: Set<String> = []
        var isReconnecting = false
        /// Whether devices came back since the standby was made.
        var lacksStandby = false
        /// When devices that are not connected are tried again.
        var retries: [String: RetryTime] = [:]
        /// Why devices are left out that said what none may say.
        var faults: [String: String] = [:]
        /// The placement that stands, or was tried last.
        var plan: PlacementPlan?
        /// The links that were measured.
        var links = MeasuredLinks()
        var epoch: UInt32 = 0
        /// What devices were asked to load, of placements that may still be there.
        var places = StagePlaces()
        /// The epoch of a placement of which something was lost, and what.
        var broken: (epoch: UInt32, error: CoordinatorError)?
        /// Placements that were begun to be made, which of them `plan` is, and the devices of the one that is being made.
        var placements: UInt32 = 0
        var planNumber: UInt32 = 0
        var coming: Set<String> = []
        /// Whether the next placement takes nothing over, because there was no memory for both.
        var beginsEmpty = false
        /// Devices that others could not reach, or that were lost too often, and until when they are left out for it.
        var suspects: [String: ContinuousClock.Instant] = [:]
        var losses: LossRecord
        var pace = PlacingPace()
        /// Since when devices are connected, and why they were lost the last time.
        var connectedSince: [String: ContinuousClock.Instant] = [:]
        var lossReasons: [String: String] = [:]
        /// Since when devices are away, as it was recorded, and what came of the last try to reach them.
        var awaySince: [String: ContinuousClock.Instant] = [:]
        var lastTries: [String: String] = [:]
        /// The placement that stood last, and since when answers wait for one.
        var stood: PlacementPlan?
        var suspendedSince: ContinuousClock.Instant?
        /// Bytes of shards that were brought since the coordinator began.
        var broughtBytes = (sent: 0, passedOn: 0)
        /// Devices that the first placement was tried with in vain.
        var leftOut: Set<String> = []
        /// Devices that are to hold nothing.
        var drained: Set<String> = []
        /// Devices that became slow, how many times as long they take, and until when that is reckoned with.
        var slowed: [String: (times: Double, until: ContinuousClock.Instant)] = [:]
        var throttling = ThrottleWatch()
        var nextLook = ContinuousClock.now
        /// Whether devices came since it was last looked for a better placement.
        var hasNewDevices = false
        var isMeasuring = false
        /// Whether a tick waits to be taken.
        var hasTick = false
        var ticking: Task<Void, Never>?
        var watching: Task<Void, Never>?
        var standby: Task<Void, Never>?
        var stopped = false
    }

    /// Prepares to serve; nothing is connected before `start`.
    ///
    /// - Parameter progress: called on any thread as the model is made ready.
    package init(
        shards: ModelShards, tokenizer: Tokenizer?, facts: ModelFacts, configuration: CoordinatorConfiguration,
        transport: TCPTransport, progress: @escaping @Sendable (StartupProgress) -> Void = { _ in }
    ) {
        self.shards = shards
        self.facts = facts
        self.configuration = configuration
        self.transport = transport
        self.progress = progress
        var state = State(
            devices: configuration.devices, losses: LossRecord(idlePause: configuration.headway.leftOut))
        let record = (try? configuration.store?.placement()).flatMap { record in
            record.flatMap { $0.modelPath == shards.model.absolutePath ? $0 : nil }
        }
        // What was placed as it was not wished now is no pattern for this placement, but workers still have it under that session.
        predecessor = record.flatMap { $0.wishes ?? PlacementWishes() == configuration.wishes ? $0 : nil }
        session = record?.session ?? UInt64.random(in: 1...UInt64.max)
        state.epoch = record?.epoch ?? 0
        self.state = Mutex(state)
        model = ServedModel(
            id: ServedModel.id(path: shards.model.path),
            architecture: (try? shards.model.metadata.string("general.architecture")) ?? "unknown",
            context: configuration.context(trained: facts.trainedContext),
            created: time(nil), tokenizer: tokenizer, fileBytes: shards.model.byteCount, layerCount: shards.layerCount
        )
    }

    package var readiness: Readiness { state.withLock { $0.readiness } }

    /// Connects, places, sends, loads; when it returns, requests are answered. Where a device is lost later, answers wait until a
    /// placement stands again, which is seen to without being asked.
    ///
    /// - Parameter requiresAll: whether devices that were named must be there.
    /// - Throws: `CoordinatorError`; then nothing stays connected.
    package func start(requiresAll: Bool = true) async throws(CoordinatorError) {
        do {
            try await establish(requiresAll: requiresAll)
        } catch {
            await end()
            throw error
        }
        supervise()
        await refreshStandby()
    }

    /// Takes a device in: it is connected to, and used where that is of use. One that only names its address is left out.
    package func add(device: DeviceDeclaration) {
        let named = state.withLock { state in
            let met = device.memberID.flatMap { state.roster.device(withIdentity: $0) }
            return state.devices.filter {
                $0.isAnotherName(of: device) || $0.memberID == nil && $0.name == met && $0.name != device.name
            }
        }
        for other in named {
            remove(device: other.name, reason: "\(other.name) is \(device.name), which joined the cluster")
        }
        state.withLock { state in
            let isKnown = state.devices.contains {
                ($0.name == device.name || device.memberID == nil) && $0.address == device.address
                    && $0.memberID == device.memberID
            }
            // An address of a device that is there by another one.
            let isAlias = device.memberID == nil && state.roster.name(of: device.address) != device.address
            guard !isKnown, !isAlias else { return }
            if device.memberID != nil { state.roster.take(device.name) }
            state.devices.removeAll { $0.name == device.name && !$0.isInProcess }
            // The coordinator's own stays the last one.
            state.devices.insert(device, at: state.devices.firstIndex(where: \.isInProcess) ?? state.devices.endIndex)
            state.retries[device.name] = nil
            state.hasNewDevices = true
        }
        events.continuation.yield(.tick)
    }

    /// Forgets a device that need not be there and is not linked.
    func withdraw(address: String) {
        let device = devices.first { $0.isPassing && $0.address == address }
        guard let device, !isConnected(device.name) else { return }
        remove(device: device.name, reason: "\(device.name) is gone")
    }

    /// Shuts a device out at once: what it held goes to others.
    package func remove(device: String) { remove(device: device, reason: "\(device) was removed") }

    func remove(device: String, reason: String) {
        let client = state.withLock { state in
            state.devices.removeAll { $0.name == device && !$0.isInProcess }
            state.retries[device] = nil
            state.awaySince[device] = nil
            state.lastTries[device] = nil
            state.roster.forget(device)
            return state.clients[device]
        }
        client?.close()
        // Its link was closed here, so nobody reports its loss.
        deviceLost(device, reason)
        _ = state.withLock { $0.clients.removeValue(forKey: device) }
    }

    /// Ends all answers, with the reason, and all links.
    package func stop(reason: String = "the coordinator is stopping") {
        let (clients, tasks) = state.withLock { state in
            state.stopped = true
            state.readiness = .unavailable(reason)
            defer { state.clients = [:] }
            return (state.clients.values, [state.ticking, state.watching, state.standby].compactMap { $0 })
        }
        events.continuation.finish()
        for task in tasks { task.cancel() }
        engine.halt(CoordinatorError(.unavailable, reason))
        for client in clients { client.close() }
    }

    /// Takes no more requests, waits until all answers have ended or the limit is over, then stops.
    ///
    /// - Parameters:
    ///   - reason: what requests are told that come meanwhile, or have not ended by then.
    ///   - freesDevices: whether to wait until the devices have freed the stages' memory, which they also do by themselves.
    package func drain(
        limit: Duration, reason: String = "the coordinator is shutting down", freesDevices: Bool = false
    ) async {
        let (clients, epoch) = state.withLock { state in
            state.stopped = true
            state.readiness = .unavailable(reason)
            return (state.clients.values.filter(\.isConnected), state.epoch)
        }
        await engine.settle()
        let deadline = ContinuousClock.now + limit
        while engine.counts != (0, 0), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(20))
        }
        engine.halt(CoordinatorError(.unavailable, reason))
        await withTaskGroup(of: Void.self) { group in
            for client in clients where freesDevices {
                group.addTask { _ = try? await client.request(.unloadStages(UnloadStages(epochsThrough: epoch))) }
            }
        }
        stop(reason: reason)
    }

    /// Forgets what is placed: a coordinator that starts again places nothing.
    func forget() async {
        guard let store = configuration.store else { return }
        // Behind what is still to be written.
        await disk.result { try? store.removePlacement() }
    }

    /// Checks a request and queues it. Dropping the stream gives the answer up.
    ///
    /// - Throws: `CoordinatorError`: invalidRequest, contextExceeded, queueFull or unavailable.
    package func generate(_ request: GenerationRequest) throws(CoordinatorError) -> AsyncStream<GenerationEvent> {
        try check(request.prompt)
        let prompt = configuration.contextShift?.fitting(request.prompt, context: model.context) ?? request.prompt
        guard prompt.count < model.context else {
            throw CoordinatorError(
                .contextExceeded,
                "the prompt has \(request.prompt.count) tokens and the context is \(model.context): nothing can be generated; "
                    + "shorten it, or serve with a larger --context or with --context-shift")
        }
        if let most = request.maximumTokens, most < 1 {
            throw CoordinatorError(.invalidRequest, "max_tokens is \(most); at least 1 is needed")
        }
        guard let tokenizer = model.tokenizer else {
            throw CoordinatorError(
                .invalidRequest, "\(model.id) is not served with its tokenizer, so no text can be generated")
        }
        let generation: Generation
        do {
            generation = try Generation(
                request, tokenizer: tokenizer, context: model.context, isShifted: configuration.contextShift != nil,
                seed: .random(in: .min ... .max), now: .now)
        } catch {
            throw CoordinatorError(.invalidRequest, error.description)
        }
        return try engine.generate(generation, prompt: prompt, client: request.client)
    }

    /// Computes the logits of every position of a text.
    ///
    /// - Parameters:
    ///   - chunk: tokens of one step at most; the result does not depend on it.
    ///   - deliver: called in order with runs of rows `[positions, vocabulary]`; it should take its time rather than
    ///     queue, because the pipe waits for it.
    /// - Throws: `CoordinatorError`: invalidRequest, contextExceeded, unavailable, or worker when a device fails.
    package func score(
        _ tokens: [TokenID], chunk: Int? = nil, deliver: @escaping @Sendable (UnsafeBufferPointer<Float>) -> Void
    ) async throws(CoordinatorError) {
        try check(tokens)
        if let chunk, chunk < 1 {
            throw CoordinatorError(.invalidRequest, "a chunk of \(chunk) tokens; at least 1 is needed")
        }
        guard tokens.count <= model.context else {
            throw CoordinatorError(
                .contextExceeded,
                "\(tokens.count) tokens do not fit a context of \(model.context); give a larger --context")
        }
        let result: Result<Void, CoordinatorError> = await withCheckedContinuation { done in
            engine.score(tokens, chunk: chunk) { result in
                switch result {
                case .success(let rows?): deliver(rows)
                case .success(nil): done.resume(returning: .success(()))
                case .failure(let error): done.resume(returning: .failure(error))
                }
            }
        }
        try result.get()
    }

    private func check(_ tokens: [TokenID]) throws(CoordinatorError) {
        switch readiness {
        case .ready, .recovering: break
        case .starting(let what): throw CoordinatorError(.unavailable, "the model is being made ready: \(what)")
        case .unavailable(let reason): throw CoordinatorError(.unavailable, reason)
        }
        guard !tokens.isEmpty else {
            throw CoordinatorError(.invalidRequest, "the prompt is empty; give at least one token")
        }
        if let wrong = tokens.first(where: { $0 >= facts.vocabularySize }) {
            throw CoordinatorError(
                .invalidRequest,
                "token \(wrong) is not in the vocabulary: ids run from 0 to \(facts.vocabularySize - 1)")
        }
    }
}
