/// Finds out which device keeps the steps of a placement from coming back. A pure decision.
///
/// A stage counts the steps that it has sent on, so the first that has counted fewer than came to it holds them up. What devices say may be
/// wrong: then another one is found the next time, when the first is gone.
package struct Standstill: Sendable {
    /// What is known of a stage, in the order of travel.
    package struct Stage: Sendable, Hashable {
        package var device: String
        /// Whether it is in this process.
        package var isOwn: Bool
        /// Steps that it says it has sent on since it was loaded; `nil` where its device said nothing of it.
        package var steps: UInt64?
        /// Steps that it refused.
        package var refused: UInt64

        package init(device: String, isOwn: Bool, steps: UInt64?, refused: UInt64 = 0) {
            self.device = device
            self.isOwn = isOwn
            self.steps = steps
            self.refused = refused
        }
    }

    /// - Parameter sent: steps that were sent to the first stage.
    /// - Returns: `nil` where it can only be this process.
    package static func culprit(sent: UInt64, stages: [Stage]) -> String? {
        var arrived = sent
        // Who says that it has sent on what did not come.
        var last: String?
        for stage in stages {
            guard let steps = stage.steps else { return stage.isOwn ? last : stage.device }
            let (done, overflow) = steps.addingReportingOverflow(stage.refused)
            if !overflow, done < arrived { return stage.isOwn ? last : stage.device }
            arrived = min(arrived, steps)
            if !stage.isOwn { last = stage.device }
        }
        return last
    }
}
