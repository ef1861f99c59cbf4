import CoordinatorCore
import Dispatch
import NIOCore
import Sensors
import Synchronization
import TestSupport
import Transport
import Wire
import WorkerCore

/// A worker on loopback within the process, and an honest coordinator that it has to answer whatever others do.
///
/// Used by one thread.
final class WorkerUnderTest {
    /// What it may use for stages.
    static let memoryBytes = 64 << 20
    private static let storeBytes = 8 << 20
    /// How long an honest request may take.
    private static let patience: CInt = 30_000
    private static let tokens: UInt32 = 5

    let port: UInt16
    private let folder: TemporaryFolder
    private let worker: Worker
    private let conversations: WorkerConversations
    private var honest: PeerSocket?
    /// Of honest coordinators: far from the numbers that inputs are made with, for who names one has it.
    private var sessions: UInt64 = 0x5e55_10b5_a1d0_0000
    private var requests: UInt64 = 0
    /// The logits that the honest step gives.
    private var expected: ByteBuffer?

    init(_ conversations: WorkerConversations) throws {
        self.conversations = conversations
        folder = try TemporaryFolder()
        let transport = LocalWorker.makeTransport()
        var configuration = WorkerConfiguration(
            name: "fuzzed", memoryBytes: Self.memoryBytes, threads: 1, sessionRetention: .zero)
        // Of a machine without files: it is asked what is wrong with it as any other.
        configuration.machine = Machine(files: SystemFiles(root: folder.path))
        let worker = Worker(
            configuration: configuration,
            shards: try ShardStore(dataFolder: folder.path, limitBytes: Self.storeBytes), transport: transport,
            logger: LocalWorker.logger)
        self.worker = worker
        port = try blocking {
            let listener = try await transport.listen(
                on: Endpoint(host: "127.0.0.1", port: 0), welcome: { worker.welcome($0) },
                handler: { worker.handler(for: $0) })
            return UInt16(listener.boundEndpoint.port)
        }
        renew()
    }

    deinit { folder.remove() }

    /// A fresh coordinator in the honest one's place: whatever others did, its stage loads.
    func renew() {
        honest?.send(Conversation.frame(.goodbye(Goodbye(reason: "done"))), milliseconds: Self.patience)
        honest = nil
        // Links and stages of others go a moment after they ended.
        let deadline = ContinuousClock.now + .seconds(20)
        var reason = ""
        while ContinuousClock.now < deadline {
            if let refusal = connect() { reason = refusal } else { break }
            pause()
        }
        guard honest != nil else { fatalError("an honest coordinator finds no place: \(reason)") }
        check()
    }

    /// - Returns: why not, where the worker has no room yet.
    private func connect() -> String? {
        guard let socket = PeerSocket(port: port) else { return "no connection" }
        sessions += 1
        let hello = Hello(role: .coordinator, session: sessions, name: "honest", softwareVersion: "fuzz")
        socket.send(Conversation.frame(.hello(hello)), milliseconds: Self.patience)
        guard case .control(let answer)? = socket.next(milliseconds: Self.patience) else {
            fatalError("a hello is not answered")
        }
        guard case .welcome = answer.body else { return "\(answer.body)" }
        for part in conversations.shards.shards.parts(embedding: true, layers: 0..<2, head: true) {
            let id = conversations.shards.id(part)
            guard case .shardInventory(let held) = ask(.shardInquiry(ShardInquiry(ids: [id])), socket) else {
                fatalError("an inquiry is not answered")
            }
            if held.shards[0].complete { continue }
            for piece in conversations.shards.pieces(part, size: 1 << 20) {
                guard let bytes = try? Samples.bytes(of: .piece(piece)) else { fatalError("a piece cannot be encoded") }
                socket.send(Array(bytes.readableBytesView), milliseconds: Self.patience)
            }
            // Stored, or refused, as where another's beginning is there.
            while case .control(let message)? = socket.next(milliseconds: Self.patience) {
                if case .shardStored = message.body { break }
                if case .failure(let failure) = message.body { return failure.message }
            }
        }
        switch ask(.loadStage(conversations.load(WorkerConversations.whole)), socket) {
        case .stageLoaded: honest = socket
        case .failure(let failure): return failure.message
        case let other: fatalError("the honest stage is answered with \(String(describing: other))")
        }
        return nil
    }

    /// The honest request is answered, with the bits that it always has.
    func check() {
        guard let honest else { fatalError("no honest coordinator") }
        requests += 1
        let step = FrameMutation.step(
            [.open(1), .rows(1, at: 0, Self.tokens, output: 1), .init(sequence: 1, kind: 5)], number: requests)
        honest.send(step, milliseconds: Self.patience)
        var last = "nothing"
        while let frame = honest.next(milliseconds: Self.patience) {
            switch frame {
            case .step(let result) where result.step == requests:
                guard let expected else { return self.expected = result.payload }
                precondition(result.payload == expected, "the honest request has other logits")
                return
            case .control(let message):
                if case .stepFailed(let failure) = message.body {
                    fatalError("the honest step failed: \(failure.message)")
                }
                last = "\(message.body)"
            case .step, .piece, .cache: last = frame.summary
            }
        }
        fatalError("the honest request \(requests) is not answered: \(honest.end); the last that came was \(last)")
    }

    /// Nothing is left of what others had the worker hold.
    func checkThatNothingIsLeft() {
        guard let honest else { fatalError("no honest coordinator") }
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            guard case .deviceReport(let report) = ask(.describeDevice(DescribeDevice()), honest) else {
                fatalError("the device is not described")
            }
            if report.stages.count == 1 { return }
            guard ContinuousClock.now < deadline else { fatalError("stages are left: \(report.stages)") }
            pause()
        }
    }

    private func ask(_ body: ControlBody, _ socket: PeerSocket) -> ControlBody? {
        requests += 1
        socket.send(Conversation.frame(body, request: requests), milliseconds: Self.patience)
        while let frame = socket.next(milliseconds: Self.patience) {
            if case .control(let message) = frame, message.request == requests { return message.body }
        }
        return nil
    }
}

/// A moment for other threads.
func pause() { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(2)) }

/// What asynchronous work gives, for a thread that may block.
func blocking<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
    let (done, result) = (DispatchSemaphore(value: 0), Outcome<Value>())
    Task.detached {
        do {
            let value = try await work()
            result.set(.success(value))
        } catch {
            result.set(.failure(error))
        }
        done.signal()
    }
    done.wait()
    guard let given = result.given else { preconditionFailure("nothing was given") }
    return try given.get()
}

/// A result that another thread gives.
final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Result<Value, any Error>?>(nil)

    func set(_ result: Result<Value, any Error>) { value.withLock { $0 = result } }

    /// Nothing, where none was given.
    var given: Result<Value, any Error>? { value.withLock { $0 } }
}
