/// A worker's service, as it is to be announced.
package struct AnnouncedService: Sendable, Hashable {
    package var record: ServiceRecord
    package var port: UInt16
    /// Where it listens, and which interfaces were named.
    package var interfaces: InterfaceChoice

    package init(record: ServiceRecord, port: UInt16, interfaces: InterfaceChoice) {
        self.record = record
        self.port = port
        self.interfaces = interfaces
    }

    /// IPv4, IPv6 or both, by where it listens.
    package var addressFamily: Int32 {
        guard let address = interfaces.address else { return AvahiNumbers.unspecified }
        // A listener on :: takes IPv4 too.
        if address.isAny, !address.isIPv4 { return AvahiNumbers.unspecified }
        return address.isIPv4 ? AvahiNumbers.ipv4 : AvahiNumbers.ipv6
    }
}

/// How far the announcement of a service has come: what the daemon says in, what it is to be asked out. A pure value.
package struct Announcing: Sendable {
    package enum Action: Sendable, Hashable {
        case makeGroup
        /// Adds the service on one interface to the group.
        case add(group: String, interface: Int32, name: String, attempt: Int)
        case commit(group: String, attempt: Int)
        case reset(group: String)
        case free(group: String)
        case tell(DiscoveryEvent)
    }

    private enum Group: Sendable, Hashable {
        case none, asked
        case made(String)
    }

    /// More names than these are taken by nobody but one who means harm.
    private static let mostNames = 100

    private let choice: InterfaceChoice
    private var instance: InstanceName
    private var interfaces: [NetworkInterface] = []
    private var group = Group.none
    private var isRunning = false
    private var attempt = 0
    private var told: DiscoveryEvent?

    package init(_ service: AnnouncedService) {
        choice = service.interfaces
        instance = InstanceName(service.record.name)
    }

    /// The daemon's state changed: services can be added while it runs alone.
    package mutating func daemonState(_ state: Int32) -> [Action] {
        isRunning = state == AvahiNumbers.running
        return isRunning ? begin() : withdraw()
    }

    /// The daemon is gone, and its groups with it.
    package mutating func daemonLost() {
        (isRunning, group, told) = (false, .none, nil)
        attempt += 1
    }

    /// The machine's interfaces as they are now.
    package mutating func look(at all: [NetworkInterface]) -> [Action] {
        let chosen = choice.chosen(of: all)
        guard chosen.map(\.index) != interfaces.map(\.index) || interfaces.isEmpty else { return begin() }
        interfaces = chosen
        return withdraw() + begin()
    }

    /// The daemon made the group that was asked for; `nil` is that it did not.
    package mutating func made(group path: String?) -> [Action] {
        guard group == .asked else { return path.map { [.free(group: $0)] } ?? [] }
        guard let path else { return failed("avahi-daemon takes no service") }
        group = .made(path)
        guard isRunning, !interfaces.isEmpty else { return withdraw() }
        return fill(path)
    }

    /// The state of a group changed.
    package mutating func groupState(_ state: Int32, of path: String) -> [Action] {
        guard group == .made(path) else { return [] }
        switch state {
        case AvahiNumbers.established: return tell(.announced(as: instance.text, on: interfaces.map(\.name)))
        case AvahiNumbers.collision: return collided(path)
        case AvahiNumbers.failure: return failed("avahi-daemon cannot announce it")
        default: return []
        }
    }

    /// The daemon refused a part of an attempt.
    ///
    /// - Parameter isCollision: whether the name is taken.
    package mutating func refused(attempt number: Int, isCollision: Bool, _ reason: String) -> [Action] {
        guard number == attempt, case .made(let path) = group else { return [] }
        return isCollision ? collided(path) : failed(reason)
    }

    private mutating func begin() -> [Action] {
        guard isRunning, group == .none else { return [] }
        guard !interfaces.isEmpty else { return tell(.notAnnounced(choice.reasonForNone)) }
        group = .asked
        return [.makeGroup]
    }

    private mutating func fill(_ path: String) -> [Action] {
        attempt += 1
        let (name, attempt) = (instance.text, attempt)
        return interfaces.map { .add(group: path, interface: $0.index, name: name, attempt: attempt) }
            + [.commit(group: path, attempt: attempt)]
    }

    private mutating func collided(_ path: String) -> [Action] {
        guard attempt < Self.mostNames else { return failed("all names like \(instance.text) are taken") }
        instance.chooseNext()
        return [.reset(group: path)] + fill(path)
    }

    /// Gives up until the interfaces are looked at again.
    private mutating func failed(_ reason: String) -> [Action] {
        withdraw() + tell(.notAnnounced(reason))
    }

    private mutating func withdraw() -> [Action] {
        guard case .made(let path) = group else { return [] }
        group = .none
        return [.free(group: path)]
    }

    /// Tells what is not told already.
    private mutating func tell(_ event: DiscoveryEvent) -> [Action] {
        guard told != event else { return [] }
        told = event
        return [.tell(event)]
    }
}

extension InterfaceChoice {
    /// Why none is chosen.
    fileprivate var reasonForNone: String {
        if !names.isEmpty { return "of the interfaces \(names.joined(separator: ", ")) none is up" }
        if let address, !address.isAny { return "\(address) is not the address of a network card that is up" }
        return "no network card is up; --interface NAME names another kind of interface"
    }
}
