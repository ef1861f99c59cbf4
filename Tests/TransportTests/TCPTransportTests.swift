import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Transport
import Wire

@Suite(.timeLimit(.minutes(10))) struct TCPTransportTests {
    private let transport = TCPTransport(
        eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: .patient)

    @Test func `Sixty-four links at once are told apart`() async throws {
        let accepted = Mutex<[String: RecordingHandler]>([:])
        let listener = try await transport.listen(on: Peers.loopback, welcome: { _ in .success(Peers.welcome) }) {
            peer in
            let handler = RecordingHandler { frame, link in link.send(frame) }
            accepted.withLock { $0[peer.name] = handler }
            return handler
        }
        let transport = transport
        let endpoint = listener.boundEndpoint
        try await withThrowingTaskGroup { group in
            for number in 1...64 {
                group.addTask {
                    let handler = RecordingHandler()
                    let hello = Hello(role: .inspector, session: 1, name: "d\(number)", softwareVersion: "")
                    let link = try await transport.connect(to: endpoint, hello: hello, handler: handler)
                    link.send(numbered(number))
                    let frames = await handler.frames(1)
                    #expect(frames == [numbered(number)])
                    link.close()
                    #expect(await handler.closedError() == nil)
                }
            }
            try await group.waitForAll()
        }
        #expect(Set(accepted.withLock { $0 }.keys) == Set((1...64).map { "d\($0)" }))
        await listener.close()
    }

    @Test func `A link opens on both sides while the dialing task gets no thread`() async throws {
        let accepting = RecordingHandler(), dialing = RecordingHandler(), executor = HeldExecutor()
        let listener = try await transport.listen(
            on: Peers.loopback, welcome: { _ in .success(Peers.welcome) }, handler: { _ in accepting })
        let endpoint = listener.boundEndpoint, transport = transport
        let connecting = Task(executorPreference: executor) {
            _ = try await transport.connect(to: endpoint, hello: Peers.hello, handler: dialing)
        }
        // What `connect` does before it waits; nothing after.
        executor.runNext()
        _ = try await accepting.openedLink()
        _ = try await dialing.openedLink()
        executor.release()
        try await connecting.value
        await listener.close()
    }

    @Test func `Closing a listener closes its links`() async throws {
        let accepting = RecordingHandler()
        let listener = try await transport.listen(
            on: Peers.loopback, welcome: { _ in .success(Peers.welcome) }, handler: { _ in accepting })
        let dialing = RecordingHandler()
        _ = try await transport.connect(to: listener.boundEndpoint, hello: Peers.hello, handler: dialing)
        _ = try await accepting.openedLink()
        await listener.close()
        #expect(await dialing.closedError()?.code == .closedByPeer)
        #expect(await accepting.closedError() == nil)
        await expect(.connectionRefused, "is `shoal worker` running on 127.0.0.1", connectingTo: listener.boundEndpoint)
    }

    @Test func `A refusal arrives with its code and message`() async throws {
        let refusal = Refusal(code: .busy, message: "lap2 has this worker")
        let listener = try await transport.listen(
            on: Peers.loopback, welcome: { _ in .failure(refusal) }, handler: { _ in RecordingHandler() })
        let error = await expect(.refused, "lap2 has this worker", connectingTo: listener.boundEndpoint)
        #expect(error?.refusal == refusal)
        await listener.close()
    }

    @Test func `A peer of another protocol version is refused, both versions named`() async throws {
        let listener = try await transport.listen(
            on: Peers.loopback, welcome: { _ in .success(Peers.welcome) }, handler: { _ in RecordingHandler() })
        var hello = Peers.hello
        (hello.lowestVersion, hello.highestVersion) = (2, 3)
        let error = await expect(
            .versionMismatch,
            "lap speaks protocol version 2 to 3, this side 1; upgrade Shoal on the device that lap dialed",
            connectingTo: listener.boundEndpoint, hello: hello)
        #expect(error?.refusal?.code == .versionMismatch)
        await listener.close()
    }

    @Test func `A port in use is named, with the mend`() async throws {
        let listener = try await transport.listen(
            on: Peers.loopback, welcome: { _ in .success(Peers.welcome) }, handler: { _ in RecordingHandler() })
        do {
            _ = try await transport.listen(
                on: listener.boundEndpoint, welcome: { _ in .success(Peers.welcome) },
                handler: { _ in RecordingHandler() })
            Issue.record("two listeners on one port")
        } catch {
            #expect(error.code == .portInUse)
            #expect(error.message.contains("port \(listener.boundEndpoint.port)") && error.message.contains("--listen"))
        }
        await listener.close()
    }

    @Test func `A name without an address is said to be one`() async {
        await expect(
            .unresolvedName, "no-such-host.invalid", connectingTo: Endpoint(host: "no-such-host.invalid", port: 1))
    }

    @Test func `A server of something else is told from a worker`() async throws {
        let server = try await RawServer.start(answering: ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n"))
        await expect(.notShoal, "answers in HTTP", connectingTo: server.endpoint)
        await server.stop()
    }

    @Test func `A server that says nothing times out`() async throws {
        let server = try await RawServer.start(answering: nil)
        let transport = TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        // On a busy machine a short time may be over before the connection is there, which is told in other words.
        for milliseconds in sequence(first: Int64(200), next: { $0 * 2 }) {
            let error = await #expect(throws: TransportError.self) {
                _ = try await transport.connect(
                    to: server.endpoint, hello: Peers.hello, timeout: .milliseconds(milliseconds),
                    handler: RecordingHandler())
            }
            #expect(error?.code == .timeout)
            #expect(error?.message.contains("\(server.endpoint)") == true)
            if error?.message.contains("is it a Shoal worker?") == true { break }
        }
        await server.stop()
    }

    @discardableResult
    private func expect(
        _ code: TransportError.Code, _ text: String, connectingTo endpoint: Endpoint, hello: Hello = Peers.hello,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async -> TransportError? {
        do {
            let link = try await transport.connect(to: endpoint, hello: hello, handler: RecordingHandler())
            link.close()
            Issue.record("the link opened", sourceLocation: sourceLocation)
            return nil
        } catch {
            #expect(error.code == code, sourceLocation: sourceLocation)
            #expect(error.message.contains(text), "\(error.message)", sourceLocation: sourceLocation)
            #expect(error.message.contains("\(endpoint)"), sourceLocation: sourceLocation)
            return error
        }
    }
}

/// Runs a task's jobs when it is told to, as a pool does whose threads are busy with something else.
private final class HeldExecutor: TaskExecutor {
    private let state = Mutex((jobs: [UnownedJob](), isReleased: false))

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isReleased = state.withLock { state in
            if !state.isReleased { state.jobs.append(job) }
            return state.isReleased
        }
        if isReleased { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Runs the job that has waited longest.
    func runNext() {
        let job = state.withLock { $0.jobs.removeFirst() }
        job.runSynchronously(on: asUnownedTaskExecutor())
    }

    /// Runs the jobs that wait, and from now on every job at once.
    func release() {
        let jobs = state.withLock { state in
            defer { state = ([], true) }
            return state.jobs
        }
        for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
