/// Steps that were sent and have not come back.
struct StepsOnTheWay: Sendable, Hashable {
    var epoch: UInt32
    /// Steps of the placement that were sent, those that came back too.
    var sent: UInt64
    /// Of these, how many each stage has refused.
    var refused: [UInt32: UInt64]
    /// The step that has been on its way for longest.
    var oldest: UInt64
    var rows: Int
    /// What it is expected to take behind no other; nil until that is known.
    var latencySeconds: Double?
}
