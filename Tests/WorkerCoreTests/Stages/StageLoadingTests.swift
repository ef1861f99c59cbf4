import ModelParts
import CoordinatorCore
import Foundation
import Formats
import GGUF
import TestSupport
import Testing
import Wire

/// What a worker makes of requests to load and unload stages.
struct StageLoadingTests {
    @Test func `a stage is loaded with progress, reported, and unloaded by epoch`() async throws {
        let tested = try TestWorker()
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        #expect(await tested.load(tested.request(embedding: true, layers: 0..<2)))
        let progress = tested.probe.unread.compactMap { frame -> StageProgress? in
            if case .control(let message) = frame, case .stageProgress(let progress) = message.body {
                progress
            } else {
                nil
            }
        }
        #expect(!progress.isEmpty)
        #expect(zip(progress, progress.dropFirst()).allSatisfy { $0.done <= $1.done })
        #expect(progress.last?.done == progress.last?.total)
        #expect(progress.allSatisfy { $0.epoch == 1 && $0.stage == 0 })
        #expect(await tested.load(tested.request(layers: 2..<4, head: true, epoch: 2, stage: 1)))
        let stages = try #require(await tested.stages())
        #expect(stages.map(\.epoch) == [1, 2])
        #expect(stages.map(\.stage) == [0, 1])
        #expect(
            stages.map(\.range) == [
                StageRange(embedding: true, layers: 0..<2),
                StageRange(layers: 2..<4, head: true),
            ])
        #expect(stages.map(\.modelName) == ["tiny", "tiny"])
        #expect(stages.map(\.sequences) == [0, 0])
        #expect(await tested.ask(.unloadStages(UnloadStages(epochsThrough: 1))) == .stagesUnloaded(StagesUnloaded()))
        #expect(await tested.stages()?.map(\.epoch) == [2])
        #expect(await tested.ask(.unloadStages(UnloadStages(epochsThrough: 2))) == .stagesUnloaded(StagesUnloaded()))
        #expect(await tested.stages() == [])
        tested.end()
    }

    @Test func `a stage without one of its shards is refused`() async throws {
        let tested = try TestWorker()
        try tested.keep(layers: 0..<1)
        #expect(await tested.failure(.loadStage(tested.request(layers: 0..<2))) == .shardMissing)
        #expect(await tested.stages() == [])
        // Shards that are there, but not the ones for the layers asked for.
        var request = tested.request(layers: 0..<1)
        request.range = StageRange(layers: 1..<2)
        #expect(await tested.failure(.loadStage(request)) == .shardCorrupt)
        request.range = StageRange(layers: 0..<900)
        #expect(await tested.failure(.loadStage(request)) == .badRequest)
        #expect(await tested.load(tested.request(layers: 0..<1)))
        tested.end()
    }

    @Test func `a stage with a damaged shard is refused, and the shard is missing then`() async throws {
        let tested = try TestWorker()
        try tested.keep(layers: 0..<1)
        let path = "\(tested.folder.path)/shards/\(tested.shards.id(.layer(0))).gguf"
        try Data(tested.shards.bytes(.layer(0)).dropLast(64)).write(to: URL(filePath: path))
        let request = tested.request(layers: 0..<1)
        #expect(await tested.failure(.loadStage(request)) == .shardCorrupt)
        #expect(await tested.failure(.loadStage(request)) == .shardMissing)
        try tested.keep(layers: 0..<1)
        #expect(await tested.load(request))
        tested.end()
    }

    @Test func `a tensor type without kernels is refused by name`() async throws {
        let tested = try TestWorker()
        try tested.keep(layers: 0..<1)
        let tensors = try GGUFFile(copying: tested.shards.bytes(.layer(0))).tensors.map { tensor in
            GGUFWriter.Tensor(
                name: tensor.name, type: tensor.name.hasSuffix("ffn_up.weight") ? .i32 : tensor.type,
                dimensions: tensor.dimensions)
        }
        let writer = GGUFWriter(tensors: tensors)
        let bytes = try writer.file(
            contents: writer.layout().tensors.map { [UInt8](repeating: 0, count: $0.byteCount) })
        guard case .failure(let failure) = await tested.ask(.loadStage(try tested.request(replacing: 1, by: bytes)))
        else {
            Issue.record("loaded")
            return
        }
        #expect(failure.code == .shardCorrupt)
        #expect(failure.message.contains("blk.0.ffn_up.weight"))
        #expect(failure.message.contains("I32"))
        tested.end()
    }

    @Test func `an architecture that is not known is refused by name`() async throws {
        let tested = try TestWorker()
        try tested.keep(layers: 0..<1)
        let writer = GGUFWriter(metadata: [("general.architecture", .string("unheard-of"))])
        let bytes = try writer.file(contents: [])
        guard case .failure(let failure) = await tested.ask(.loadStage(try tested.request(replacing: 0, by: bytes)))
        else {
            Issue.record("loaded")
            return
        }
        #expect(failure.code == .unsupported)
        #expect(failure.message.contains("unheard-of"))
        tested.end()
    }

    @Test func `a stage beyond the memory is refused and not kept`() async throws {
        let memory = try TestWorker.memory(weights: 200_000)
        let tested = try TestWorker(memoryBytes: memory)
        try tested.keep(layers: 0..<4)
        guard case .failure(let failure) = await tested.ask(.loadStage(tested.request(layers: 0..<4))) else {
            Issue.record("loaded")
            return
        }
        #expect(failure.code == .outOfMemory)
        #expect(failure.message.contains("\(memory)"))
        #expect(await tested.stages() == [])
        #expect(await tested.load(tested.request(layers: 0..<1)))
        #expect(await tested.failure(.loadStage(tested.request(layers: 1..<2, stage: 1))) == .outOfMemory)
        #expect(await tested.stages()?.count == 1)
        tested.end()
    }

    @Test func `a next worker that cannot be reached is told`() async throws {
        let tested = try TestWorker()
        try tested.keep(layers: 0..<1)
        // Nothing listens on port 1, and an empty port is no address.
        for address in ["127.0.0.1:1", "127.0.0.1:"] {
            let request = tested.request(layers: 0..<1, next: .worker(address: address, stage: 1))
            #expect(await tested.failure(.loadStage(request)) == .nextUnreachable, "\(address)")
        }
        #expect(await tested.stages() == [])
        tested.end()
    }
}
