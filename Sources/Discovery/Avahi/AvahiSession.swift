/// One connection to the bus, and what is asked of avahi-daemon over it: messages in, messages and events out. A pure value.
///
/// The daemon may come and go meanwhile: what is announced is announced anew, and what is looked for is looked for anew.
package struct AvahiSession {
    package enum Output: Sendable, Hashable {
        case send(DBusMessage)
        case tell(DiscoveryEvent)
    }

    private enum Purpose {
        case owner, state, group, browser
        case part(attempt: Int)
        case resolver(Sighting)
    }

    private let service: AnnouncedService?
    private var announcing: Announcing?
    private var browsing: Browsing?
    private var calls = AvahiCalls()
    private var purposes: [UInt32: Purpose] = [:]
    /// The resolvers' objects, both ways.
    private var resolvers: [Sighting: String] = [:]
    private var resolved: [String: Sighting] = [:]
    /// The daemon's name on the bus; signals of others are nobody's.
    private var owner: String?

    /// - Parameters:
    ///   - service: what is announced, if anything.
    ///   - browsing: over which interfaces workers are looked for; `nil` is not at all.
    package init(announcing service: AnnouncedService?, browsing: InterfaceChoice?) {
        self.service = service
        announcing = service.map { Announcing($0) }
        self.browsing = browsing.map { Browsing($0) }
    }

    /// What is sent first.
    package mutating func begin() -> [Output] {
        [calls.hello(), calls.watchOwner(), calls.watchDaemon()].map { .send($0) } + [ask(calls.owner(), .owner)]
    }

    /// The machine's interfaces as they are now.
    package mutating func look(at interfaces: [NetworkInterface]) -> [Output] {
        let announced = announcing?.look(at: interfaces) ?? []
        let browsed = browsing?.look(at: interfaces) ?? []
        return carryOut(announced) + carryOut(browsed)
    }

    package mutating func received(_ message: DBusMessage) -> [Output] {
        switch message.kind {
        case .call: return []
        case .reply, .error:
            guard let serial = message.replySerial, let purpose = purposes.removeValue(forKey: serial) else {
                return []
            }
            return answered(purpose, message)
        case .signal:
            if message.sender == AvahiCalls.bus, message.member == "NameOwnerChanged" { return ownerChanged(message) }
            guard let owner, message.sender == owner else { return [] }
            return signal(message)
        }
    }

    /// The connection is gone.
    package mutating func ended() -> [Output] { daemonLost() }

    private mutating func ask(_ message: DBusMessage, _ purpose: Purpose) -> Output {
        purposes[message.serial] = purpose
        return .send(message)
    }

    private mutating func answered(_ purpose: Purpose, _ message: DBusMessage) -> [Output] {
        let isError = message.kind == .error
        switch purpose {
        case .owner:
            guard !isError, case .string(let name)? = message.body.first else {
                return [.tell(.unavailable("avahi-daemon does not run"))]
            }
            return daemonThere(name)
        case .state:
            guard case .int32(let state)? = message.body.first else { return [] }
            let actions = announcing?.daemonState(state) ?? []
            return carryOut(actions)
        case .group:
            var path: String?
            if case .path(let text)? = message.body.first, !isError { path = text }
            let actions = announcing?.made(group: path) ?? []
            return carryOut(actions)
        case .part(let attempt):
            guard isError else { return [] }
            let isCollision = message.errorName == "\(AvahiCalls.daemon).CollisionError"
            let actions =
                announcing?.refused(
                    attempt: attempt, isCollision: isCollision, "avahi-daemon refuses it: \(Self.reason(message))")
                ?? []
            return carryOut(actions)
        case .browser:
            return isError ? [.tell(.unavailable("avahi-daemon looks for nothing: \(Self.reason(message))"))] : []
        case .resolver(let sighting):
            guard !isError, case .path(let path)? = message.body.first else {
                let actions = browsing?.resolved(sighting, nil) ?? []
                return carryOut(actions)
            }
            (resolvers[sighting], resolved[path]) = (path, sighting)
            return []
        }
    }

    private mutating func ownerChanged(_ message: DBusMessage) -> [Output] {
        guard message.body.count == 3, message.body[0] == .string(AvahiCalls.daemon),
            case .string(let name) = message.body[2]
        else { return [] }
        let lost = daemonLost()
        return name.isEmpty ? lost + [.tell(.unavailable("avahi-daemon has ended"))] : lost + daemonThere(name)
    }

    private mutating func daemonThere(_ name: String) -> [Output] {
        guard owner != name else { return [] }
        owner = name
        return [ask(calls.serverState(), .state)] + (browsing == nil ? [] : [ask(calls.browse(), .browser)])
    }

    private mutating func daemonLost() -> [Output] {
        (owner, purposes, resolvers, resolved) = (nil, [:], [:], [:])
        announcing?.daemonLost()
        let actions = browsing?.daemonLost() ?? []
        return carryOut(actions)
    }

    private mutating func signal(_ message: DBusMessage) -> [Output] {
        switch (message.interface?.dropFirst(AvahiCalls.daemon.count + 1), message.member) {
        case ("Server", "StateChanged"):
            guard case .int32(let state)? = message.body.first else { return [] }
            let actions = announcing?.daemonState(state) ?? []
            return carryOut(actions)
        case ("EntryGroup", "StateChanged"):
            guard case .int32(let state)? = message.body.first, let path = message.path else { return [] }
            let actions = announcing?.groupState(state, of: path) ?? []
            return carryOut(actions)
        case ("ServiceBrowser", "ItemNew"):
            let actions = Sighting(message.body).flatMap { browsing?.appeared($0) } ?? []
            return carryOut(actions)
        case ("ServiceBrowser", "ItemRemove"):
            let actions = Sighting(message.body).flatMap { browsing?.vanished($0) } ?? []
            return carryOut(actions)
        case ("ServiceBrowser", "AllForNow"):
            let actions = browsing?.hasAllForNow() ?? []
            return carryOut(actions)
        case ("ServiceResolver", "Found"):
            guard let sighting = Sighting(message.body), let resolution = Resolution(message.body) else { return [] }
            let actions = browsing?.resolved(sighting, resolution) ?? []
            return carryOut(actions)
        case ("ServiceResolver", "Failure"):
            guard let sighting = message.path.flatMap({ resolved[$0] }) else { return [] }
            let actions = browsing?.resolved(sighting, nil) ?? []
            return carryOut(actions)
        default: return []
        }
    }

    private mutating func carryOut(_ actions: [Announcing.Action]) -> [Output] {
        guard let service else { return [] }
        return actions.map { action in
            switch action {
            case .makeGroup: ask(calls.makeGroup(), .group)
            case .add(let group, let interface, let name, let attempt):
                ask(calls.add(service, as: name, group: group, interface: interface), .part(attempt: attempt))
            case .commit(let group, let attempt): ask(calls.group(group, "Commit"), .part(attempt: attempt))
            case .reset(let group): .send(calls.group(group, "Reset"))
            case .free(let group): .send(calls.group(group, "Free"))
            case .tell(let event): .tell(event)
            }
        }
    }

    private mutating func carryOut(_ actions: [Browsing.Action]) -> [Output] {
        actions.compactMap { action in
            switch action {
            case .resolve(let sighting): return ask(calls.resolve(sighting), .resolver(sighting))
            case .release(let sighting):
                guard let path = resolvers.removeValue(forKey: sighting) else { return nil }
                resolved[path] = nil
                return .send(calls.freeResolver(path))
            case .tell(let event): return .tell(event)
            }
        }
    }

    private static func reason(_ error: DBusMessage) -> String {
        if case .string(let text)? = error.body.first { return text }
        return error.errorName ?? "for no reason"
    }
}

extension Sighting {
    /// Of the first arguments of a browser's or resolver's signal; `nil` where they are others.
    fileprivate init?(_ body: [DBusValue]) {
        guard body.count >= 5, case .int32(let interface) = body[0], case .int32(let family) = body[1],
            case .string(let name) = body[2], body[3] == .string(ServiceRecord.serviceType),
            case .string(let domain) = body[4]
        else { return nil }
        self.init(interface: interface, family: family, name: name, domain: domain)
    }
}

extension Resolution {
    /// Of the arguments of a resolver's signal `Found`: behind those of the sighting host, family, address, port, strings, flags.
    fileprivate init?(_ body: [DBusValue]) {
        guard body.count == 11, case .string(let address) = body[7], case .uint16(let port) = body[8],
            case .array(_, let strings) = body[9]
        else { return nil }
        self.init(
            address: address, port: port,
            strings: strings.compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } })
    }
}
