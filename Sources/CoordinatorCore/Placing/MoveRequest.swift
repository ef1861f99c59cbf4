package import Placement

/// A wish that layers are placed anew while answers go on, from a person or from the coordinator itself.
struct MoveRequest: Sendable {
    enum Wish: Sendable, Hashable {
        /// The best placement of what there is now.
        case rebalance
        /// A device is to hold nothing.
        case drain(String)
        /// A device may hold something again.
        case refill(String)
    }

    var wish: Wish
    /// Takes the outcome, once.
    var reply: @Sendable (Result<MoveOutcome, CoordinatorError>) -> Void
}

/// What came of a wish to place layers anew.
package struct MoveOutcome: Sendable {
    /// Whether anything was moved.
    package var hasMoved: Bool
    /// Layers that are on another device now.
    package var movedLayers: Int
    /// What the placement is expected to gain, as a share of the tokens per second of one stream before.
    package var gain: Double
    package var plan: PlacementPlan
}
