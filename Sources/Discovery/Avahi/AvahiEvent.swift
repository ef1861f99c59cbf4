/// What avahi-daemon says, in the order in which it says it.
package enum AvahiEvent: Sendable, Hashable {
    package enum Daemon: Sendable, Hashable {
        /// It does not run, and is waited for.
        case absent
        /// It runs, but settles its own name first.
        case settling
        case running
        /// It is gone, or what connected it is.
        case lost
    }

    package enum Group: Sendable, Hashable {
        case established, collision, failure
    }

    case daemon(Daemon)
    /// What was published by an attempt stands, or does not.
    case group(Group, attempt: Int)
    /// An attempt to publish was refused.
    case refused(attempt: Int, isCollision: Bool, reason: String)
    case appeared(Sighting)
    case vanished(Sighting)
    /// It has told of all that it knew, and of what answered in the first second.
    case hasAllForNow
    case browsingFailed(reason: String)
    /// `nil` is that it cannot be resolved.
    case resolved(Sighting, Resolution?)
}

/// What is asked of avahi-daemon, or told of it.
package enum AvahiAction: Sendable, Hashable {
    case browse
    /// Announces the service under a name, on the interfaces with these numbers, in place of what was announced before.
    case publish(name: String, interfaces: [Int32], attempt: Int)
    case withdraw
    case resolve(Sighting)
    case release(Sighting)
    /// Ends this connection and begins another.
    case reconnect
    case tell(DiscoveryEvent)
}

/// One sighting of a service: each interface and family has its own.
package struct Sighting: Sendable, Hashable {
    /// The system's number for the interface.
    package var interface: Int32
    /// Avahi's number for the family of addresses.
    package var family: Int32
    package var name: String
    package var domain: String

    package init(interface: Int32, family: Int32, name: String, domain: String) {
        self.interface = interface
        self.family = family
        self.name = name
        self.domain = domain
    }

    package var instance: String { "\(name).\(domain)" }
}

/// What a service's host, port and record are.
package struct Resolution: Sendable, Hashable {
    package var address: NetworkAddress
    package var port: UInt16
    /// The strings of the TXT record, in its order, each without its length byte.
    package var strings: [[UInt8]]

    package init(address: NetworkAddress, port: UInt16, strings: [[UInt8]]) {
        self.address = address
        self.port = port
        self.strings = strings
    }
}
