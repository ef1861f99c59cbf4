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

    /// Enters the link of a device to the coordinator's process.
    package mutating func setCoordinatorLink(of device: String, _ speed: LinkSpeed) { toCoordinator[device] = speed }

    /// Enters the link between two devices.
    package mutating func setLink(between one: String, and other: String, _ speed: LinkSpeed) {
        between[[one, other]] = speed
    }

    /// The link of a device to the coordinator's process, if it is known.
    package func coordinatorLink(of device: String) -> LinkSpeed? { toCoordinator[device] }

    /// The link between two devices, if it is known.
    package func link(between one: String, and other: String) -> LinkSpeed? { between[[one, other]] }

    /// All speeds that are known, in no order.
    var speeds: [LinkSpeed] { Array(toCoordinator.values) + Array(between.values) }

    /// A link as it is planned with: nil is the coordinator's process. A link between devices that was not measured is taken for the
    /// slower of theirs to the coordinator (all hang on one network), an unknown one of those for the nominal one.
    func speed(_ one: String?, _ other: String?) -> LinkSpeed {
        switch (one, other) {
        case (let one?, let other?):
            between[[one, other]] ?? speed(one, nil).slower(speed(other, nil))
        case (let device?, nil), (nil, let device?): toCoordinator[device] ?? .nominal
        case (nil, nil): .nominal
        }
    }
}
