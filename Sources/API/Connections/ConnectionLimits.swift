package import NIOCore

/// What connections to the API may take: how many, how long, how much.
package struct ConnectionLimits: Sendable, Hashable {
    /// Connections at a time, of all clients.
    package var total = 1024
    /// Connections at a time of one address; not of this machine's own.
    package var perAddress = 128
    /// Of `total`, those that are for this machine's own clients only.
    package var reservedForLoopback: Int { min(32, total / 4) }

    /// From the connection's beginning until its first request's head is there, TLS included.
    package var firstRequest = TimeAmount.seconds(10)
    /// From the end of an answer until the next request's head is there. Longer than the minute that most clients keep connections for.
    package var idle = TimeAmount.seconds(75)
    /// A request's body may take this long, and besides as long as `bodyPace` allows.
    package var body = TimeAmount.seconds(20)
    /// Bytes in a second that a body comes with at least.
    package var bodyPace = 16 << 10
    /// How long a client may take nothing of what is written to it.
    package var stalled = TimeAmount.seconds(30)

    /// Bytes of one header field, or of the request's line.
    package var headerFieldBytes = 16 << 10
    /// Bytes of a request's head.
    package var headBytes = 32 << 10
    package var headerFields = 100
    /// Bytes of a body after which the connection is closed. A body that is over the limit of what is read gets an answer first.
    package var bodyBytes = 2 * ConnectionLimits.maximumBodyBytes

    /// The most bytes of a request's body that are read.
    package static let maximumBodyBytes = 1 << 20

    package init() {}
}
