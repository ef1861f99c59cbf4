import Dispatch
package import Identity
package import Logging
package import Transport

/// A device's membership in a cluster: its credentials, kept in a folder and renewed by themselves.
///
/// Safe from any thread; files are written on a queue.
package final class Membership: Sendable {
    /// What the device's links are secured with.
    package let security: LinkSecurity
    private let folder: MemberFolder
    private let client: JoinClient
    private let clock: LinkSecurity.Clock
    private let logger: Logger
    /// Whether the coordinator was told in this run where the device is.
    private let hasJoined: Bool

    /// How often it is looked whether a certificate is to be renewed, and how often that is tried again.
    private static let interval = Duration.seconds(86_400)
    private static let retryInterval = Duration.seconds(300)

    private init(
        security: LinkSecurity, folder: MemberFolder, client: JoinClient, clock: @escaping LinkSecurity.Clock,
        logger: Logger, hasJoined: Bool
    ) {
        self.security = security
        self.folder = folder
        self.client = client
        self.clock = clock
        self.logger = logger
        self.hasJoined = hasJoined
    }

    /// The device's membership: the one that is kept, or a new one with a token that it did not join with before. May block.
    ///
    /// - Returns: `nil` when it is no member and has no token.
    /// - Throws: `IdentityError` for files that cannot be used, or a certificate that has expired; `JoinError` when joining fails;
    ///   `TransportError` for credentials that TLS cannot use.
    package static func open(
        _ folder: MemberFolder, token: JoinToken?, client: JoinClient,
        clock: @escaping LinkSecurity.Clock = LinkSecurity.systemClock, logger: Logger
    ) async throws -> Membership? {
        var kept = try folder.credentials()
        var hasJoined = false
        var known: ClockComparison?
        if let token, isNew(token, to: kept, in: folder) {
            let answer = try await client.answer(to: token, key: try folder.makeJoiningKey(replacing: kept))
            let credentials = answer.credentials
            known = answer.clocks
            try folder.replace(
                credentials, joining: MemberFolder.Joining(addresses: token.addresses, tokenHash: token.secretHash))
            logger.info("joined", metadata: ["as": "\(credentials.certificate.name)"])
            kept = credentials
            hasJoined = true
        } else if let token, let kept, folder.joining() == nil {
            // The device was stopped right after it joined with this token, or the file was lost.
            let hasJoinedWithIt = folder.joiningKey().map(kept.certificate.isFor) ?? false
            try folder.store(
                MemberFolder.Joining(
                    addresses: token.addresses, tokenHash: hasJoinedWithIt ? token.secretHash : nil))
        }
        guard let credentials = kept else { return nil }
        let queue = DispatchQueue(label: "shoal.membership")
        let security = try LinkSecurity(
            credentials, revoked: try folder.revoked(),
            onRevocations: { list in
                logger.info("devices removed from the cluster", metadata: ["in all": "\(list.devices.count)"])
                queue.async {
                    do {
                        try folder.store(list)
                    } catch {
                        logger.error("the list of removed devices is not kept", metadata: ["reason": "\(error)"])
                    }
                }
            })
        let membership = Membership(
            security: security, folder: folder, client: client, clock: clock, logger: logger, hasJoined: hasJoined)
        if let known { membership.note(known) }
        if credentials.certificate.life.end < clock() { try await membership.renewExpired() }
        return membership
    }

    /// By this device's clock its certificate has expired. Where the coordinator renews it all the same, it is the clock that is wrong.
    private func renewExpired() async throws {
        do {
            try await renew()
        } catch {
            throw IdentityError(
                .expired,
                "by this device's clock, which says \(ClockComparison.text(clock())), its certificate expired at \(ClockComparison.text(security.credentials.certificate.life.end)). Where that is so, since it was away for long: join anew, with `shoal join`. Where the clock is wrong: \(ClockComparison.mend). It could not ask the coordinator, which knows: \(error)"
            )
        }
    }

    /// Tells of this device's clock, where it is wrong.
    private func note(_ clocks: ClockComparison) {
        security.note(clocks, of: security.credentials.identity.id)
        guard clocks.isTold else { return }
        let danger = clocks.endangersLinks ? "; links may not open until it is set" : ""
        logger.warning(
            "this device's clock \(clocks.summary)\(danger). If it is this one that is wrong: \(ClockComparison.mend)")
    }

    /// Whether a device is to join with a token: not with the one that it joined with before.
    private static func isNew(_ token: JoinToken, to kept: Credentials?, in folder: MemberFolder) -> Bool {
        guard let kept else { return true }
        if let hash = folder.joining()?.tokenHash { return hash != token.secretHash }
        // The file was lost, or the device was stopped while it took other credentials, before that or after.
        let isJoining = folder.joiningKey().map { !kept.certificate.isFor($0) } ?? false
        return isJoining || token.fingerprint != kept.authority.fingerprint
    }

    /// Tells the coordinator where this device is, which gives it a new certificate too; then renews that in time, until cancelled or
    /// refused: a device that was removed does not become a member again by asking.
    package func run() async {
        var isKnown = hasJoined
        while !Task.isCancelled {
            var wait = Self.interval
            if !isKnown || security.credentials.certificate.life.isRenewalDue(at: clock()) {
                do {
                    try await renew()
                    isKnown = true
                } catch let error as JoinError where error.isRefusal {
                    logger.error(
                        "the certificate is not renewed, and not asked for again before the next start",
                        metadata: ["reason": "\(error)"])
                    return
                } catch {
                    logger.warning("the certificate is not renewed yet", metadata: ["reason": "\(error)"])
                    wait = Self.retryInterval
                }
            }
            try? await Task.sleep(for: wait)
        }
    }

    /// Gets a new certificate and uses it for links that are opened from now on.
    ///
    /// - Throws: `JoinError`, `IdentityError`, `TransportError`.
    package func renew() async throws {
        let joining = folder.joining()
        let known = joining?.addresses ?? []
        let answer = try await client.renew(
            security, at: Self.addresses(known, coordinatorHosts: security.coordinatorHosts))
        let (credentials, address) = (answer.credentials, answer.address)
        try folder.store(credentials)
        try security.renew(credentials)
        if address != known.first {
            let others = known.filter { $0 != address }.prefix(JoinToken.mostAddresses - 1)
            try folder.store(MemberFolder.Joining(addresses: [address] + others, tokenHash: joining?.tokenHash))
        }
        logger.info("certificate renewed")
        if let clocks = answer.clocks { note(clocks) }
    }

    /// Where the coordinator may be asked: where it was, then at the hosts that it links from now. It proves itself by its certificate,
    /// wherever it answers.
    private static func addresses(_ known: [String], coordinatorHosts hosts: [String]) -> [String] {
        var ports: [Int] = []
        for address in known {
            if let port = try? Endpoint(parsing: address).port, !ports.contains(port) { ports.append(port) }
        }
        if ports.isEmpty { ports = [Endpoint.joinPort] }
        let found = hosts.flatMap { host in ports.map { Endpoint(host: host, port: $0).description } }
        return known + found.filter { !known.contains($0) }
    }
}
