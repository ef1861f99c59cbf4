package import Wire

/// Counts what a stage does. A pure value, which is told the time.
package struct StageCounter: Sendable {
    package private(set) var work = StageWork()
    private var lastEnd: ContinuousClock.Instant?
    private var lastTimed: ContinuousClock.Instant?

    package init() {}

    /// What took longer before a step came was not waiting for it: nobody had asked for anything.
    package static let longestWait = Duration.seconds(1)
    /// Between two steps whose way is timed, which costs each side a message.
    package static let timingInterval = Duration.milliseconds(250)

    /// Counts a step that was computed.
    package mutating func add(
        rows: Int, received: Int, sent: Int, arrived: ContinuousClock.Instant, began: ContinuousClock.Instant,
        ended: ContinuousClock.Instant
    ) {
        work.steps += 1
        work.rows += UInt64(rows)
        work.receivedBytes += UInt64(received)
        work.sentBytes += UInt64(sent)
        work.computeNanoseconds += Self.nanoseconds(ended - began)
        if let lastEnd, arrived > lastEnd, arrived - lastEnd <= Self.longestWait {
            work.waitNanoseconds += Self.nanoseconds(arrived - lastEnd)
        }
        lastEnd = ended
    }

    /// Counts the way of a step's results to the next stage.
    package mutating func add(arrival: Duration) {
        work.networkSteps += 1
        work.networkNanoseconds += Self.nanoseconds(arrival)
    }

    /// Whether the way of results that go now is to be timed: a few in a second.
    package mutating func timesArrival(of now: ContinuousClock.Instant) -> Bool {
        if let lastTimed, now - lastTimed < Self.timingInterval { return false }
        lastTimed = now
        return true
    }

    private static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
    }
}
