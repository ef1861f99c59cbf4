package import NIOCore

/// How long a connection may stay as it is: a client must send what it began within a time, and take what it is sent.
///
/// A value that is told the time. While a whole request is being answered there is no deadline, but for taking the answer.
package struct ConnectionClock: Sendable {
    private enum Reading {
        /// A request's head is waited for.
        case head(since: NIODeadline, allowed: TimeAmount)
        case body(since: NIODeadline, bytes: Int)
        /// A request has come whole.
        case nothing
    }

    private let limits: ConnectionLimits
    private var reading: Reading
    /// Requests whose head is there and whose answer is not at its end; more than one where a client does not wait.
    private var unanswered = 0
    /// Since when the client takes nothing.
    private var stalledSince: NIODeadline?

    package init(limits: ConnectionLimits, now: NIODeadline) {
        self.limits = limits
        reading = .head(since: now, allowed: limits.firstRequest)
    }

    /// Whether this side is at work for the client, which has done its part.
    package var isAnswering: Bool {
        if case .nothing = reading { true } else { unanswered > 1 }
    }

    /// A request's head is there.
    package mutating func head(now: NIODeadline) {
        unanswered += 1
        reading = .body(since: now, bytes: 0)
    }

    /// A part of a body is there.
    ///
    /// - Returns: whether the body may be as long as it is by now.
    package mutating func body(_ count: Int) -> Bool {
        guard case .body(let since, let bytes) = reading else { return true }
        reading = .body(since: since, bytes: bytes + count)
        return bytes + count <= limits.bodyBytes
    }

    /// A request is there to its end.
    package mutating func end(now: NIODeadline) {
        reading = unanswered == 0 ? .head(since: now, allowed: limits.idle) : .nothing
    }

    /// An answer is written to its end.
    package mutating func answered(now: NIODeadline) {
        unanswered = max(0, unanswered - 1)
        switch reading {
        case .nothing where unanswered == 0: reading = .head(since: now, allowed: limits.idle)
        // While the answer before it was made, it was this side that did not read.
        case .body(_, let bytes) where unanswered == 1: reading = .body(since: now, bytes: bytes)
        default: break
        }
    }

    /// Whether the client takes what is written.
    package mutating func writable(_ isWritable: Bool, now: NIODeadline) {
        stalledSince = isWritable ? nil : stalledSince ?? now
    }

    /// When the connection is to be closed if nothing happens until then.
    package var deadline: NIODeadline? {
        let stalled = stalledSince.map { $0 + limits.stalled }
        let read: NIODeadline? =
            switch reading {
            case .head(let since, let allowed) where unanswered == 0: since + allowed
            case .body(let since, let bytes) where unanswered <= 1:
                since + limits.body + .nanoseconds(Int64(bytes) * 1_000_000_000 / Int64(limits.bodyPace))
            default: nil
            }
        return [stalled, read].compactMap { $0 }.min()
    }
}
