import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Transport
import Wire

/// A link whose reading goes to and fro between its event loop and the thread that works on its steps.
@Suite(.timeLimit(.minutes(10))) struct LendingTests {
    @Test func `Lone steps are read by the thread that works on them, and sent one after the other all arrive`()
        async throws
    {
        let reader = ReaderThread(patienceMilliseconds: 10_000)
        let onReader = Mutex(0)
        let accepting = RecordingHandler(reader: reader) { frame, link in
            if ReaderThread.isCurrent { onReader.withLock { $0 += 1 } }
            link.send(frame)
        }
        try await withLinkPair(.tcp, accepting: accepting) { dialing, accepting in
            var sent: [Frame] = []
            // The first comes by the loop, which then lends it for as long as nothing else comes, as a ping.
            while onReader.withLock({ $0 }) < 100 {
                sent.append(step(rows: 1, width: 64, number: UInt64(sent.count + 1)))
                dialing.link.send(sent[sent.count - 1])
                #expect(await dialing.handler.frames(sent.count).count == sent.count)
            }
            #expect(await accepting.handler.frames(sent.count) == sent)
        }
        await until { reader.counts.givenBack == reader.counts.borrowed }
        #expect(onReader.withLock { $0 } == reader.counts.delivered)
        #expect(accepting.overlaps == 0)
    }

    @Test func `Whatever comes between lone steps keeps its order`() async throws {
        let reader = ReaderThread()
        let accepting = RecordingHandler(reader: reader)
        let sent = (1...600).map { number in
            switch number % 11 {
            case 3: numbered(number)
            case 7: step(rows: 3, width: 4_096, number: UInt64(number))
            case 9: step(rows: 1, width: 40_000, number: UInt64(number))
            default: step(rows: 1, width: 64, number: UInt64(number))
            }
        }
        try await withLinkPair(.tcp, accepting: accepting) { dialing, accepting in
            for (index, frame) in sent.enumerated() {
                dialing.link.send(frame)
                if index % 5 == 0 { _ = await accepting.handler.frames(index + 1) }
            }
            #expect(await accepting.handler.frames(sent.count) == sent)
        }
        #expect(accepting.overlaps == 0 && reader.counts.delivered > 0 && reader.counts.borrowed > 1)
        await until { reader.counts.givenBack == reader.counts.borrowed }
    }

    @Test(arguments: [1, 7, 1_000]) func `A step that comes in pieces is whole`(size: Int) async throws {
        let reader = ReaderThread()
        let steps = (1...4).map { step(rows: 1, width: 64, number: UInt64($0)) }
        try await withListener(reader: reader) { endpoint, accepting in
            var stream = try bytes(of: .control(ControlMessage(body: .hello(Peers.hello))))
            for step in steps { stream.writeImmutableBuffer(try bytes(of: step)) }
            var parts: [ByteBuffer] = []
            while let part = stream.readSlice(length: min(size, stream.readableBytes)), part.readableBytes > 0 {
                parts.append(part)
            }
            let peer = try await RawPeer.connect(to: endpoint)
            async let answer = peer.exchange(parts)
            #expect(await accepting.frames(4) == steps)
            accepting.link?.close()
            _ = try await answer
        }
        await until { reader.counts.givenBack == reader.counts.borrowed }
    }

    @Test func `What is no frame ends the link with a reason, whoever reads`() async throws {
        let reader = ReaderThread(patienceMilliseconds: 10_000)
        try await withListener(reader: reader) { endpoint, accepting in
            let first = step(rows: 1, width: 64)
            let peer = try await RawPeer.connect(to: endpoint)
            let opening = try [bytes(of: .control(ControlMessage(body: .hello(Peers.hello)))), bytes(of: first)]
            _ = try await peer.exchange(
                opening, thenOnce: { reader.counts.borrowed == 1 }, ByteBuffer(string: "garbage"))
            #expect(await accepting.closedError()?.code == .notShoal)
            #expect(accepting.frames == [first])
        }
        await until { reader.counts.givenBack == 1 }
    }

    @Test func `A peer that ends has its last steps taken, and is then lost`() async throws {
        let reader = ReaderThread(patienceMilliseconds: 10_000)
        let accepting = RecordingHandler(reader: reader)
        try await withListener(accepting) { endpoint, accepting in
            let steps = (1...3).map { step(rows: 1, width: 64, number: UInt64($0)) }
            let peer = try await RawPeer.connect(to: endpoint)
            var rest = try bytes(of: steps[1])
            rest.writeImmutableBuffer(try bytes(of: steps[2]))
            let opening = try [bytes(of: .control(ControlMessage(body: .hello(Peers.hello)))), bytes(of: steps[0])]
            _ = try await peer.exchange(opening, until: 1, thenOnce: { reader.counts.borrowed == 1 }, rest)
            #expect(await accepting.closedError()?.code == .connectionLost)
            #expect(accepting.frames == steps)
        }
        await until { reader.counts.givenBack == reader.counts.borrowed }
        #expect(accepting.overlaps == 0)
    }

    @Test(arguments: [true, false]) func `A link that is closed does not wait for what the thread waits for`(
        here: Bool
    ) async throws {
        let reader = ReaderThread(patienceMilliseconds: 1_000_000)
        let accepting = RecordingHandler(reader: reader)
        try await withLinkPair(.tcp, accepting: accepting) { dialing, accepting in
            dialing.link.send(step(rows: 1, width: 64))
            _ = await accepting.handler.frames(1)
            await until { reader.counts.borrowed == 1 }
            (here ? accepting : dialing).link.close()
            let (ours, theirs) = (await accepting.handler.closedError(), await dialing.handler.closedError())
            #expect(ours?.code == (here ? nil : .closedByPeer))
            #expect(theirs?.code == (here ? .closedByPeer : nil))
        }
        await until { reader.counts.givenBack == 1 }
    }

    @Test func `A side that stops reading gets its reading back, and no more frames`() async throws {
        let reader = ReaderThread(patienceMilliseconds: 1_000_000)
        let accepting = RecordingHandler(reader: reader)
        try await withLinkPair(.tcp, accepting: accepting) { dialing, accepting in
            dialing.link.send(step(rows: 1, width: 64, number: 1))
            await until { reader.counts.borrowed == 1 }
            accepting.link.setReading(false)
            await until { reader.counts.givenBack == 1 }
            await withCheckedContinuation { written in
                dialing.link.send(step(rows: 1, width: 64, number: 2)) { _ in written.resume() }
            }
            // The step is at the other side now, whose event loop has turned when the next one has come from there.
            accepting.link.send(numbered(1))
            #expect(await dialing.handler.frames(1) == [numbered(1)])
            #expect(accepting.handler.frames.count == 1)
            accepting.link.setReading(true)
            #expect(await accepting.handler.frames(2).count == 2)
        }
    }

    @Test func `A peer that falls silent is given up also where a thread waits for it`() async throws {
        var options = LinkOptions.patient
        options.giveUpAfter = .milliseconds(500)
        let reader = ReaderThread(patienceMilliseconds: 100)
        try await withListener(RecordingHandler(reader: reader), options) { endpoint, accepting in
            let peer = try await RawPeer.connect(to: endpoint)
            let opening = try [
                bytes(of: .control(ControlMessage(body: .hello(Peers.hello)))), bytes(of: step(rows: 1, width: 64)),
            ]
            _ = try await peer.exchange(opening)
            #expect(await accepting.closedError()?.code == .silent)
        }
        #expect(reader.counts.borrowed == 1)
        await until { reader.counts.givenBack == 1 }
    }

    @Test func `A thread that is busy leaves no link unread for long`() async throws {
        /// Takes what it is lent, and never comes to it.
        final class BusyThread: LinkReader {
            let readings = Mutex<[LentReading]>([])

            func borrow(_ reading: LentReading) -> Bool {
                readings.withLock { $0.append(reading) }
                return true
            }

            func returnReading() {}
        }

        let busy = BusyThread()
        var options = LinkOptions.patient
        options.pingAfter = .milliseconds(50)
        let sent = (1...3).map { step(rows: 1, width: 64, number: UInt64($0)) }
        try await withLinkPair(.tcp, options: options, accepting: RecordingHandler(reader: busy)) {
            dialing, accepting in
            for (index, step) in sent.enumerated() {
                dialing.link.send(step)
                #expect(await accepting.handler.frames(index + 1).count == index + 1)
                await until { busy.readings.withLock { $0.count } == index + 1 }
            }
            // It has lost all but the last.
            let pipe = try #require(WakePipe())
            for reading in busy.readings.withLock({ $0 }).dropLast() {
                #expect(reading.wait(or: pipe, milliseconds: 10_000) == .interruption)
                #expect(!reading.deliver())
                reading.giveBack()
            }
            #expect(accepting.handler.frames == sent)
        }
    }

    @Test func `The way of a lone step is timed where a thread reads`() async throws {
        let reader = ReaderThread(patienceMilliseconds: 1_000_000)
        let accepting = RecordingHandler(reader: reader)
        try await withLinkPair(.tcp, accepting: accepting) { dialing, accepting in
            dialing.link.send(step(rows: 1, width: 64, number: 1))
            await until { reader.counts.borrowed == 1 }
            let told = Mutex<Duration?>(nil)
            dialing.link.timeArrival { time in told.withLock { $0 = time } }
            // The answer is not to come before the step does.
            accepting.link.send(numbered(1))
            #expect(await dialing.handler.frames(1) == [numbered(1)])
            #expect(told.withLock { $0 } == nil)
            dialing.link.send(step(rows: 1, width: 64, number: 2))
            await until { told.withLock { $0 } != nil }
            #expect(await accepting.handler.frames(2).count == 2)
        }
    }

    @Test func `A ping that times a step is answered by who reads the step`() async throws {
        let reader = ReaderThread(patienceMilliseconds: 1_000_000)
        let accepting = RecordingHandler(reader: reader)
        try await withLinkPair(.tcp, accepting: accepting) { dialing, accepting in
            for number in 1...20 {
                dialing.link.send(step(rows: 1, width: 64, number: UInt64(2 * number)))
                #expect(await accepting.handler.frames(2 * number - 1).count == 2 * number - 1)
                // By now the event loop or the thread may read it; the step comes when it has been read.
                let told = Mutex<Duration?>(nil)
                dialing.link.timeArrival { time in told.withLock { $0 = time } }
                for _ in 0..<number % 5 { await Task.yield() }
                dialing.link.send(step(rows: 1, width: 64, number: UInt64(2 * number + 1)))
                await until { told.withLock { $0 } != nil }
                #expect(await accepting.handler.frames(2 * number).count == 2 * number)
            }
        }
    }

    private func until(_ condition: () -> Bool) async {
        while !condition() { try? await Task.sleep(for: .milliseconds(1)) }
    }

    private func withListener(
        reader: ReaderThread, _ body: (Endpoint, RecordingHandler) async throws -> Void
    ) async throws { try await withListener(RecordingHandler(reader: reader), .patient, body) }

    private func withListener(
        _ accepting: RecordingHandler, _ options: LinkOptions = .patient,
        _ body: (Endpoint, RecordingHandler) async throws -> Void
    ) async throws {
        try await TransportTests.withListener(
            TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: options),
            accepting: accepting, body)
    }
}
