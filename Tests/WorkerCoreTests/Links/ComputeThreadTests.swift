import NIOCore
import Synchronization
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A worker's compute thread as the reader of a link.
@Suite(.timeLimit(.minutes(10))) struct ComputeThreadTests {
    @Test func `it reads lone steps by itself, until others have work for it`() async throws {
        try await withLink { tested, echo, send in
            let compute = await thread(of: tested) {}
            // The first one's thread is the event loop's, which then lends, unless the machine is so busy that such a step seems slow, or a
            // pause comes before the next.
            while !echo.threads.contains(compute) {
                // One that is for no stage is soon done.
                tested.link.send(
                    .step(tokenStep([5], entries: [.rows(sequence: 1, position: 0, count: 1, output: .all)])))
                _ = await thread(of: tested) {}
                for _ in 1...10 { await send(echo.threads.count + 1) }
            }
            #expect(echo.threads[0] != compute)

            _ = await thread(of: tested) {}
            await send(echo.threads.count + 1)
            #expect(echo.threads.last != compute)
        }
    }

    @Test func `it leaves the link to the event loop until it knows how long such steps take`() async throws {
        try await withLink { tested, echo, send in
            let compute = await thread(of: tested) {}
            for number in 1...5 { await send(number) }
            #expect(echo.threads.count == 5 && !echo.threads.contains(compute))
        }
    }

    /// Does something on the compute thread.
    ///
    /// - Returns: that thread.
    private func thread(of tested: TestWorker, _ work: @escaping @Sendable () -> Void) async -> UInt {
        await withCheckedContinuation { done in
            tested.worker.afterSteps {
                work()
                done.resume(returning: currentThread)
            }
        }
    }

    /// A link whose one side answers steps with themselves, and the worker's compute thread may read; `send` returns when the answer is there.
    private func withLink(
        _ body: (TestWorker, Echo, _ send: (Int) async -> Void) async throws -> Void
    ) async throws {
        let tested = try TestWorker()
        let echo = Echo(reader: tested.worker.reader)
        let transport = LocalWorker.makeTransport()
        let listener = try await transport.listen(
            on: Endpoint(host: "127.0.0.1", port: 0),
            welcome: { _ in .success(Welcome(name: "echo", softwareVersion: "1")) }, handler: { _ in echo })
        let answers = Answers()
        let link = try await transport.connect(
            to: listener.boundEndpoint, hello: hello(.coordinator, session: 1), handler: answers)
        try await body(tested, echo) { number in
            await answers.wait {
                link.send(
                    .step(
                        StepFrame(
                            epoch: 1, stage: 0, step: UInt64(number),
                            entries: [.rows(sequence: 1, position: 0, count: 1, output: .last)], width: 1, codec: .f32,
                            payload: ByteBuffer(bytes: [0, 0, 0, 0]))))
            }
        }
        link.close()
        await listener.close()
        tested.end()
    }
}

private var currentThread: UInt {
    #if canImport(Glibc)
    pthread_self()
    #else
    UInt(bitPattern: pthread_self())
    #endif
}

/// Answers with what came, and keeps which threads read it.
private final class Echo: LinkHandler {
    let reader: (any LinkReader)?
    private let state = Mutex<[UInt]>([])

    init(reader: any LinkReader) { self.reader = reader }

    var threads: [UInt] { state.withLock { $0 } }

    func received(_ frame: Frame, on link: any Link) {
        state.withLock { $0.append(currentThread) }
        link.send(frame)
    }

    func closed(_ link: any Link, error: TransportError?) {}
}

private final class Answers: LinkHandler {
    private let waiting = Mutex<CheckedContinuation<Void, Never>?>(nil)

    func wait(after send: () -> Void) async {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0 = continuation }
            send()
        }
    }

    func received(_ frame: Frame, on link: any Link) {
        waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }?.resume()
    }

    func closed(_ link: any Link, error: TransportError?) {}
}
