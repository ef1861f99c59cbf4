/// A worker's service, as it is to be announced.
package struct AnnouncedService: Sendable, Hashable {
    /// Families of addresses.
    package enum Family: Sendable, Hashable {
        case ipv4, ipv6, both
    }

    package var record: ServiceRecord
    package var port: UInt16
    /// Where it listens, and which interfaces were named.
    package var interfaces: InterfaceChoice

    package init(record: ServiceRecord, port: UInt16, interfaces: InterfaceChoice) {
        self.record = record
        self.port = port
        self.interfaces = interfaces
    }

    /// The families that it listens on.
    package var family: Family {
        guard let address = interfaces.address else { return .both }
        // A listener on :: takes IPv4 too.
        if address.isAny, !address.isIPv4 { return .both }
        return address.isIPv4 ? .ipv4 : .ipv6
    }
}

/// How far the announcement of a service has come: what the daemon says in, what it is to be asked out. A pure value.
package struct Announcing: Sendable {
    /// More names than these are taken by nobody but one who means harm.
    private static let mostNames = 100

    private let choice: InterfaceChoice
    private var instance: InstanceName
    private var interfaces: [NetworkInterface] = []
    private var isRunning = false
    private var isPublished = false
    private var attempt = 0
    private var told: DiscoveryEvent?

    package init(_ service: AnnouncedService) {
        choice = service.interfaces
        instance = InstanceName(service.record.name)
    }

    /// The daemon is there; services can be published while it runs.
    package mutating func daemonIsThere(isRunning: Bool) -> [AvahiAction] {
        self.isRunning = isRunning
        return isRunning ? begin() : withdraw()
    }

    /// The daemon is gone, and what was published with it.
    package mutating func daemonLost() { (isRunning, isPublished, told) = (false, false, nil) }

    /// The machine's interfaces as they are now.
    package mutating func look(at all: [NetworkInterface]) -> [AvahiAction] {
        let chosen = choice.chosen(of: all)
        guard chosen.map(\.index) != interfaces.map(\.index) || interfaces.isEmpty else { return begin() }
        interfaces = chosen
        return withdraw() + begin()
    }

    /// What became of an attempt.
    package mutating func group(_ state: AvahiEvent.Group, attempt number: Int) -> [AvahiAction] {
        guard isPublished, number == attempt else { return [] }
        switch state {
        case .established: return tell(.announced(as: instance.text, on: interfaces.map(\.name)))
        case .collision: return collided()
        case .failure: return failed("avahi-daemon cannot announce it")
        }
    }

    /// An attempt was refused.
    ///
    /// - Parameter isCollision: whether the name is taken.
    package mutating func refused(attempt number: Int, isCollision: Bool, _ reason: String) -> [AvahiAction] {
        guard isPublished, number == attempt else { return [] }
        return isCollision ? collided() : failed(reason)
    }

    private mutating func begin() -> [AvahiAction] {
        guard isRunning, !isPublished else { return [] }
        guard !interfaces.isEmpty else { return tell(.notAnnounced(choice.reasonForNone)) }
        return publish()
    }

    private mutating func publish() -> [AvahiAction] {
        isPublished = true
        attempt += 1
        return [.publish(name: instance.text, interfaces: interfaces.map(\.index), attempt: attempt)]
    }

    private mutating func collided() -> [AvahiAction] {
        guard instance.number < Self.mostNames else { return failed("all names like \(instance.text) are taken") }
        instance.chooseNext()
        return publish()
    }

    /// Gives up until the interfaces are looked at again.
    private mutating func failed(_ reason: String) -> [AvahiAction] { withdraw() + tell(.notAnnounced(reason)) }

    private mutating func withdraw() -> [AvahiAction] {
        guard isPublished else { return [] }
        isPublished = false
        return [.withdraw]
    }

    /// Tells what is not told already.
    private mutating func tell(_ event: DiscoveryEvent) -> [AvahiAction] {
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
