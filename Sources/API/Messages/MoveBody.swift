package import CoordinatorCore
import Placement

/// What came of a wish to place layers anew.
package struct MoveBody: Codable, Sendable, Equatable {
    /// Whether anything was moved; if not, the placement is as good as it can be.
    package var moved: Bool
    package var movedLayers: Int
    /// What it is expected to gain, as a share of the tokens per second before.
    package var expectedGain: Double
    package var stages: [ClusterBody.Stage]

    enum CodingKeys: String, CodingKey {
        case moved, stages
        case movedLayers = "moved_layers"
        case expectedGain = "expected_gain"
    }
}

extension MoveBody {
    package init(_ outcome: MoveOutcome) {
        self.init(
            moved: outcome.hasMoved, movedLayers: outcome.hasMoved ? outcome.movedLayers : 0,
            expectedGain: outcome.gain,
            stages: outcome.plan.stages.map { ClusterBody.Stage($0, nil) })
    }
}

/// The body of requests about one device.
package struct DeviceRequest: Codable, Sendable {
    package var device: String

    package init(device: String) { self.device = device }
}
