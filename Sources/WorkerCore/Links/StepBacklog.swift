/// The steps of one link that are in this worker's memory: received, and not yet gone on to the next stage. A pure value.
///
/// Tells when the link must stop reading and when it may go on, so that a slow stage, or a slow link behind it, holds its senders up
/// instead of filling its memory: what cannot be taken waits with the sender, whose own backlog fills in turn.
package struct StepBacklog: Sendable {
    /// Bytes of rows at which reading stops: several steps of a long prompt.
    package static let mostBytes = 64 << 20
    /// Steps at which reading stops, for steps without rows hold memory too.
    package static let mostSteps = 1024

    package private(set) var bytes = 0
    package private(set) var steps = 0
    package private(set) var isReading = true
    private var isCrowded = false

    package init() {}

    /// A step came.
    ///
    /// - Parameter isCrowded: whether the steps of all links are too much: then reading stops until this one has gone.
    /// - Returns: whether the link must stop reading now.
    package mutating func received(_ bytes: Int, isCrowded: Bool = false) -> Bool {
        self.bytes += bytes
        steps += 1
        self.isCrowded = self.isCrowded || isCrowded
        guard isReading, isCrowded || self.bytes >= Self.mostBytes || steps >= Self.mostSteps else { return false }
        isReading = false
        return true
    }

    /// A step's results have left, or the step was dropped.
    ///
    /// - Returns: whether the link may go on reading now: half of what it may hold is free.
    package mutating func left(_ bytes: Int) -> Bool {
        self.bytes -= bytes
        steps -= 1
        precondition(self.bytes >= 0 && steps >= 0, "\(steps) steps with \(self.bytes) bytes in memory")
        if steps == 0 { isCrowded = false }
        guard !isReading, !isCrowded, self.bytes <= Self.mostBytes / 2, steps <= Self.mostSteps / 2 else {
            return false
        }
        isReading = true
        return true
    }
}
