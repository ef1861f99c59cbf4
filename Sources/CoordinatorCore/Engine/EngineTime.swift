/// A moment: for people's times, and for the scheduler's.
struct EngineTime: Sendable {
    var instant: ContinuousClock.Instant
    /// Since the engine was made.
    var seconds: Double
}
