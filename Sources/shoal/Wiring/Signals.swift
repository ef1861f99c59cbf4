/// Waits for the signals that end a daemon.
enum Signals {
    /// How long what follows the wait may take; then the daemon ends by force.
    private static let limit = Duration.seconds(10)

    /// From the return of this call on, SIGTERM and SIGINT end the wait instead of the process. Called before anybody can know that the
    /// daemon is up.
    static func watch() -> Termination {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        EndSignals.watch(limit: limit) { continuation.yield() }
        return Termination(stream: stream, continuation: continuation)
    }

    /// The wait for the signals that are watched.
    struct Termination: Sendable {
        fileprivate let stream: AsyncStream<Void>
        fileprivate let continuation: AsyncStream<Void>.Continuation

        /// Returns when one of them arrived.
        func wait() async {
            for await _ in stream { break }
        }

        /// Ends the wait without a signal.
        func end() { continuation.yield() }
    }
}
