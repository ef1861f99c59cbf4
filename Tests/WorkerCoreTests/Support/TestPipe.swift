import ModelParts
import CoordinatorCore
import Formats
import TestSupport
import Transport
import Wire
import WorkerCore

/// A model in several stages on one worker or several; the test carries the steps from one to the next.
struct TestPipe {
    /// A model whose caches may be of any type: heads of 32 elements.
    static let model: TinyModel = {
        var model = TinyModel(type: .q4_0)
        model.heads = 2
        model.keyValueHeads = 1
        return model
    }()
    /// The same whose layers, but for the last, have a window of 40 positions.
    static let windowed: TinyModel = {
        var model = TestPipe.model
        model.window = 40
        return model
    }()
    /// The stages of the model's four layers.
    static let ranges = [
        StageRange(embedding: true, layers: 0..<1), StageRange(layers: 1..<3),
        StageRange(layers: 3..<4, head: true),
    ]

    var compute = ComputeMode.int8
    var keyValueType = KeyValueType.standard
    var context: UInt32 = 512
    var epoch: UInt32 = 1
    /// What layers with a window have room for; empty has them keep all.
    var windows: [WindowRoom] = []
    /// Who has each stage.
    var workers: [TestWorker]
    var ranges = TestPipe.ranges

    init(_ worker: TestWorker) { workers = [worker, worker, worker] }

    /// What asks for one of the stages.
    func request(_ index: Int) -> LoadStage {
        let range = ranges[index]
        var request = workers[index].request(
            embedding: range.embedding, layers: range.layers, head: range.head,
            epoch: epoch, stage: UInt32(index))
        request.compute = compute
        request.keyValueType = keyValueType
        request.context = context
        request.slots = 8
        request.windows = windows
        return request
    }

    /// Loads one of the stages.
    ///
    /// - Returns: the positions that it has of the sequences; nil where it was not loaded.
    func load(
        _ index: Int, taking caches: [CacheSource] = [], _ sequences: [KeptSequence] = []
    ) async -> [UInt32]? {
        var request = request(index)
        request.caches = caches
        request.sequences = sequences
        return await load(request, index)
    }

    func load(_ request: LoadStage, _ index: Int) async -> [UInt32]? {
        guard case .stageLoaded(let loaded) = await workers[index].ask(.loadStage(request)),
            loaded.sequences.map(\.sequence) == request.sequences.map(\.sequence)
        else { return nil }
        return loaded.sequences.map(\.positions)
    }

    func loadAll() async -> Bool {
        for index in ranges.indices { guard await load(index) != nil else { return false } }
        return true
    }

    /// Sends tokens of an entry list through all stages.
    func run(
        _ tokens: [UInt32] = [], _ entries: [StepEntry], replayThrough: UInt16? = nil, step: UInt64 = 1
    ) async -> StepFrame? {
        var frame = tokenStep(tokens, entries: entries, step: step, epoch: epoch)
        frame.replayThrough = replayThrough
        for worker in workers {
            worker.link.send(.step(frame))
            guard let next = await worker.probe.step(), next.replayThrough == replayThrough else { return nil }
            frame = next
        }
        return frame
    }

    /// The logits of rows, as bits, which continue a sequence.
    func logits(_ tokens: [UInt32], at position: Int, of sequence: UInt32) async -> [UInt32] {
        let entry = StepEntry.rows(
            sequence: sequence, position: UInt32(position), count: UInt32(tokens.count), output: .all)
        guard let frame = await run(tokens, [entry]) else { return [] }
        return frame.codec.decode(frame.payload, count: frame.rowCount * frame.width).map(\.bitPattern)
    }

    /// Fills a sequence, so many rows at a time.
    func feed(
        _ tokens: some Collection<UInt32>, at position: Int = 0, of sequence: UInt32, chunk: Int = 64,
        replayThrough: UInt16? = nil
    ) async -> Bool {
        let tokens = Array(tokens)
        for first in stride(from: 0, to: tokens.count, by: chunk) {
            let part = Array(tokens[first..<min(first + chunk, tokens.count)])
            let entry = StepEntry.rows(
                sequence: sequence, position: UInt32(position + first), count: UInt32(part.count), output: .none)
            guard await run(part, [entry], replayThrough: replayThrough) != nil else { return false }
        }
        return true
    }

    /// Bytes of the caches of the stage with that index.
    func cacheBytes(_ index: Int) async -> UInt64? {
        await workers[index].stages()?.first { $0.epoch == epoch && $0.stage == UInt32(index) }?.keyValueBytes
    }
}
