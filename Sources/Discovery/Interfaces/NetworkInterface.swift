/// A network interface as the system has it.
package struct NetworkInterface: Sendable, Hashable {
    package var name: String
    /// The system's number for it.
    package var index: Int32
    package var isUp: Bool
    package var isLoopback: Bool
    package var isPointToPoint: Bool
    package var takesMulticast: Bool
    /// Whether it is a network card, or above one, as a bond, a VLAN or a bridge with a card in it: not the virtual ones of containers,
    /// virtual machines and tunnels.
    package var isPhysical: Bool
    package var networks: [NetworkPrefix]

    package init(
        name: String, index: Int32, isUp: Bool = true, isLoopback: Bool = false, isPointToPoint: Bool = false,
        takesMulticast: Bool = true, isPhysical: Bool = true, networks: [NetworkPrefix] = []
    ) {
        self.name = name
        self.index = index
        self.isUp = isUp
        self.isLoopback = isLoopback
        self.isPointToPoint = isPointToPoint
        self.takesMulticast = takesMulticast
        self.isPhysical = isPhysical
        self.networks = networks
    }
}

/// Over which interfaces workers are announced and found.
package struct InterfaceChoice: Sendable, Hashable {
    /// The address that is listened on; `nil` or 0.0.0.0 and :: are all of them.
    package var address: NetworkAddress?
    /// Those that were named: these alone, whatever they are. Empty is every network card.
    package var names: [String]

    package init(address: NetworkAddress? = nil, names: [String] = []) {
        self.address = address
        self.names = names
    }

    /// Which of the interfaces are used.
    package func chosen(of interfaces: [NetworkInterface]) -> [NetworkInterface] {
        interfaces.filter { interface in
            guard interface.isUp, !interface.isLoopback, interface.takesMulticast else { return false }
            guard names.isEmpty ? interface.isPhysical && !interface.isPointToPoint : names.contains(interface.name)
            else { return false }
            guard let address, !address.isAny else { return true }
            return interface.networks.contains { $0.address == address }
        }
    }
}
