/// Why a link was not taken.
package enum RefusalCode: UInt32, Sendable, Hashable, CaseIterable {
    /// No protocol version is common to both.
    case versionMismatch = 1
    /// Another coordinator has this worker.
    case busy = 2
    /// An upstream link for a session that holds no stages here.
    case unknownSession = 3
    /// The peer may not join.
    case notAllowed = 4
    /// The worker is about to end.
    case shuttingDown = 5
    /// The hello made no sense.
    case badHello = 6
}
