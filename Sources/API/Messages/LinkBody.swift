import CoordinatorCore

/// The link between two devices, of `GET /api/cluster`.
package struct LinkBody: Codable, Sendable, Equatable {
    package var from: String
    package var to: String
    /// From a small message to its answer.
    package var roundTripSeconds: Double
    /// Of large messages, one way.
    package var bytesPerSecond: Double

    package init(from: String, to: String, roundTripSeconds: Double, bytesPerSecond: Double) {
        self.from = from
        self.to = to
        self.roundTripSeconds = roundTripSeconds
        self.bytesPerSecond = bytesPerSecond
    }

    enum CodingKeys: String, CodingKey {
        case from, to
        case roundTripSeconds = "round_trip_seconds"
        case bytesPerSecond = "bytes_per_second"
    }
}

extension LinkBody {
    init(_ link: MeasuredLinks.Entry) {
        self.init(
            from: link.from, to: link.to, roundTripSeconds: link.roundTripSeconds, bytesPerSecond: link.bytesPerSecond)
    }
}
