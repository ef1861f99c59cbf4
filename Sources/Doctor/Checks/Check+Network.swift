import Sensors

/// The way to the other devices.
extension Check {
    private static let gigabit = 1000

    static let linkSpeed = Check("link-speed") { facts in
        for interface in facts.interfaces where !interface.isWireless {
            guard let megabits = interface.megabits, megabits > 0, megabits < gigabit else { continue }
            guard let supported = supported(interface, on: facts.model), supported >= gigabit else { continue }
            let look = "look again with: cat /sys/class/net/\(interface.name)/speed"
            let what = "\(interface.name) runs at \(megabits) Mbit/s, and its hardware can do \(supported)"
            if let partner = interface.modes?.partner, partner < gigabit {
                return (.problem, what, "the other end offers \(partner): use a gigabit switch or port there; \(look)")
            }
            return (.problem, what, "use another cable (all eight wires) or another port of the switch; \(look)")
        }
        return nil
    }

    /// What the card says, else what boards are known to have.
    private static func supported(_ interface: DeviceFacts.NetworkInterface, on model: String?) -> Int? {
        if let modes = interface.modes { return modes.supported }
        let boards = [
            "Raspberry Pi 4", "Raspberry Pi 5", "Raspberry Pi Compute Module 4", "Raspberry Pi Compute Module 5",
        ]
        guard interface.name == "eth0", let model, boards.contains(where: { model.hasPrefix($0) }) else { return nil }
        return gigabit
    }

    static let wireless = Check("wireless") { facts in
        guard let interface = facts.interfaces.first(where: { $0.isWireless && $0.hasDefaultRoute }) else { return nil }
        // Where a cable is in too, devices of the cluster may be reached by that.
        guard !facts.interfaces.contains(where: { !$0.isWireless && ($0.megabits ?? 0) > 0 }) else { return nil }
        return (
            .hint, "the network is reached over Wi-Fi (\(interface.name)): each token waits for it at every hop",
            "use a cable; until then keep power saving off: sudo iw dev \(interface.name) set power_save off"
        )
    }

    static let firewall = Check("firewall") { facts in
        guard let port = facts.port, let blocked = port.blockedBy else { return nil }
        return (
            .problem, "a firewall keeps others from port \(port.number): \(blocked)",
            "let your network in: sudo ufw allow \(port.number)/tcp, or sudo nft add rule inet filter input tcp dport \(port.number) accept"
        )
    }

    static let port = Check("port") { facts in
        guard let port = facts.port, case .other(let program) = port.listener else { return nil }
        let look = "sudo ss -ltnp 'sport = :\(port.number)'"
        guard let program else {
            return (
                .hint, "a program of another user listens on port \(port.number), which workers use",
                "see which: \(look); where it is no worker of Shoal's, give the worker another: shoal worker --listen 0.0.0.0:\(port.number + 2)"
            )
        }
        return (
            .problem, "another program, \(program), listens on port \(port.number), which workers use",
            "end it (see \(look)), or give the worker another port: shoal worker --listen 0.0.0.0:\(port.number + 2)"
        )
    }
}
