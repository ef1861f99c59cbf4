import Synchronization
import Transport
import Wire

extension WorkerClient {
    /// Asks for the device's profile, measured where it is not known or `again` is asked for.
    func measureDevice(again: Bool) async throws(CoordinatorError) -> DeviceProfile {
        guard case .deviceProfile(let profile) = try await request(.measureDevice(MeasureDevice(again: again))) else {
            throw CoordinatorError(.worker, "\(device) answered a question about its speed with something else")
        }
        return profile
    }

    /// Asks for the speed of the device's link to another one.
    ///
    /// - Parameter identity: of the other one, where links are secured.
    func measureLink(to address: String, of identity: String?) async throws(CoordinatorError) -> LinkProfile {
        let measure = MeasureLink(address: address, identity: identity)
        guard case .linkProfile(let profile) = try await request(.measureLink(measure)) else {
            throw CoordinatorError(.worker, "\(device) answered a question about a link with something else")
        }
        return profile
    }

    /// Measures this very link.
    func measureLink() async throws(CoordinatorError) -> LinkProfile {
        let result = await withCheckedContinuation { done in
            ProbeRun(client: self) { done.resume(returning: $0) }.begin()
        }
        return try result.get()
    }
}

/// One measurement of a client's link. Replies come one after another, on the link's thread.
private final class ProbeRun: Sendable {
    private let client: WorkerClient
    private let state: Mutex<State>

    private struct State {
        var probing = LinkProbing()
        /// Called once.
        var done: (@Sendable (Result<LinkProfile, CoordinatorError>) -> Void)?
    }

    init(client: WorkerClient, done: @escaping @Sendable (Result<LinkProfile, CoordinatorError>) -> Void) {
        self.client = client
        state = Mutex(State(done: done))
    }

    func begin() { run(state.withLock { $0.probing.begin(at: .now) }) }

    private func replied(_ result: Result<ControlBody, CoordinatorError>) {
        let now = ContinuousClock.now
        switch result {
        case .success(.linkProbeReply):
            run(state.withLock { $0.done == nil ? .wait : $0.probing.replied(at: now) })
        case .success(.failure(let failure)):
            end(.failure(CoordinatorError(.worker, "\(client.device) refused: \(failure.message)")))
        case .success:
            end(.failure(CoordinatorError(.worker, "\(client.device) answered a probe with something else")))
        case .failure(let error):
            end(.failure(error))
        }
    }

    private func run(_ action: LinkProbing.Action) {
        switch action {
        case .send(let probes): for probe in probes { client.ask(.linkProbe(probe)) { self.replied($0) } }
        case .wait: break
        case .done(let profile): end(.success(profile))
        }
    }

    private func end(_ result: Result<LinkProfile, CoordinatorError>) {
        let done = state.withLock { state in
            defer { state.done = nil }
            return state.done
        }
        done?(result)
    }
}
