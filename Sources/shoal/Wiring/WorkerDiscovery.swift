import CoordinatorCore
import Discovery
import Identity
import Logging
import ServiceLifecycle
import Synchronization
import Transport

/// Finds workers while the coordinator runs, and has it use them.
final class WorkerDiscovery: Service {
    /// Which workers are of use.
    enum Wanted: Sendable {
        /// Members of this cluster that are no longer where they were.
        case members(ClusterMark, JoinService, TCPTransport)
        /// Any that takes plain links.
        case insecure(ModelHost)
    }

    /// How long it is waited for those that are there at the start.
    private static let settling = Duration.milliseconds(2500)
    /// How often what did not come of use is looked at again.
    private static let interval = Duration.seconds(10)

    private let wanted: Wanted
    private let client: DiscoveryClient
    private let state: SharedState

    private final class SharedState: Sendable {
        let findings = Mutex(Findings())
        let changes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let settled = AsyncStream.makeStream(of: Void.self)
    }

    fileprivate struct Findings {
        var workers: [String: FoundWorker] = [:]
        /// Where those are that were given to the coordinator, by their instances.
        var used: [String: Endpoint] = [:]
        /// Where workers were that are announced no more.
        var gone: Set<Endpoint> = []
        /// Why it was last not possible to look.
        var trouble: String?
    }

    /// Begins to look.
    init(_ wanted: Wanted, interfaces: [String], logger: Logger) {
        self.wanted = wanted
        let state = SharedState()
        self.state = state
        client = DiscoveryClient(browsing: InterfaceChoice(names: interfaces)) { event in
            switch event {
            case .found(let worker): state.findings.withLock { $0.workers[worker.instance] = worker }
            case .lost(let worker): state.findings.withLock { $0.workers[worker.instance] = nil }
            case .settled: state.settled.continuation.finish()
            case .unavailable(let reason):
                // It is tried again and again: told once.
                let isNew = state.findings.withLock { findings in
                    defer { findings.trouble = reason }
                    return findings.trouble != reason
                }
                if isNew {
                    logger.info("workers are not found by themselves", metadata: ["reason": "\(reason)"])
                }
                state.settled.continuation.finish()
            case .announced, .notAnnounced: return
            }
            state.changes.continuation.yield()
        }
    }

    /// Has those used that are there already, before a model is placed.
    func settle() async {
        if case .members(_, let service, let transport) = wanted, await service.reachesAllMembers(over: transport) {
            return
        }
        let timer = Task { [state] in
            try? await Task.sleep(for: Self.settling)
            state.settled.continuation.finish()
        }
        for await _ in state.settled.stream {}
        timer.cancel()
        await use()
    }

    func run() async throws {
        let ticking = Task { [state] in
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                state.changes.continuation.yield()
            }
        }
        let using = Task { [self] in
            for await _ in state.changes.stream {
                // Addresses of one worker come one after the other, and the best need not be the first.
                try? await Task.sleep(for: .milliseconds(300))
                await use()
            }
        }
        try? await gracefulShutdown()
        ticking.cancel()
        using.cancel()
        client.stop()
    }

    /// Looks at what was found.
    private func use() async {
        switch wanted {
        case .members(let mark, let service, let transport):
            let workers = state.findings.withLock { $0.workers.values.filter { $0.record.cluster == mark } }
            for worker in workers {
                await service.found(
                    worker.record.name.description, at: worker.places.map { Endpoint($0) }, over: transport)
            }
        case .insecure(let host):
            let (new, gone) = state.findings.withLock { $0.changes() }
            for (name, endpoint) in new {
                Console.error("found \(name) at \(endpoint)")
                host.add(
                    device: DeviceDeclaration(
                        name: endpoint.description, connection: .tcp(endpoint), isRequired: false))
            }
            for endpoint in gone { host.withdraw(address: endpoint.description) }
        }
    }
}

extension WorkerDiscovery.Findings {
    /// The insecure workers that are to be given to the coordinator now, and where there are none any more.
    fileprivate mutating func changes() -> (new: [(name: String, endpoint: Endpoint)], gone: Set<Endpoint>) {
        var new: [(name: String, endpoint: Endpoint)] = []
        for (instance, worker) in workers.sorted(by: { $0.key < $1.key }) where worker.record.standing == .insecure {
            let endpoint = Endpoint(worker.places[0])
            guard used[instance] != endpoint else { continue }
            if let before = used.updateValue(endpoint, forKey: instance) { gone.insert(before) }
            new.append((worker.record.name.description, endpoint))
        }
        for (instance, endpoint) in used where workers[instance] == nil {
            used[instance] = nil
            gone.insert(endpoint)
        }
        gone.subtract(used.values)
        return (new, gone)
    }
}
