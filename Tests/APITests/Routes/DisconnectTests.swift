import API
import CoordinatorCore
import TestSupport
import Testing

/// Clients that leave before their answer is complete.
@Suite(.timeLimit(.minutes(10)))
struct DisconnectTests {
    @Test(arguments: [true, false]) func `a client that leaves frees its slot`(stream: Bool) async throws {
        let cluster = try await LocalCluster.start(workers: 1, context: 1 << 18)
        let coordinator = cluster.coordinator
        let server = try await TestServer(coordinator)
        let connection = try TestConnection(port: server.port)
        // An answer that would fill a context of 262144 positions.
        await connection.post(
            "/v1/completions", #"{"prompt": "Hello", "stream": \#(stream), "logit_bias": {"0": -100, "2": -100}}"#)
        if stream {
            #expect(await connection.read(until: "data: ").contains("200 OK"))
        } else {
            while await coordinator.report().runningSequences == 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        connection.close()
        try await coordinator.becomesIdle()
        #expect(coordinator.readiness == .ready)
        await server.stop()
        await cluster.stop()
    }
}
