/// Whether a peer takes what waits for it: a value without a clock. Times are nanoseconds of any steady clock.
package struct WriteProgress: Sendable {
    private let patience: Int64
    private var written = 0
    private var lastHeadway: Int64

    /// - Parameter patienceNanoseconds: how long nothing may be taken while something waits.
    package init(patienceNanoseconds: Int64, now: Int64) {
        patience = patienceNanoseconds
        lastHeadway = now
    }

    /// Looks at what was taken.
    ///
    /// - Parameters:
    ///   - given: bytes that were to be written so far.
    ///   - waiting: bytes of them that the peer has not taken, encrypted where they are: a little more.
    /// - Returns: for how long it has taken nothing, where that is too long.
    package mutating func stalled(given: Int, waiting: Int, now: Int64) -> Int64? {
        // What is added changes neither; encryption makes the difference a little less, never more.
        if waiting == 0 || given - waiting > written {
            written = given - waiting
            lastHeadway = now
        }
        return now - lastHeadway >= patience ? now - lastHeadway : nil
    }
}
