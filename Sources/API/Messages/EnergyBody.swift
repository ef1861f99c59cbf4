import CoordinatorCore

/// What the devices of the placement take together, of `GET /api/cluster`: in the last ten seconds.
package struct EnergyBody: Codable, Sendable, Equatable {
    package var watts: Double
    /// For each token that was generated in that time; absent where none was.
    package var joulesPerToken: Double?

    enum CodingKeys: String, CodingKey {
        case watts
        case joulesPerToken = "joules_per_token"
    }
}

extension EnergyBody {
    init(_ report: EnergyReport) { self.init(watts: report.watts, joulesPerToken: report.joulesPerToken) }
}
