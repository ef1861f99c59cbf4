package import Identity
package import Logging
package import NIOCore
import Synchronization
package import Transport
import Wire

/// Asks a coordinator for certificates. Safe from any thread.
package struct JoinClient: Sendable {
    /// How others reach the device's worker.
    package struct Device: Sendable, Hashable {
        package var name: String
        package var port: Int
        /// `nil` is the address that the coordinator sees.
        package var host: String?

        package init(name: String, port: Int, host: String?) {
            self.name = name
            self.port = port
            self.host = host
        }
    }

    /// What a coordinator gave.
    package struct Answer: Sendable {
        package var credentials: Credentials
        /// The address that answered.
        package var address: String
        /// This device's clock beside the coordinator's; `nil` where it did not tell.
        package var clocks: ClockComparison?
    }

    let eventLoopGroup: any EventLoopGroup
    let device: Device
    let options: LinkOptions
    let clock: LinkSecurity.Clock
    let logger: Logger

    package init(
        eventLoopGroup: any EventLoopGroup, device: Device, options: LinkOptions = LinkOptions(),
        clock: @escaping LinkSecurity.Clock = LinkSecurity.systemClock, logger: Logger
    ) {
        self.eventLoopGroup = eventLoopGroup
        self.device = device
        self.options = options
        self.clock = clock
        self.logger = logger
    }

    /// Joins a cluster. The coordinator's certificate is checked against the token's fingerprint before the secret is sent.
    ///
    /// - Parameter key: what the certificate is to be for; with the same token and key the same device is answered again.
    /// - Throws: `JoinError`
    package func join(_ token: JoinToken, key: DeviceKey = DeviceKey()) async throws(JoinError) -> Credentials {
        try await answer(to: token, key: key).credentials
    }

    /// As `join`, with what is known of clocks then. What the coordinator's clock says counts for the new certificate.
    ///
    /// - Throws: `JoinError`
    package func answer(to token: JoinToken, key: DeviceKey) async throws(JoinError) -> Answer {
        try await certificate(
            for: key, secret: token.secret, from: token.addresses,
            over: .joining(fingerprint: token.fingerprint, times: token.judgedTimes(at: clock())),
            fingerprint: token.fingerprint, identity: nil)
    }

    /// Gets a new certificate for a member, and tells the coordinator where it is now.
    ///
    /// - Parameter addresses: of join listeners, asked in turn.
    /// - Throws: `JoinError`
    package func renew(_ security: LinkSecurity, at addresses: [String]) async throws(JoinError) -> Answer {
        guard !addresses.isEmpty else {
            throw JoinError("it is not known where the coordinator is; it is asked once it has linked to this device")
        }
        let present = security.credentials
        return try await certificate(
            for: present.key, secret: [], from: addresses, over: .renewing(security),
            fingerprint: present.authority.fingerprint, identity: present.identity)
    }

    private func certificate(
        for key: DeviceKey, secret: [UInt8], from addresses: [String], over security: TransportSecurity,
        fingerprint: [UInt8], identity: ClusterIdentity?
    ) async throws(JoinError) -> Answer {
        var request: JoinRequest
        do {
            request = JoinRequest(
                secret: secret, name: device.name, signingRequest: try key.signingRequest(name: device.name),
                port: UInt16(clamping: device.port), address: device.host)
        } catch {
            throw JoinError(error.message, isRefusal: true)
        }
        let transport = TCPTransport(
            eventLoopGroup: eventLoopGroup, options: options, security: security, logger: logger)
        var reasons: [String] = []
        for address in addresses {
            let reply: JoinReply
            request.clockSeconds = UInt64(clamping: clock())
            do {
                reply = try await ask(request, at: address, over: transport, security)
            } catch {
                if error.isRefusal { throw error }
                reasons.append(error.message)
                continue
            }
            let clocks =
                reply.clockSeconds == 0
                ? nil : ClockComparison(device: clock(), coordinator: Int64(clamping: reply.clockSeconds))
            do throws(IdentityError) {
                let (issued, authority) = try AuthorityCertificate.verify(
                    chain: reply.certificates, fingerprint: fingerprint, now: clocks?.coordinator ?? clock())
                guard issued.identity.kind == .member, identity == nil || issued.identity == identity else {
                    throw IdentityError(.notAllowed, "the certificate is for another device")
                }
                return Answer(
                    credentials: try Credentials(key: key, certificate: issued, authority: authority), address: address,
                    clocks: clocks)
            } catch {
                // A clock that is wrong may be set.
                throw JoinError(
                    "\(address) gave a certificate that cannot be used: \(error)", isRefusal: error.code != .expired)
            }
        }
        throw JoinError(
            "no coordinator could be asked (is `shoal serve` running there?): \(reasons.joined(separator: "; "))")
    }

    private func ask(
        _ request: JoinRequest, at address: String, over transport: TCPTransport, _ security: TransportSecurity
    ) async throws(JoinError) -> JoinReply {
        let hello = Hello(role: .join, session: 0, name: device.name, softwareVersion: SoftwareVersion.current)
        let handler = JoinAnswer { list in
            // A member is told so where it was removed itself; nothing else is believed of a link whose certificate may be of any date.
            guard case .renewing(let own) = security, list.contains(own.credentials.identity) else { return }
            own.revoke(list)
        }
        let link: any Link
        do {
            link = try await transport.connect(to: try Endpoint(parsing: address), hello: hello, handler: handler)
        } catch {
            throw JoinError(error.message)
        }
        defer { link.close() }
        link.send(.joinRequest(request), request: 1)
        return try await handler.reply()
    }
}

/// A device's end of a link that it asks over; takes one answer.
private final class JoinAnswer: LinkHandler {
    private let removed: @Sendable (RevocationList) -> Void
    private let events: AsyncStream<Result<JoinReply, JoinError>>
    private let continuation: AsyncStream<Result<JoinReply, JoinError>>.Continuation

    /// - Parameter removed: called with what the coordinator says of devices that are shut out.
    init(removed: @escaping @Sendable (RevocationList) -> Void) {
        self.removed = removed
        (events, continuation) = AsyncStream.makeStream()
    }

    func reply() async throws(JoinError) -> JoinReply {
        var first: Result<JoinReply, JoinError>?
        for await event in events {
            first = event
            break
        }
        return try (first ?? .failure(JoinError("the coordinator did not answer"))).get()
    }

    func received(_ frame: Frame, on link: any Link) {
        guard case .control(let message) = frame else { return }
        if case .revocations(let list) = message.body {
            return removed(RevocationList(version: list.version, devices: Set(list.devices)))
        }
        guard message.request == 1 else { return }
        switch message.body {
        case .joinReply(let reply): continuation.yield(.success(reply))
        case .failure(let failure):
            // A fault of the coordinator may pass.
            continuation.yield(.failure(JoinError(failure.message, isRefusal: failure.code != .internalError)))
        default: break
        }
    }

    func closed(_ link: any Link, error: TransportError?) {
        continuation.yield(.failure(JoinError(error?.message ?? "the link was closed")))
        continuation.finish()
    }
}
