import ModelParts
import CoordinatorCore
import GGUF
import ModelGraph
import Tensors
import NIOCore
import TestSupport
import Transport
import Wire
import WorkerCore

/// A worker with a store in a folder of its own, linked to a probe.
struct TestWorker {
    let folder: TemporaryFolder
    let worker: Worker
    let store: ShardStore
    let shards: TestShards
    let probe = WorkerProbe()
    let link: any Link
    private let security: TransportSecurity

    init(
        model: TinyModel = TinyModel(), memoryBytes: Int? = nil, session: UInt64 = 7,
        sessionRetention: Duration = .seconds(600), security: TransportSecurity = .plain
    ) throws {
        self.security = security
        folder = try TemporaryFolder()
        store = try ShardStore(dataFolder: folder.path)
        shards = try TestShards(model)
        var configuration = WorkerConfiguration(
            name: "tested", memoryBytes: memoryBytes, threads: 1, sessionRetention: sessionRetention)
        configuration.quietBeforeMeasuring = .seconds(3600)
        worker = Worker(
            configuration: configuration, shards: store, transport: LocalWorker.makeTransport(security: security),
            logger: LocalWorker.logger)
        link = worker.connectInProcess(hello(.coordinator, session: session), handler: probe)
    }

    /// The memory that weights take with the buffers of a stage of all four layers, and caches of 64 positions for so many stages.
    static func memory(weights: Int, model: TinyModel = TinyModel(), stages: Int = 1) throws -> Int {
        let configuration = try ModelConfiguration(file: try GGUFFile(copying: try model.file()))
        return weights + configuration.scratchBytes(context: 128, threads: 1)
            + stages * configuration.keyValueLayout(0..<4, compute: .int8).pageBytes
    }

    /// Puts shards into the store.
    func keep(embedding: Bool = false, layers: Range<Int>, head: Bool = false) throws {
        for part in shards.shards.parts(embedding: embedding, layers: layers, head: head) {
            for piece in shards.pieces(part, size: 1 << 20) { _ = try store.accept(piece) }
        }
    }

    /// What asks for a stage of these parts.
    func request(
        embedding: Bool = false, layers: Range<Int>, head: Bool = false, epoch: UInt32 = 1, stage: UInt32 = 0,
        next: NextHop = .coordinator
    ) -> LoadStage {
        LoadStage(
            epoch: epoch, stage: stage,
            range: StageRange(embedding: embedding, layers: layers, head: head),
            shards: shards.ids(embedding: embedding, layers: layers, head: head), modelName: "tiny", compute: .int8,
            context: 64, slots: 4, next: next)
    }

    /// What asks for layer 0 with other bytes in place of one of its shards; they are stored first, and are whole.
    func request(replacing shard: Int, by bytes: [UInt8]) throws -> LoadStage {
        let id = ShardID.of(bytes)
        for piece in TestShards.pieces(bytes, id: id, size: 1 << 20) { _ = try store.accept(piece) }
        var request = request(layers: 0..<1)
        request.shards[shard] = id
        return request
    }

    /// Takes links on a port that the system chooses.
    ///
    /// - Parameter ended: called when the worker has heard of a link's end.
    func listen(ended: @escaping @Sendable () -> Void = {}) async throws -> Listener {
        try await LocalWorker.makeTransport(security: security).listen(
            on: Endpoint(host: "127.0.0.1", port: 0), welcome: { worker.welcome($0, from: $1) },
            handler: { EndWatch(worker.handler(for: $0), ended) })
    }

    func ask(_ body: ControlBody) async -> ControlBody? { await probe.ask(body, on: link) }

    /// The code of a failure; nil for every other reply.
    func failure(_ body: ControlBody) async -> FailureCode? {
        if case .failure(let failure) = await ask(body) { failure.code } else { nil }
    }

    /// Loads a stage that is expected to load.
    func load(_ request: LoadStage) async -> Bool {
        if case .stageLoaded(let loaded) = await ask(.loadStage(request)) {
            loaded.epoch == request.epoch && loaded.stage == request.stage && loaded.weightBytes > 0
        } else {
            false
        }
    }

    /// The stages that the worker says it holds.
    func stages() async -> [StageReport]? {
        if case .deviceReport(let report) = await ask(.describeDevice(DescribeDevice())) { report.stages } else { nil }
    }

    func end() {
        link.close()
        folder.remove()
    }
}

/// Tells when a link's owner has heard of its end.
private final class EndWatch: LinkHandler {
    private let owner: any LinkHandler
    private let ended: @Sendable () -> Void

    init(_ owner: any LinkHandler, _ ended: @escaping @Sendable () -> Void) {
        self.owner = owner
        self.ended = ended
    }

    var reader: (any LinkReader)? { owner.reader }

    func opened(_ link: any Link) { owner.opened(link) }

    func received(_ frame: Frame, on link: any Link) { owner.received(frame, on: link) }

    func closed(_ link: any Link, error: TransportError?) {
        owner.closed(link, error: error)
        ended()
    }
}

func hello(_ role: LinkRole, session: UInt64) -> Hello {
    Hello(role: role, session: session, name: "test", softwareVersion: "test")
}

/// A step of token ids for the first stage.
func tokenStep(_ tokens: [UInt32], entries: [StepEntry], step: UInt64 = 1, epoch: UInt32 = 1, stage: UInt32 = 0)
    -> StepFrame
{
    var payload = ByteBuffer()
    TokenRows.encode(tokens, into: &payload)
    return StepFrame(
        epoch: epoch, stage: stage, step: step, entries: entries, width: tokens.isEmpty ? 0 : 1,
        codec: tokens.isEmpty ? .none : .tokens, payload: payload)
}

/// A step of float32 rows for a later stage.
func activationStep(
    _ rows: [Float], width: Int, entries: [StepEntry], step: UInt64 = 1, epoch: UInt32 = 1, stage: UInt32 = 0,
    codec: ActivationCodec = .f32
) -> StepFrame {
    var payload = ByteBuffer()
    codec.encode(rows, into: &payload)
    return StepFrame(
        epoch: epoch, stage: stage, step: step, entries: entries, width: width, codec: codec, payload: payload)
}
