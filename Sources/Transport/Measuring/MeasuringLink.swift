import NIOCore
import Synchronization
package import Wire

/// The dialing side of an inspector's link that does nothing but measure itself.
package final class MeasuringLink: LinkHandler, Sendable {
    private typealias Outcome = Result<LinkProfile, TransportError>

    private struct State {
        var probing = LinkProbing()
        var lastRequest: UInt64 = 0
        var outcome: Outcome?
        var reader: CheckedContinuation<Outcome, Never>?
    }

    private let state = Mutex(State())

    private init() {}

    /// Opens a link, measures it and closes it.
    ///
    /// - Parameters:
    ///   - member: as in `TCPTransport.connect`.
    ///   - name: who asks, for the other side.
    /// - Throws: `TransportError` where it cannot be opened or ends early.
    package static func measure(
        _ endpoint: Endpoint, over transport: TCPTransport, member: String? = nil, name: String
    ) async throws(TransportError) -> LinkProfile {
        let handler = MeasuringLink()
        let hello = Hello(role: .inspector, session: 0, name: name, softwareVersion: SoftwareVersion.current)
        let link = try await transport.connect(to: endpoint, hello: hello, member: member, handler: handler)
        defer { link.close() }
        return try await handler.result().get()
    }

    private func result() async -> Outcome {
        await withCheckedContinuation { reader in
            let known = state.withLock { state -> Outcome? in
                if state.outcome == nil { state.reader = reader }
                return state.outcome
            }
            if let known { reader.resume(returning: known) }
        }
    }

    private func end(_ outcome: Outcome) {
        let reader = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
            guard state.outcome == nil else { return nil }
            state.outcome = outcome
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: outcome)
    }

    package func opened(_ link: any Link) { run(state.withLock { $0.probing.begin(at: .now) }, on: link) }

    package func received(_ frame: Frame, on link: any Link) {
        guard case .control(let message) = frame else { return }
        switch message.body {
        case .linkProbeReply:
            let now = ContinuousClock.now
            run(state.withLock { $0.outcome == nil ? $0.probing.replied(at: now) : .wait }, on: link)
        case .failure(let failure):
            end(.failure(TransportError(.refused, "\(link.peer.address): \(failure.message)")))
        default: break
        }
    }

    package func closed(_ link: any Link, error: TransportError?) {
        end(.failure(error ?? TransportError(.connectionLost, "\(link.peer.address): the link was closed")))
    }

    private func run(_ action: LinkProbing.Action, on link: any Link) {
        switch action {
        case .send(let probes):
            for probe in probes {
                let request = state.withLock { state in
                    state.lastRequest += 1
                    return state.lastRequest
                }
                link.send(.linkProbe(probe), request: request)
            }
        case .wait: break
        case .done(let profile): end(.success(profile))
        }
    }
}
