import CoordinatorCore
import Identity
import TestSupport
import Testing
import Transport
import Wire

/// Devices that joined, among those that are named by their addresses.
@Suite(.timeLimit(.minutes(10))) struct MemberDevicesTests {
    @Test(arguments: [false, true])
    func `A device that joined is used under its name alone, though its address was named too`(
        isServing: Bool
    ) async throws {
        let cluster = try await LocalCluster.prepare(workers: 2)
        let coordinator = cluster.coordinator
        if isServing { try await coordinator.start() }
        coordinator.add(device: member(at: cluster.workers[0].endpoint))
        if !isServing { try await coordinator.start() }
        try await cluster.when {
            $0.devices.map(\.name) == ["w2", "pi1", "coordinator"] && $0.devices.allSatisfy(\.connected)
        }
        await cluster.stop()
    }

    @Test func `A host without a model leaves it out as well`() async throws {
        let cluster = try await LocalCluster.prepare(workers: 2)
        let host = ModelHost(
            devices: cluster.workers.map { DeviceDeclaration(name: $0.name, connection: .tcp($0.endpoint)) },
            transport: LocalWorker.makeTransport(), prepare: { path, _, _ in throw CoordinatorError(.model, path) })
        host.add(device: member(at: cluster.workers[0].endpoint))
        #expect(await host.report().devices.map(\.name) == ["w2", "pi1"])
        await cluster.stop()
    }

    @Test func `Another member that answers at a device's address is not taken for it`() async throws {
        let authority = TestAuthority.shared
        let links = UnheardLinks()
        let listener = try await LocalWorker.makeTransport(security: .mutual(try authority.security(.member))).listen(
            on: Endpoint(host: "127.0.0.1", port: 0),
            welcome: { _ in .success(Welcome(name: "pi2", softwareVersion: "")) }, handler: { _ in links })
        var settings = LocalCluster.Settings()
        settings.security = .mutual(try authority.security(.coordinator))
        let cluster = try await LocalCluster.prepare(workers: 0, settings: settings)
        let absent = member(at: listener.boundEndpoint, isRequired: true)
        cluster.coordinator.add(device: absent)
        let error = await #expect(throws: CoordinatorError.self) { try await cluster.coordinator.start() }
        #expect(error?.message.contains("another member") == true, "\(error?.message ?? "")")
        let host = ModelHost(
            devices: [absent], transport: LocalWorker.makeTransport(security: settings.security),
            prepare: { path, _, _ in throw CoordinatorError(.model, path) })
        #expect(await host.report().devices.map(\.connected) == [false])
        #expect(links.opened == 0)
        await cluster.stop()
        await listener.close()
    }

    private func member(at endpoint: Endpoint, isRequired: Bool = false) -> DeviceDeclaration {
        DeviceDeclaration(
            name: "pi1", connection: .tcp(endpoint), memberID: ClusterIdentity(new: .member).id,
            isRequired: isRequired)
    }
}
