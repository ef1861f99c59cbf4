import Placement

/// A plan, or what is missing for one, for people or programs.
enum PlanView {
    /// - Throws: `PlacementError.doesNotFit`, which is also told as JSON where that is asked for.
    static func show(_ plan: PlacementPlan?, _ shortfall: PlacementError.Shortfall?, json: Bool) throws {
        if let plan {
            if json { return try Console.json(PlanDocument(plan)) }
            return Console.write(PlacementTable(plan).description + "\n")
        }
        guard let shortfall else { throw CommandError("the coordinator answered with no plan") }
        if json { try Console.json(ShortfallDocument(shortfall)) }
        throw PlacementError.doesNotFit(shortfall)
    }
}
