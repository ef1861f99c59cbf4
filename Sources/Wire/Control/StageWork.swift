/// What a stage did since it was loaded, within its report; every number only rises.
package struct StageWork: Sendable, Hashable {
    /// Steps computed.
    package var steps: UInt64
    /// Rows computed.
    package var rows: UInt64
    /// Time spent computing.
    package var computeNanoseconds: UInt64
    /// Time between steps with none there to compute.
    package var waitNanoseconds: UInt64
    /// Bytes of rows that came in.
    package var receivedBytes: UInt64
    /// Bytes of rows sent on.
    package var sentBytes: UInt64
    /// Steps whose results' way to the next stage was timed: some.
    package var networkSteps: UInt64
    /// What these took in all until they were there.
    package var networkNanoseconds: UInt64

    package init(
        steps: UInt64 = 0, rows: UInt64 = 0, computeNanoseconds: UInt64 = 0, waitNanoseconds: UInt64 = 0,
        receivedBytes: UInt64 = 0, sentBytes: UInt64 = 0, networkSteps: UInt64 = 0,
        networkNanoseconds: UInt64 = 0
    ) {
        self.steps = steps
        self.rows = rows
        self.computeNanoseconds = computeNanoseconds
        self.waitNanoseconds = waitNanoseconds
        self.receivedBytes = receivedBytes
        self.sentBytes = sentBytes
        self.networkSteps = networkSteps
        self.networkNanoseconds = networkNanoseconds
    }
}
