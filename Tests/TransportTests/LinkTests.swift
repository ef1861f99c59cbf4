import NIOCore
import Synchronization
import TestSupport
import Testing
import Transport
import Wire

/// What every link does, however it is carried.
@Suite(.timeLimit(.minutes(10))) struct LinkTests {
    @Test(arguments: Carrier.allCases) func `Both sides know each other`(carrier: Carrier) async throws {
        try await withLinkPair(carrier) { dialing, accepting in
            #expect(dialing.link.peer.name == "pi1" && dialing.link.peer.softwareVersion == "0.2.0")
            #expect(accepting.link.peer.name == "lap" && accepting.link.peer.softwareVersion == "0.1.0")
            for peer in [dialing.link.peer, accepting.link.peer] {
                #expect(peer.role == .coordinator && peer.session == 7 && peer.version == 1 && !peer.address.isEmpty)
            }
            #expect(dialing.handler.events == [.opened])
        }
    }

    @Test(arguments: Carrier.allCases) func `Frames of one thread keep their order`(carrier: Carrier) async throws {
        try await withLinkPair(carrier) { dialing, accepting in
            for number in 1...2_000 { dialing.link.send(numbered(number)) }
            let frames = await accepting.handler.frames(2_000)
            #expect(frames == (1...2_000).map(numbered))
        }
    }

    @Test(arguments: Carrier.allCases) func `Frames of many threads arrive all, each thread's in order, one at a time`(
        carrier: Carrier
    ) async throws {
        try await withLinkPair(carrier) { dialing, accepting in
            let link = dialing.link
            await withTaskGroup { group in
                for thread in 0..<8 {
                    group.addTask { for number in 0..<250 { link.send(numbered(thread * 1_000 + number)) } }
                }
            }
            let frames = await accepting.handler.frames(2_000)
            for thread in 0..<8 {
                let own = frames.filter { frame in
                    guard case .control(let message) = frame else { return false }
                    return message.request / 1_000 == thread
                }
                #expect(own == (0..<250).map { numbered(thread * 1_000 + $0) })
            }
            #expect(accepting.handler.overlaps == 0)
        }
    }

    @Test(arguments: [Carrier.tcp, .tls]) func `The way of a frame is timed, by nothing that the peer's handler hears`(
        carrier: Carrier
    ) async throws {
        try await withLinkPair(carrier) { dialing, accepting in
            let time = await withCheckedContinuation { told in
                dialing.link.timeArrival { told.resume(returning: $0) }
                dialing.link.send(step(rows: 512, width: 4_096))
            }
            #expect(time > .zero)
            #expect(await accepting.handler.frames(1).count == 1)
            #expect(dialing.handler.events == [.opened])
        }
    }

    @Test(arguments: Carrier.allCases) func `Frames of which the system takes a part arrive whole, in their order`(
        carrier: Carrier
    ) async throws {
        // 128 KiB each: together more than sockets hold for a peer that does not read.
        let steps = (1...200).map { step(rows: 8, width: 4_096, number: UInt64($0)) }
        try await withLinkPair(carrier) { dialing, accepting in
            accepting.link.setReading(false)
            for (index, step) in steps.enumerated() {
                dialing.link.send(step)
                if index % 10 == 0 { dialing.link.timeArrival { _ in } }
            }
            #expect(dialing.link.pendingBytes > 0)
            accepting.link.setReading(true)
            #expect(await accepting.handler.frames(steps.count) == steps)
            for step in steps.prefix(3) { dialing.link.send(step) }
            #expect(await accepting.handler.frames(steps.count + 3).suffix(3) == steps.prefix(3))
        }
    }

    @Test(arguments: Carrier.allCases) func `Large frames go both ways at once, unchanged`(carrier: Carrier)
        async throws
    {
        let there = step(rows: 1_024, width: 4_096)
        let back = step(rows: 1_000, width: 4_096, number: 2)
        try await withLinkPair(carrier) { dialing, accepting in
            for _ in 0..<3 {
                dialing.link.send(there)
                accepting.link.send(back)
            }
            let (atAccepting, atDialing) = (await accepting.handler.frames(3), await dialing.handler.frames(3))
            #expect(atAccepting == [there, there, there])
            #expect(atDialing == [back, back, back])
        }
    }

    @Test(arguments: Carrier.allCases) func `Handlers that answer each other a thousand times neither recurse nor hang`(
        carrier: Carrier
    ) async throws {
        let count = 10_000
        let answer: @Sendable (Frame, any Link) -> Void = { frame, link in
            guard case .control(let message) = frame, message.request < count else { return }
            link.send(numbered(Int(message.request) + 1))
        }
        let (dialing, accepting) = (RecordingHandler(answer: answer), RecordingHandler(answer: answer))
        try await withLinkPair(carrier, dialing: dialing, accepting: accepting) { dialing, accepting in
            dialing.link.send(numbered(1))
            let frames = await accepting.handler.frames(count / 2)
            #expect(frames.last == numbered(count - 1))
            let answers = await dialing.handler.frames(count / 2)
            #expect(answers.last == numbered(count))
            #expect(dialing.handler.overlaps + accepting.handler.overlaps == 0)
        }
    }

    @Test(arguments: Carrier.allCases) func `Closing tells both sides once, after what was sent before`(
        carrier: Carrier
    ) async throws {
        var options = LinkOptions.patient
        // Something is always on its way to who closes: it must not destroy what is on its way from there.
        options.pingAfter = .milliseconds(1)
        try await withLinkPair(carrier, options: options) { dialing, accepting in
            for number in 1...100 { dialing.link.send(numbered(number)) }
            dialing.link.send(step(rows: 512, width: 4_096))
            dialing.link.close()
            dialing.link.close()
            #expect(await dialing.handler.closedError() == nil)
            let error = await accepting.handler.closedError()
            #expect(error?.code == .closedByPeer)
            #expect(accepting.handler.frames.count == 101)
            #expect(accepting.handler.events.count == 103)

            let dropped = Mutex<[Bool]>([])
            dialing.link.send(numbered(1)) { written in dropped.withLock { $0.append(written) } }
            accepting.link.send(numbered(1))
            accepting.link.close()
            #expect(dropped.withLock { $0 } == [false])
            #expect(dialing.handler.events == [.opened, .closed(nil)])
            #expect(accepting.handler.events.count == 103)
        }
    }

    @Test(arguments: Carrier.allCases) func `A handler may close its link from within a call`(carrier: Carrier)
        async throws
    {
        let accepting = RecordingHandler { _, link in link.close() }
        try await withLinkPair(carrier, accepting: accepting) { dialing, accepting in
            for number in 1...10 { dialing.link.send(numbered(number)) }
            #expect(await accepting.handler.closedError() == nil)
            #expect(accepting.handler.events == [.opened, .received(numbered(1)), .closed(nil)])
            #expect(await dialing.handler.closedError()?.code == .closedByPeer)
        }
    }

    @Test(arguments: Carrier.allCases) func `Senders learn when a frame has left`(carrier: Carrier) async throws {
        try await withLinkPair(carrier) { dialing, accepting in
            let link = dialing.link
            let written = await withCheckedContinuation { continuation in
                link.send(step(rows: 64, width: 1_024)) { continuation.resume(returning: $0) }
            }
            #expect(written)
            _ = await accepting.handler.frames(1)
            // A ping may wait for a moment.
            while link.pendingBytes > 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    @Test(arguments: Carrier.allCases) func `A frame that the protocol does not allow closes the link`(
        carrier: Carrier
    ) async throws {
        try await withLinkPair(carrier) { dialing, accepting in
            dialing.link.send(.step(StepFrame(epoch: 1, stage: 1, step: 1, entries: [], width: 3, codec: .none)))
            #expect(await dialing.handler.closedError()?.code == .invalidFrame)
            let error = await accepting.handler.closedError()
            #expect(error != nil)
            #expect(accepting.handler.frames.isEmpty)
        }
    }

    @Test(arguments: Carrier.allCases) func `Who does not read is sent only so much, and nothing is lost`(
        carrier: Carrier
    ) async throws {
        let sent = (1...16).map { step(rows: 256, width: 4_096, number: UInt64($0)) }
        // The first frame stops the reading from within its delivery, so that none comes after it.
        let stopping = RecordingHandler { frame, link in if frame == sent[0] { link.setReading(false) } }
        try await withLinkPair(carrier, accepting: stopping) { dialing, accepting in
            let written = Mutex(0)
            for frame in sent { dialing.link.send(frame) { if $0 { written.withLock { $0 += 1 } } } }
            _ = await accepting.handler.frames(1)
            // The other way is open, and by then more would have come.
            accepting.link.send(numbered(1))
            #expect(await dialing.handler.frames(1) == [numbered(1)])
            // What the sockets hold is less than half of it: 64 MiB.
            #expect(accepting.handler.frames == [sent[0]])
            #expect(written.withLock { $0 } < 16 && dialing.link.pendingBytes > 32 << 20)
            accepting.link.setReading(true)
            #expect(await accepting.handler.frames(16) == sent)
        }
    }

    @Test(arguments: Carrier.allCases) func `Pings reach no handler`(carrier: Carrier) async throws {
        try await withLinkPair(carrier) { dialing, accepting in
            dialing.link.send(.ping(Ping(nonce: 1)))
            dialing.link.send(numbered(1))
            accepting.link.send(.pong(Pong(nonce: 1)))
            accepting.link.send(numbered(2))
            #expect(await accepting.handler.frames(1) == [numbered(1)])
            #expect(await dialing.handler.frames(1) == [numbered(2)])
        }
    }
}
