import API
import CoordinatorCore
import Dispatch
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

/// The API on a port of loopback.
struct TestServer {
    let port: Int
    private let serving: Task<Void, any Error>

    init(
        _ coordinator: Coordinator, access: AccessControl = .withoutKeys, sites: SitePolicy = SitePolicy(),
        limits: ConnectionLimits = ConnectionLimits()
    ) async throws {
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let server = APIServer(
            models: ModelHost(
                present: coordinator, transport: LocalWorker.makeTransport(),
                prepare: { path, _, _ in throw CoordinatorError(.model, path) }),
            access: access, host: "127.0.0.1", port: 0, sites: sites, limits: limits, logger: LocalWorker.logger,
            onListening: { listening.yield($0?.port ?? 0) })
        serving = Task { try await server.run() }
        port = try #require(await ports.first { _ in true })
    }

    /// Sends JSON on a connection of its own, for an answer in one piece however long it takes.
    func post(_ path: String, _ body: String) async throws -> Answered {
        let connection = try TestConnection(port: port)
        defer { connection.close() }
        await connection.post(path, body, headers: "Connection: close\r\n")
        // All of it: no answer has this character.
        let answer = await connection.read(until: "\0")
        let end = try #require(answer.firstRange(of: "\r\n\r\n"))
        let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answered(status: try #require(status), headers: [:], body: String(answer[end.upperBound...]))
    }

    func stop() async {
        serving.cancel()
        _ = await serving.result
    }
}

/// A connection of a client; a read that waits for two minutes ends. What may wait is not on the threads that the server shares.
struct TestConnection: Sendable {
    private let number: Int32

    /// - Parameter receiving: the bytes that the system keeps unread, about.
    init(port: Int, receiving: Int32? = nil) throws {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var receiving { setsockopt(number, SOL_SOCKET, SO_RCVBUF, &receiving, socklen_t(MemoryLayout<Int32>.size)) }
        var wait = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        // sockaddr_in of 127.0.0.1.
        var address = [UInt8](repeating: 0, count: 16)
        withUnsafeBytes(of: sa_family_t(AF_INET)) { address.replaceSubrange(0..<2, with: $0) }
        address.replaceSubrange(2..<8, with: [UInt8(port >> 8), UInt8(port & 0xff), 127, 0, 0, 1])
        let status = address.withUnsafeBytes {
            connect(number, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        try #require(status == 0)
    }

    func close() { _ = systemClose(number) }

    /// Closes the sending side only.
    func endSending() { _ = shutdown(number, Int32(SHUT_WR)) }

    /// - Returns: whether all of it could be sent.
    @discardableResult
    func send(_ text: String) async -> Bool {
        await waiting {
            let bytes = Array(text.utf8)
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    systemSend(number, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    func get(_ path: String) async { await send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n") }

    func post(_ path: String, _ body: String, headers: String = "") async {
        await send(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    /// Reads until a text has come, or the server closes the connection.
    func read(until wanted: String) async -> String {
        await waiting {
            var text: [UInt8] = []
            var bytes = [UInt8](repeating: 0, count: 65536)
            // What is looked for may lie across two reads.
            while !String(decoding: text.suffix(bytes.count + 100), as: UTF8.self).contains(wanted) {
                let count = recv(number, &bytes, bytes.count, 0)
                guard count > 0 else { break }
                text += bytes[..<count]
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// Reads on and drops it; whether the server closed the connection, rather than that it said nothing for two minutes.
    func isClosed() async -> Bool {
        await waiting {
            var bytes = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = recv(number, &bytes, bytes.count, 0)
                if count == 0 { return true }
                if count < 0 { return errno == ECONNRESET || errno == EPIPE }
            }
        }
    }

    private func waiting<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { done in DispatchQueue.global().async { done.resume(returning: work()) } }
    }
}

// By other names where a method has theirs.
private let systemClose: @Sendable (Int32) -> Int32 = { close($0) }
private let systemSend: @Sendable (Int32, UnsafeRawPointer, Int, Int32) -> Int = { send($0, $1, $2, $3) }
