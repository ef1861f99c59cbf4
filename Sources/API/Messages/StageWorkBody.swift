import Wire

/// What a stage of `GET /api/cluster` did since it was loaded; every number only rises.
package struct StageWorkBody: Codable, Sendable, Equatable {
    package var steps: UInt64
    package var rows: UInt64
    package var computeNanoseconds: UInt64
    /// Between steps, while none was there to compute; what took longer than a second is not counted.
    package var waitNanoseconds: UInt64
    package var receivedBytes: UInt64
    package var sentBytes: UInt64
    /// Steps whose results' way to the next stage was timed: a few in a second, none where the next stage is in the same process.
    package var networkSteps: UInt64
    /// What these took in all until they were there.
    package var networkNanoseconds: UInt64

    package init(
        steps: UInt64, rows: UInt64, computeNanoseconds: UInt64, waitNanoseconds: UInt64, receivedBytes: UInt64,
        sentBytes: UInt64, networkSteps: UInt64, networkNanoseconds: UInt64
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

    enum CodingKeys: String, CodingKey {
        case steps, rows
        case computeNanoseconds = "compute_nanoseconds"
        case waitNanoseconds = "wait_nanoseconds"
        case receivedBytes = "received_bytes"
        case sentBytes = "sent_bytes"
        case networkSteps = "network_steps"
        case networkNanoseconds = "network_nanoseconds"
    }
}

extension StageWorkBody {
    init(_ work: StageWork) {
        self.init(
            steps: work.steps, rows: work.rows, computeNanoseconds: work.computeNanoseconds,
            waitNanoseconds: work.waitNanoseconds, receivedBytes: work.receivedBytes, sentBytes: work.sentBytes,
            networkSteps: work.networkSteps, networkNanoseconds: work.networkNanoseconds)
    }
}
