package import Placement

/// A cluster as a file of `Cluster/` declares it.
///
/// ```yaml
/// model: /path/to/model.gguf     # optional; the default model when absent
/// context: 2048                  # optional; positions per sequence
/// slots: 4                       # optional; sequences at the same time
/// devices:                       # at least one; where it costs nothing, layers pass them in this order
///   - name: pi1
///     address: 192.168.1.11:7077 # the port is 7077 when absent
///     memory: 1GiB               # optional; the worker's own limit when absent
///     threads: 4                 # optional
///     profile:                   # optional: how fast the device is, to plan with where it was not measured
///       read: 11.4GB/s           # memory, all threads together
///       disk: 90MB/s             # optional: what is read of its disk past memory, for experts that stay there
///       products:                # optional: weights per second by element type and rows at once
///         Q4_0: {1: 10.5GB/s, 64: 2.1GB/s}
///       link: {round-trip: 0.3ms, speed: 1Gbit/s}   # optional: to the coordinator
///     watts: {idle: 2.7, busy: 6.8}                 # optional: what it takes, to plan for energy and tell joules per token
/// coordinator:                   # optional: its own device, to plan with in place of the machine that plans
///   memory: 8GiB
///   threads: 8
///   profile: {read: 30GB/s}      # as of other devices, without a link
///   watts: {idle: 9, busy: 35}
/// pins:                          # optional
///   - 0-9=pi1
///   - embedding=coordinator
/// ```
package struct ClusterDeclaration: Sendable, Hashable {
    /// The name under which pins mean the coordinator's own device; no declared device may have it.
    package static let coordinatorName = "coordinator"

    /// The model's path; nil for the default model.
    package var model: String?
    /// Positions per sequence.
    package var context: Int?
    /// Sequences held at the same time.
    package var slots: Int?
    /// The devices, at least one. Where it costs nothing, layers pass them in this order.
    package var devices: [DeclaredDevice]
    /// Where parts of the model must sit.
    package var pins: [Pin]
    /// The coordinator's own device.
    package var coordinator: DeclaredCoordinator

    /// What the coordinator's own device takes.
    package var coordinatorPower: DevicePower? { coordinator.power }

    /// Declares a cluster.
    package init(
        model: String? = nil, context: Int? = nil, slots: Int? = nil, devices: [DeclaredDevice], pins: [Pin] = [],
        coordinator: DeclaredCoordinator = DeclaredCoordinator()
    ) {
        self.model = model
        self.context = context
        self.slots = slots
        self.devices = devices
        self.pins = pins
        self.coordinator = coordinator
    }
}

/// What a cluster file says of the coordinator's own device; nil is as it is.
package struct DeclaredCoordinator: Sendable, Hashable {
    /// Bytes that stages may take on it.
    package var memory: Int?
    /// Threads that compute on it.
    package var threads: Int?
    /// How fast it computes, to plan with where that was not measured.
    package var speed: DeviceSpeed?
    /// How much power it takes.
    package var power: DevicePower?

    /// Declares it.
    package init(memory: Int? = nil, threads: Int? = nil, speed: DeviceSpeed? = nil, power: DevicePower? = nil) {
        self.memory = memory
        self.threads = threads
        self.speed = speed
        self.power = power
    }
}

/// A device of a cluster file.
package struct DeclaredDevice: Sendable, Hashable {
    /// The name, unique in the file.
    package var name: String
    /// Where its worker listens.
    package var address: DeviceAddress
    /// Bytes that stages may take on it.
    package var memory: Int?
    /// Threads that compute on it.
    package var threads: Int?
    /// How fast it computes, to plan with where that was not measured.
    package var speed: DeviceSpeed?
    /// Its link to the coordinator, likewise.
    package var link: LinkSpeed?
    /// How much power it takes.
    package var power: DevicePower?

    /// Declares a device.
    package init(
        name: String, address: DeviceAddress, memory: Int? = nil, threads: Int? = nil, speed: DeviceSpeed? = nil,
        link: LinkSpeed? = nil, power: DevicePower? = nil
    ) {
        self.name = name
        self.address = address
        self.memory = memory
        self.threads = threads
        self.speed = speed
        self.link = link
        self.power = power
    }
}

/// A host with a port, written `host:port`; an IPv6 address stands in brackets, as `[fe80::1]:7077`.
package struct DeviceAddress: Sendable, Hashable, CustomStringConvertible {
    /// The port a worker listens on unless told otherwise.
    package static let defaultPort = 7077

    /// The host's name or IP address, without brackets.
    package let host: String
    /// The TCP port.
    package let port: Int

    /// Names a host and a port.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host`, `host:port`, `[IPv6]` or `[IPv6]:port`; nil when the text is none of them.
    package init?(parsing text: String) {
        let host: Substring
        var portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":", host.contains(":") else { return nil }
            if !rest.isEmpty { portText = rest.dropFirst() }
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { return nil }
            host = parts[0]
            if parts.count == 2 { portText = parts[1] }
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == "/" || $0 == "@" }) else { return nil }
        self.host = String(host)
        guard let portText else {
            port = Self.defaultPort
            return
        }
        guard portText.allSatisfy(\.isASCII), let port = UInt16(portText), port > 0, portText.first?.isNumber == true
        else {
            return nil
        }
        self.port = Int(port)
    }

    /// The form `init(parsing:)` reads.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
