package import Identity
import Logging
package import Transport
import Wire

/// Joining by a code that the device shows.
extension JoinClient {
    /// What happens while a device waits to be let in.
    package enum PairingEvent: Sendable {
        /// This is to be shown: who types it on the coordinator's machine lets the device in. It is good for so many seconds.
        case code(PairingCode, seconds: Int)
        /// Somebody typed another; so many more may be typed.
        case wrongCode(triesLeft: Int)
        /// The coordinator knows the code, and its clock is another.
        case clocks(ClockComparison)
    }

    package enum PairingResult: Sendable {
        /// The device was let in: it joins with this token, as with one that it was given.
        case approved(JoinToken)
        /// Nobody typed the code in time.
        case expired
    }

    /// Waits to be let in by the coordinator at an address, which is known for the right one by the code alone.
    ///
    /// - Parameter tell: called on the task's thread.
    /// - Throws: `JoinError`
    package func pair(
        at endpoint: Endpoint, tell: (PairingEvent) -> Void
    ) async throws(JoinError) -> PairingResult {
        let seen = SeenCertificate()
        let transport = TCPTransport(
            eventLoopGroup: eventLoopGroup, options: options, security: .pairing(seen), logger: logger)
        let handler = PairingMessages()
        let link: any Link
        do {
            link = try await transport.connect(
                to: endpoint,
                hello: Hello(role: .join, session: 0, name: device.name, softwareVersion: SoftwareVersion.current),
                handler: handler)
        } catch {
            throw JoinError("\(error.message). Is `shoal serve` running there, after `shoal init`?")
        }
        defer { link.close() }
        guard let certificate = seen.der else {
            throw JoinError("\(endpoint): it showed no certificate", isRefusal: true)
        }
        let port = UInt16(clamping: device.port)
        link.send(
            .pairingRequest(
                PairingRequest(name: device.name, port: port, clockSeconds: UInt64(clamping: clock()))), request: 1)
        let context = PairingContext(certificate: certificate, name: device.name, port: Int(port))
        var exchange: PairingDevice?
        for await event in handler.events {
            switch event {
            case .closed(let reason):
                if exchange != nil { return .expired }
                throw JoinError(
                    "\(endpoint): \(reason). A coordinator of an older version (this one says \(link.peer.softwareVersion)) takes tokens alone: `shoal token` there, `shoal join` here",
                    isRefusal: true)
            case .message(.failure(let failure)):
                throw JoinError(failure.message, isRefusal: failure.code != .internalError && failure.code != .busy)
            case .message(.pairingPlace(let place)) where exchange == nil:
                let code = PairingCode(place: Int(place.place))
                exchange = PairingDevice(code: code, context: context)
                tell(.code(code, seconds: Int(place.seconds)))
            case .message(.pairingShare(let share)):
                let opening = PairingOpening(
                    session: share.session, share: share.share,
                    statement: PairingStatement(fingerprint: share.fingerprint, seconds: share.clockSeconds))
                guard case .answer(let proof)? = exchange?.received(opening) else { throw Self.violation(endpoint) }
                link.send(.pairingAnswer(PairingAnswer(share: proof.share, confirmation: proof.confirmation)))
            case .message(.pairingConfirmation(let confirmation)):
                switch exchange?.received(confirmation: confirmation.confirmation) {
                case .wait(let triesLeft)?: tell(.wrongCode(triesLeft: triesLeft))
                case .join(let secret, let statement)?:
                    tell(
                        .clocks(
                            ClockComparison(device: clock(), coordinator: Int64(clamping: statement.seconds))))
                    return .approved(
                        JoinToken(
                            secret: secret, expiresAt: Int64(clamping: confirmation.expires),
                            fingerprint: statement.fingerprint, addresses: [endpoint.description]))
                case .end(.tooManyTries)?:
                    throw JoinError(
                        "\(PairingDevice.tries) wrong codes were typed for this device: run `shoal join` again for a new one",
                        isRefusal: true)
                case .end(.notAuthentic)?:
                    throw JoinError(
                        "\(endpoint) does not know the code that it says was typed: it is not the coordinator that it should be, or somebody is between",
                        isRefusal: true)
                default: throw Self.violation(endpoint)
                }
            case .message: throw Self.violation(endpoint)
            }
        }
        throw JoinError("\(endpoint): waiting was given up")
    }

    private static func violation(_ endpoint: Endpoint) -> JoinError {
        JoinError("\(endpoint) says what no coordinator says: it is none, or somebody is between", isRefusal: true)
    }
}

/// What a coordinator says to a device that waits.
private final class PairingMessages: LinkHandler {
    enum Event: Sendable {
        case message(ControlBody)
        case closed(String)
    }

    let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    init() {
        // Whoever sends more than is waited for means no good.
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(16))
    }

    func received(_ frame: Frame, on link: any Link) {
        guard case .control(let message) = frame else { return link.close() }
        continuation.yield(.message(message.body))
    }

    func closed(_ link: any Link, error: TransportError?) {
        continuation.yield(.closed(error?.message ?? "the link was closed"))
        continuation.finish()
    }
}
