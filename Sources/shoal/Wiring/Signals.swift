import Foundation

/// Waits for the signals that end a daemon.
enum Signals {
    /// From the return of this call on, SIGTERM and SIGINT end the wait instead of the process, also where a shell that started
    /// it in the background had SIGINT ignored. Called before anybody can know that the daemon is up.
    static func watch() -> Termination {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield() }
            return source
        }
        let registered = DispatchGroup()
        for source in sources {
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            source.resume()
        }
        registered.wait()
        return Termination(stream: stream, sources: sources)
    }

    /// The wait for the signals that are watched.
    final class Termination: Sendable {
        private let stream: AsyncStream<Void>
        /// Kept alive, and never touched.
        private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

        fileprivate init(stream: AsyncStream<Void>, sources: [any DispatchSourceSignal]) {
            self.stream = stream
            self.sources = sources
        }

        /// Returns when one of them arrived.
        func wait() async {
            for await _ in stream { break }
        }
    }
}
