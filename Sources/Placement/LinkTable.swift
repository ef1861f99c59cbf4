/// How fast a link is.
package struct LinkSpeed: Sendable, Hashable {
    /// What a link that nobody measured is taken for: a switch of 1 Gbit/s.
    package static let nominal = LinkSpeed(roundTripSeconds: 0.3e-3, bytesPerSecond: 117e6)

    /// From a small message to its answer.
    package let roundTripSeconds: Double
    /// Of large messages, one way.
    package let bytesPerSecond: Double

    /// Describes a link.
    package init(roundTripSeconds: Double, bytesPerSecond: Double) {
        self.roundTripSeconds = roundTripSeconds
        self.bytesPerSecond = bytesPerSecond
    }

    /// Whether a link can be so.
    var isPossible: Bool {
        roundTripSeconds.isFinite && roundTripSeconds >= 0 && bytesPerSecond.isFinite && bytesPerSecond > 0
    }

    /// The slower of two in both regards.
    func slower(_ other: LinkSpeed) -> LinkSpeed {
        LinkSpeed(
            roundTripSeconds: max(roundTripSeconds, other.roundTripSeconds),
            bytesPerSecond: min(bytesPerSecond, other.bytesPerSecond))
    }
}

/// What is known of the links of a cluster, both ways alike.
package struct LinkTable: Sendable, Hashable {
    private var toCoordinator: [String: LinkSpeed] = [:]
    private var between: [Set<String>: LinkSpeed] = [:]

    /// Nothing is known.
    package init() {}

    /// Enters the link of a device to the coordinator's process. Numbers that no link has are as good as none.
    package mutating func setCoordinatorLink(of device: String, _ speed: LinkSpeed) {
        if speed.isPossible { toCoordinator[device] = speed }
    }

    /// Enters the link between two devices, likewise.
    package mutating func setLink(between one: String, and other: String, _ speed: LinkSpeed) {
        if speed.isPossible { between[[one, other]] = speed }
    }

    /// The link of a device to the coordinator's process, if it is known.
    package func coordinatorLink(of device: String) -> LinkSpeed? { toCoordinator[device] }

    /// The link between two devices, if it is known.
    package func link(between one: String, and other: String) -> LinkSpeed? { between[[one, other]] }

    /// The links of devices as they are planned with, `[devices, devices]` and to the coordinator's process, where nil is. A link between
    /// devices that was not measured is taken for the slower of theirs to the coordinator (all hang on one network), an unknown one of
    /// those for the nominal one.
    func matrix(_ devices: [String?]) -> (between: [LinkSpeed], coordinator: [LinkSpeed]) {
        let own = devices.map { $0.flatMap { toCoordinator[$0] } ?? .nominal }
        var matrix: [LinkSpeed] = []
        matrix.reserveCapacity(devices.count * devices.count)
        for (one, first) in zip(devices, own) {
            for (other, second) in zip(devices, own) {
                matrix.append(one == nil ? second : other == nil ? first : first.slower(second))
            }
        }
        let places = Dictionary(
            devices.enumerated().compactMap { index, name in name.map { ($0, index) } }, uniquingKeysWith: { $1 })
        for (ends, speed) in between {
            let indices = ends.compactMap { places[$0] }
            guard indices.count == 2 else { continue }
            matrix[indices[0] * devices.count + indices[1]] = speed
            matrix[indices[1] * devices.count + indices[0]] = speed
        }
        return (matrix, own)
    }
}
