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
    /// How the device came to it.
    package let entry: Entry
    private let folder: MemberFolder
    private let client: JoinClient
    private let queue: DispatchQueue
    private let clock: LinkSecurity.Clock
    private let logger: Logger

    /// How a device comes to a membership when it starts.
    package enum Entry: Sendable, Hashable {
        /// It had it.
        case kept
        /// It joined now.
        case joined
        /// It joined now, and is no member any more of the cluster whose authority has this fingerprint, where it had the name.
        case replaced(name: String, fingerprint: [UInt8])
        /// It had it, and was given a token of its own cluster, which was not used.
        case wasMember
    }

    /// Why `run` came to an end.
    package enum End: Sendable, Hashable {
        case cancelled
        /// The coordinator gives no new certificate; it is not asked again.
        case refused
        /// The device is a member no more.
        case removed
    }

    /// How often the device looks at its links and addresses.
    private static let look = Duration.seconds(2)

    private init(
        security: LinkSecurity, entry: Entry, folder: MemberFolder, client: JoinClient, queue: DispatchQueue,
        clock: @escaping LinkSecurity.Clock, logger: Logger
    ) {
        self.security = security
        self.entry = entry
        self.folder = folder
        self.client = client
        self.queue = queue
        self.clock = clock
        self.logger = logger
    }

    /// The device's membership: the one that is kept, or a new one with a token that it did not join with before. A token of the cluster
    /// that it is a member of is not used. May block.
    ///
    /// - Returns: `nil` when it is no member and has no token.
    /// - Throws: `IdentityError` for files that cannot be used, or a certificate that has expired; `JoinError` when joining fails;
    ///   `RemovedFromCluster`; `TransportError` for credentials that TLS cannot use.
    package static func open(
        _ folder: MemberFolder, token: JoinToken?, client: JoinClient,
        clock: @escaping LinkSecurity.Clock = LinkSecurity.systemClock, logger: Logger
    ) async throws -> Membership? {
        var kept = try folder.credentials()
        var entry = Entry.kept
        var known: ClockComparison?
        if let token, isNew(token, to: kept, in: folder) {
            if let present = kept, let answer = try await stillMember(present, token, folder, client, now: clock()) {
                (kept, known) = (answer.credentials, answer.clocks)
                entry = .wasMember
            } else {
                let answer = try await client.answer(to: token, key: try folder.makeJoiningKey(replacing: kept))
                let credentials = answer.credentials
                known = answer.clocks
                try folder.replace(
                    credentials, joining: MemberFolder.Joining(addresses: token.addresses, tokenHash: token.secretHash))
                logger.info("joined", metadata: ["as": "\(credentials.certificate.name)"])
                entry = .joined
                if let before = kept, before.authority.fingerprint != token.fingerprint {
                    entry = .replaced(name: before.certificate.name, fingerprint: before.authority.fingerprint)
                }
                kept = credentials
            }
        } else if let token, let kept, folder.joining() == nil {
            // The device was stopped right after it joined with this token, or the file was lost.
            let hasJoinedWithIt = folder.joiningKey().map(kept.certificate.isFor) ?? false
            try folder.store(
                MemberFolder.Joining(
                    addresses: token.addresses, tokenHash: hasJoinedWithIt ? token.secretHash : nil))
        }
        guard let credentials = kept else { return nil }
        let revoked = try folder.revoked()
        guard !revoked.contains(credentials.identity) else { throw RemovedFromCluster() }
        let queue = DispatchQueue(label: "shoal.membership")
        let security = try LinkSecurity(
            credentials, revoked: revoked,
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
            security: security, entry: entry, folder: folder, client: client, queue: queue, clock: clock,
            logger: logger)
        if let known { membership.note(known) }
        if credentials.certificate.life.end < clock() { try await membership.renewExpired() }
        return membership
    }

    /// By this device's clock its certificate has expired. Where the coordinator renews it all the same, it is the clock that is wrong.
    private func renewExpired() async throws {
        do {
            try await renew()
        } catch {
            if security.isShutOut { throw RemovedFromCluster() }
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
        // The file was lost, or the device was stopped while it took other credentials.
        return isJoining(in: folder, besides: kept) || token.fingerprint != kept.authority.fingerprint
    }

    /// A device that is given a token of its own cluster: whether it is a member still.
    ///
    /// - Throws: `JoinError` where nobody could be asked.
    /// - Returns: its credentials, renewed; `nil` where it is to join.
    private static func stillMember(
        _ present: Credentials, _ token: JoinToken, _ folder: MemberFolder, _ client: JoinClient, now: Int64
    ) async throws -> JoinClient.Answer? {
        guard token.fingerprint == present.authority.fingerprint, !isJoining(in: folder, besides: present),
            present.certificate.life.end >= now,
            try !folder.revoked().contains(present.identity)
        else { return nil }
        let security = try LinkSecurity(present)
        let known = folder.joining()
        do {
            let answer = try await client.renew(security, at: token.addresses)
            try folder.store(answer.credentials)
            let others = (known?.addresses ?? []).filter { $0 != answer.address }.prefix(JoinToken.mostAddresses - 1)
            try folder.store(
                MemberFolder.Joining(addresses: [answer.address] + others, tokenHash: known?.tokenHash))
            return answer
        } catch let error as JoinError where error.isRefusal {
            return nil
        }
    }

    /// Whether the device was stopped while it took other credentials, before that or after.
    private static func isJoining(in folder: MemberFolder, besides kept: Credentials) -> Bool {
        folder.joiningKey().map { !kept.certificate.isFor($0) } ?? false
    }

    /// Tells the coordinator where this device is whenever that may be news to it, which gives it a new certificate too; renews that in time.
    /// Until cancelled or refused, or until the device is removed: it does not become a member again by asking.
    ///
    /// - Parameters:
    ///   - addresses: this device's own, as they are now.
    ///   - renamed: called with the device's new name, where it was given another one in the cluster.
    package func run(
        addresses: @Sendable () -> Set<String> = { [] }, renamed: @Sendable (String) -> Void = { _ in }
    ) async -> End {
        var pace = CheckInPace(isKnown: entry != .kept, addresses: addresses(), at: .now)
        var isKnown = entry != .kept
        var complaint: String?
        while !Task.isCancelled {
            if security.isShutOut { return await removed() }
            let situation = CheckInPace.Situation(
                isLinked: !security.coordinatorHosts.isEmpty, endedLinks: security.endedCoordinatorLinks,
                addresses: addresses(),
                isRenewalDue: security.credentials.certificate.life.isRenewalDue(at: clock()))
            if pace.isDue(situation, at: .now) {
                let name = security.credentials.certificate.name
                do {
                    try await renew(keeps: !isKnown || situation.isRenewalDue)
                    pace.succeeded(situation, at: .now)
                    (isKnown, complaint) = (true, nil)
                } catch let error as JoinError where error.isRefusal {
                    if security.isShutOut { return await removed() }
                    logger.error(
                        "the certificate is not renewed, and not asked for again before the next start",
                        metadata: ["reason": "\(error)"])
                    return .refused
                } catch {
                    pace.failed(at: .now)
                    if complaint != "\(error)" {
                        logger.warning("the coordinator is not told of yet", metadata: ["reason": "\(error)"])
                    }
                    complaint = "\(error)"
                }
                let now = security.credentials.certificate.name
                if now != name { renamed(now) }
            }
            try? await Task.sleep(for: Self.look)
        }
        return .cancelled
    }

    /// The device is shut out, and keeps that on its disk.
    private func removed() async -> End {
        await withCheckedContinuation { done in queue.async { done.resume() } }
        return .removed
    }

    /// Tells the coordinator where this device is, and gets a new certificate, for links that are opened from now on.
    ///
    /// - Parameter keeps: whether it is kept; one with another name is in any case.
    /// - Throws: `JoinError`, `IdentityError`, `TransportError`.
    package func renew(keeps: Bool = true) async throws {
        let joining = folder.joining()
        let known = joining?.addresses ?? []
        let answer = try await client.renew(
            security, at: Self.addresses(known, coordinatorHosts: security.coordinatorHosts))
        let (credentials, address) = (answer.credentials, answer.address)
        if keeps || credentials.certificate.name != security.credentials.certificate.name {
            try folder.store(credentials)
            try security.renew(credentials)
            logger.info("certificate renewed")
        }
        if let clocks = answer.clocks { note(clocks) }
        if address != known.first {
            let others = known.filter { $0 != address }.prefix(JoinToken.mostAddresses - 1)
            try folder.store(MemberFolder.Joining(addresses: [address] + others, tokenHash: joining?.tokenHash))
        }
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
