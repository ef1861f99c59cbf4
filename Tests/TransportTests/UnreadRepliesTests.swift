import NIOCore
import Synchronization
import TestSupport
import Testing
import Transport
import Wire

/// Peers that ask and do not read, and that begin what they do not finish.
struct UnreadRepliesTests {
    private static let inspector = Hello(role: .inspector, session: 0, name: "lap", softwareVersion: "0.1.0")
    private static let replyBytes = 256 << 10

    /// Answers every frame with so many bytes, and tells what waits after each answer.
    private func answering(_ told: @escaping @Sendable (Int) -> Void = { _ in }) -> RecordingHandler {
        RecordingHandler { _, link in
            link.send(
                .linkProbeReply(LinkProbeReply(payload: [UInt8](repeating: 7, count: Self.replyBytes))), request: 1)
            told(link.pendingBytes)
        }
    }

    @Test(arguments: [Carrier.tcp, .tls]) func `Who asks and does not read is read no more, and gets all once it reads`(
        carrier: Carrier
    ) async throws {
        let most = Mutex(0)
        let accepting = answering { bytes in most.withLock { $0 = max($0, bytes) } }
        try await withLinkPair(carrier, hello: Self.inspector, accepting: accepting) { dialing, accepting in
            dialing.link.setReading(false)
            let count = 400
            for number in 1...count { dialing.link.send(numbered(number)) }
            // What is read at once before more than 2 MiB wait.
            _ = await accepting.handler.frames(8)
            dialing.link.setReading(true)
            #expect(await dialing.handler.frames(count).count == count)
            #expect(accepting.handler.frames.count == count)
            #expect(most.withLock { $0 } <= (2 << 20) + Self.replyBytes + 1024)
        }
    }

    @Test(arguments: [Carrier.tcp, .tls]) func `Who takes nothing of what waits is given up, though it pings`(
        carrier: Carrier
    ) async throws {
        var options = LinkOptions.patient
        options.writePatience = .milliseconds(200)
        options.pingAfter = .milliseconds(20)
        try await withLinkPair(carrier, options: options, hello: Self.inspector, accepting: answering()) {
            dialing, accepting in
            dialing.link.setReading(false)
            for number in 1...400 { dialing.link.send(numbered(number)) }
            #expect(await accepting.handler.closedError()?.code == .congested)
        }
    }

    @Test(arguments: [Carrier.tcp, .tls]) func `Who asks and is gone gets no replies made`(carrier: Carrier)
        async throws
    {
        let most = Mutex(0)
        let accepting = answering { bytes in most.withLock { $0 = max($0, bytes) } }
        try await withLinkPair(carrier, hello: Self.inspector, accepting: accepting) { dialing, accepting in
            dialing.link.setReading(false)
            for number in 1...400 { dialing.link.send(numbered(number)) }
            _ = await accepting.handler.frames(8)
            dialing.link.close()
            _ = await accepting.handler.closedError()
            #expect(most.withLock { $0 } <= (2 << 20) + Self.replyBytes + 1024)
        }
    }

    @Test func `Frames of a kind that a role does not bring close the link`() async throws {
        var options = LinkOptions.patient
        options.restrictsKinds = true
        try await withLinkPair(.tcp, options: options, hello: Self.inspector) { dialing, accepting in
            dialing.link.send(numbered(1))
            #expect(await accepting.handler.frames(1) == [numbered(1)])
            dialing.link.send(step(rows: 1, width: 8))
            #expect(await accepting.handler.closedError()?.code == .protocolViolation)
        }
        try await withLinkPair(.tcp, options: options) { dialing, accepting in
            dialing.link.send(step(rows: 1, width: 8))
            #expect(await accepting.handler.frames(1) == [step(rows: 1, width: 8)])
        }
    }

    @Test func `Unfinished frames of all links have so much room, and none is kept of a link that is closed`()
        async throws
    {
        var options = LinkOptions.patient
        let incoming = IncomingMemory(limit: 2 << 20)
        options.incoming = incoming
        try await withLinkPair(.tcp, options: options) { dialing, accepting in
            // Less than that is taken, again and again.
            for number in 1...4 { dialing.link.send(step(rows: 100, width: 1024, number: UInt64(number))) }
            #expect(await accepting.handler.frames(4).count == 4)
            dialing.link.send(step(rows: 8192, width: 1024))
            #expect(await accepting.handler.closedError()?.code == .congested)
            #expect(incoming.bytes == 0)
        }
    }
}
