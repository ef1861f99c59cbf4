import API
import CoordinatorCore
import NIOCore
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Clients that leave before their answer is complete.
@Suite(.timeLimit(.minutes(1)))
struct DisconnectTests {
    /// A connection of a client, blocking.
    private struct Connection {
        let number: Int32

        init(port: Int) throws {
            number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port).bigEndian)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(status == 0)
        }

        func send(path: String, body: String) {
            let text =
                "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            let bytes = Array(text.utf8)
            #expect(write(number, bytes, bytes.count) == bytes.count)
        }

        /// Reads until a text has come.
        func read(until wanted: String) -> String {
            var text = ""
            var bytes = [UInt8](repeating: 0, count: 4096)
            while !text.contains(wanted) {
                let count = recv(number, &bytes, bytes.count, 0)
                guard count > 0 else { break }
                text += String(decoding: bytes[..<count], as: UTF8.self)
            }
            return text
        }
    }

    @Test(arguments: [true, false]) func `a client that leaves frees its slot`(stream: Bool) async throws {
        let cluster = try await LocalCluster.start(workers: 1, context: 1 << 18)
        let coordinator = cluster.coordinator
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = APIServer(
            models: ModelHost(
                present: coordinator, transport: LocalWorker.makeTransport(),
                prepare: { path, _ in throw CoordinatorError(.model, path) }), host: "127.0.0.1", port: 0,
            logger: LocalWorker.logger,
            onListening: { port.yield($0?.port ?? 0) })
        let serving = Task { try await server.run() }
        let connection = try Connection(port: try #require(await ports.first { _ in true }))
        // An answer that would fill a context of 262144 positions.
        connection.send(
            path: "/v1/completions",
            body: #"{"prompt": "Hello", "stream": \#(stream), "logit_bias": {"0": -100, "2": -100}}"#)
        if stream {
            #expect(connection.read(until: "data: ").contains("200 OK"))
        } else {
            while await coordinator.report().runningSequences == 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        close(connection.number)
        try await coordinator.becomesIdle()
        #expect(coordinator.readiness == .ready)
        serving.cancel()
        _ = await serving.result
        await cluster.stop()
    }
}
