package import Placement

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// The answer of `POST /api/models/plan`: a plan, or what is missing for one. Keys are in snake case, sizes in bytes, times in seconds, ranges
/// of layers `[first, end]` without their end.
package struct PlanBody: Codable, Sendable {
    /// The model's id.
    package var model: String
    package var plan: PlacementPlan?
    package var shortfall: PlacementError.Shortfall?

    /// Reads an answer.
    package static func decoded(_ data: Data) throws -> PlanBody {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(PlanBody.self, from: data)
    }
}
