import CoordinatorCore
import TestSupport
import Testing
import Transport

/// Workers that are named by several addresses.
@Suite(.timeLimit(.minutes(10))) struct IdentifyingTests {
    /// A worker of a cluster by another address than the cluster's.
    private func again(_ worker: LocalWorker) -> DeviceDeclaration {
        let endpoint = Endpoint(host: "localhost", port: worker.endpoint.port)
        return DeviceDeclaration(name: endpoint.description, connection: .tcp(endpoint), isRequired: false)
    }

    private func notes(_ cluster: LocalCluster) -> [String] {
        cluster.progress.compactMap { if case .note(let text) = $0 { text } else { nil } }
    }

    @Test(arguments: [false, true])
    func `A worker by two addresses is used once, also where the second comes later`(isServing: Bool) async throws {
        let cluster = try await LocalCluster.prepare(workers: 2)
        let coordinator = cluster.coordinator
        let second = again(cluster.workers[0])
        if isServing { try await coordinator.start() }
        coordinator.add(device: second)
        if !isServing { try await coordinator.start() }
        try await cluster.when { report in
            report.devices.map(\.name) == ["w1", "w2", "coordinator"] && report.devices.allSatisfy(\.connected)
        }
        let note = "\(second.name) is the same device as w1 (\(cluster.workers[0].endpoint)): it is used once"
        #expect(notes(cluster) == [note])
        // Named once more, it is known.
        coordinator.add(device: second)
        #expect(await coordinator.report().devices.map(\.name) == ["w1", "w2", "coordinator"])
        await cluster.stop()
    }

    @Test func `A worker that started again is still the same device`() async throws {
        let cluster = try await LocalCluster.start(workers: 2)
        await cluster.workers[0].kill()
        try await cluster.when { report in report.devices.contains { $0.name == "w1" && !$0.connected } }
        try await cluster.workers[0].restart()
        try await cluster.when { $0.devices.allSatisfy(\.connected) }
        cluster.coordinator.add(device: again(cluster.workers[0]))
        try await cluster.when { report in
            report.devices.map(\.name) == ["w1", "w2", "coordinator"] && report.devices.allSatisfy(\.connected)
        }
        #expect(notes(cluster).contains { $0.contains("is the same device as w1") })
        await cluster.stop()
    }

    @Test func `A host without a model counts it once too`() async throws {
        let cluster = try await LocalCluster.prepare(workers: 1)
        let worker = cluster.workers[0]
        let named = DeviceDeclaration(name: worker.endpoint.description, connection: .tcp(worker.endpoint))
        let host = ModelHost(
            devices: [named, again(worker)], transport: LocalWorker.makeTransport(),
            prepare: { path, _, _ in throw CoordinatorError(.model, path) })
        #expect(await host.report().devices.map(\.name) == [named.name])
        await cluster.stop()
    }
}
