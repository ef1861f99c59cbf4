import Identity

extension DiscoveryClient {
    /// What was found in a while, or why nothing can be.
    package struct Nearby: Sendable, Hashable {
        /// By their names, then where they are.
        package var workers: [FoundWorker]
        /// Why it was not possible to look; `nil` where it was.
        package var trouble: String?
    }

    /// Looks for the workers that are announced now.
    ///
    /// - Parameters:
    ///   - interfaces: over which it is looked for them.
    ///   - limit: how long at most; it is over as soon as all that are there have answered.
    package static func nearby(
        _ interfaces: InterfaceChoice = InterfaceChoice(), within limit: Duration = .milliseconds(2500)
    ) async -> Nearby {
        let (events, continuation) = AsyncStream.makeStream(of: DiscoveryEvent.self)
        let client = DiscoveryClient(browsing: interfaces) { continuation.yield($0) }
        defer { client.stop() }
        let timer = Task {
            try? await Task.sleep(for: limit)
            continuation.finish()
        }
        defer { timer.cancel() }
        var workers: [String: FoundWorker] = [:]
        var trouble: String?
        collecting: for await event in events {
            switch event {
            case .found(let worker): workers[worker.instance] = worker
            case .lost(let worker): workers[worker.instance] = nil
            case .settled: break collecting
            case .unavailable(let reason):
                trouble = reason
                break collecting
            case .announced, .notAnnounced: break
            }
        }
        return Nearby(
            workers: workers.values.sorted {
                ($0.record.name.description, $0.places[0].host, $0.places[0].port)
                    < ($1.record.name.description, $1.places[0].host, $1.places[0].port)
            }, trouble: trouble)
    }
}
