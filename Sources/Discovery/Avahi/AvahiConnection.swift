#if canImport(CAvahi)
import CAvahi

/// Why there is no connection to avahi-daemon.
struct AvahiError: Error, CustomStringConvertible {
    let description: String
}

/// A connection to avahi-daemon, by libavahi-client: actions in, events out. Of one thread alone.
///
/// The library calls back only from within its own functions. Callbacks do nothing but write down what was said, so that none of its
/// objects changes while it is at work.
final class AvahiConnection {
    private let events: AvahiEvents
    private let service: AnnouncedService?
    private let loop: OpaquePointer
    private let client: OpaquePointer
    private var group: (object: OpaquePointer, events: GroupEvents)?
    private var resolvers: [Sighting: OpaquePointer] = [:]

    /// Connects; a daemon that does not run yet is waited for.
    ///
    /// - Parameters:
    ///   - service: what `publish` publishes.
    ///   - descriptor: ends `wait` when something can be read from it.
    /// - Throws: `AvahiError` where there is no message bus.
    init(publishing service: AnnouncedService?, wokenBy descriptor: Int32) throws(AvahiError) {
        guard let loop = avahi_simple_poll_new(), let poll = avahi_simple_poll_get(loop) else {
            throw AvahiError(description: "no event loop of Avahi")
        }
        let events = AvahiEvents()
        var status: Int32 = 0
        let client = avahi_client_new(
            poll, AVAHI_CLIENT_NO_FAIL, { AvahiEvents.at($2)?.add(client: $1) }, events.pointer, &status)
        guard let client, poll.pointee.watch_new(poll, descriptor, AVAHI_WATCH_IN, { _, _, _, _ in }, nil) != nil else {
            if let client { avahi_client_free(client) }
            avahi_simple_poll_free(loop)
            let isBus = [AVAHI_ERR_DBUS_ERROR, AVAHI_ERR_NO_DAEMON].contains(Int(status))
            throw AvahiError(description: isBus ? "no message bus" : "no way to avahi-daemon: \(reason(status))")
        }
        (self.events, self.service, self.loop, self.client) = (events, service, loop, client)
    }

    deinit {
        avahi_client_free(client)
        avahi_simple_poll_free(loop)
    }

    /// What was said since the last call; waits for it, but may come back without any.
    ///
    /// - Throws: `AvahiError` where the system does not let it wait.
    func wait(milliseconds: Int32) throws(AvahiError) -> [AvahiEvent] {
        guard avahi_simple_poll_iterate(loop, events.said.isEmpty ? milliseconds : 0) == 0 else {
            throw AvahiError(description: "avahi-daemon cannot be waited for")
        }
        return events.take()
    }

    func browse() {
        let browser = avahi_service_browser_new(
            client, anyInterface, anyFamily, ServiceRecord.serviceType, nil, AvahiLookupFlags(0),
            { AvahiEvents.at($8)?.add(browser: $3, interface: $1, family: $2, name: $4, domain: $6) }, events.pointer)
        if browser == nil { events.said.append(.browsingFailed(reason: reason(avahi_client_errno(client)))) }
    }

    func resolve(_ sighting: Sighting) {
        release(sighting)
        let resolver = avahi_service_resolver_new(
            client, sighting.interface, sighting.family, sighting.name, ServiceRecord.serviceType, sighting.domain,
            sighting.family, AvahiLookupFlags(0),
            {
                AvahiEvents.at($12)?.add(
                    resolver: $3, interface: $1, family: $2, name: $4, domain: $6, address: $8, port: $9, text: $10)
            }, events.pointer)
        guard let resolver else { return events.said.append(.resolved(sighting, nil)) }
        resolvers[sighting] = resolver
    }

    func release(_ sighting: Sighting) {
        if let resolver = resolvers.removeValue(forKey: sighting) { avahi_service_resolver_free(resolver) }
    }

    /// Publishes the service; what becomes of it is said under the attempt's number.
    func publish(as name: String, on interfaces: [Int32], attempt: Int) {
        withdraw()
        guard let service else { return }
        func check(_ status: Int32) -> Bool {
            guard status < 0 else { return true }
            events.said.append(
                .refused(attempt: attempt, isCollision: status == AVAHI_ERR_COLLISION, reason: reason(status)))
            return false
        }
        let said = GroupEvents(events, attempt: attempt)
        let group = avahi_entry_group_new(client, { GroupEvents.at($2)?.add($1) }, said.pointer)
        guard let group else {
            _ = check(min(-1, avahi_client_errno(client)))
            return
        }
        self.group = (group, said)
        // The library sends a list from its end.
        var text: UnsafeMutablePointer<AvahiStringList>?
        for string in service.record.strings { text = avahi_string_list_add_arbitrary(text, string, string.count) }
        defer { avahi_string_list_free(text) }
        for interface in interfaces {
            let status = avahi_entry_group_add_service_strlst(
                group, interface, service.family.number, AvahiPublishFlags(0), name, ServiceRecord.serviceType,
                nil, nil, service.port, text)
            guard check(status) else { return }
        }
        _ = check(avahi_entry_group_commit(group))
    }

    func withdraw() {
        if let group { avahi_entry_group_free(group.object) }
        group = nil
    }
}

private let anyInterface = Int32(AVAHI_IF_UNSPEC)
private let anyFamily = Int32(AVAHI_PROTO_UNSPEC)

private func reason(_ status: Int32) -> String {
    avahi_strerror(status).map { String(cString: $0) } ?? "error \(status)"
}

extension AnnouncedService.Family {
    fileprivate var number: AvahiProtocol {
        switch self {
        case .ipv4: AvahiProtocol(AVAHI_PROTO_INET)
        case .ipv6: AvahiProtocol(AVAHI_PROTO_INET6)
        case .both: anyFamily
        }
    }
}
#endif
