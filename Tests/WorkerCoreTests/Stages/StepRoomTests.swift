import CoordinatorCore
import Foundation
import Formats
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Steps that there is no memory for, and weights that are gone.
struct StepRoomTests {
    private func rows(_ count: Int, at position: Int = 0, _ output: OutputRows = .last) -> StepEntry {
        .rows(sequence: 1, position: UInt32(position), count: UInt32(count), output: output)
    }

    private func failure(_ step: StepFrame, on tested: TestWorker) async -> StepFailed? {
        tested.link.send(.step(step))
        if case .stepFailed(let failed) = await tested.probe.notice() { return failed }
        return nil
    }

    private func worker(memoryBytes: Int? = nil, positions: UInt64 = 0) async throws -> TestWorker {
        let tested = try TestWorker(memoryBytes: memoryBytes)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        var request = tested.request(embedding: true, layers: 0..<4, head: true)
        request.context = 2048
        request.keyValuePositions = positions
        #expect(await tested.load(request))
        return tested
    }

    @Test func `a step whose results are more than is left is refused before any of it is obeyed`() async throws {
        let tested = try await worker(memoryBytes: 16 << 20, positions: 2048)
        let count = StepDemand.allowance / 4 / TinyVocabulary.minimumCount
        let failed = await failure(
            tokenStep([UInt32](repeating: 5, count: count), entries: [.open(sequence: 1), rows(count, .all)]),
            on: tested)
        #expect(failed?.code == .outOfMemory)
        #expect(failed?.message.contains("\(count) rows") == true)
        // It was not opened.
        #expect(await failure(tokenStep([5], entries: [rows(1)]), on: tested)?.code == .sequenceMissing)
        tested.link.send(.step(tokenStep([5], entries: [.open(sequence: 1), rows(1)])))
        #expect(await tested.probe.step()?.rowCount == 1)
        tested.end()
    }

    @Test func `caches grow as far as the stage was loaded for, and a little`() async throws {
        let tested = try await worker(positions: 128)
        // Two pages, and eight more.
        tested.link.send(
            .step(tokenStep([UInt32](repeating: 5, count: 640), entries: [.open(sequence: 1), rows(640)])))
        #expect(await tested.probe.step()?.rowCount == 1)
        #expect(await failure(tokenStep([5], entries: [rows(1, at: 640)]), on: tested)?.code == .outOfMemory)
        let full = await tested.stages()?.first?.keyValueBytes ?? 0
        #expect(full > 0)
        // What is there can be used, and what is given up is free again.
        tested.link.send(
            .step(tokenStep([5], entries: [.trim(sequence: 1, to: 630), rows(1, at: 630)])))
        #expect(await tested.probe.step()?.rowCount == 1)
        tested.link.send(.step(tokenStep([], entries: [.trim(sequence: 1, to: 64)])))
        #expect(await tested.probe.step() != nil)
        #expect(await tested.stages()?.first?.keyValueBytes == full / 10)
        tested.end()
    }

    @Test func `a stage is refused whose caches do not fit when they are full`() async throws {
        let page = 4 * 2 * 2 * 16 * 2 * 64
        let memory = try TestWorker.memory(weights: 1 << 20, stages: 10)
        let tested = try TestWorker(memoryBytes: memory)
        try tested.keep(layers: 0..<4)
        var request = tested.request(layers: 0..<4)
        request.keyValuePositions = UInt64(64 * (memory / page + 1))
        #expect(await tested.failure(.loadStage(request)) == .outOfMemory)
        request.keyValuePositions = 640
        #expect(await tested.load(request))
        // Beside the first, whose caches are empty, there is no room for as many again and more.
        request.stage = 1
        request.keyValuePositions = UInt64(64 * (memory / page))
        #expect(await tested.failure(.loadStage(request)) == .outOfMemory)
        tested.end()
    }

    @Test func `a stage whose rows cannot be written as is asked is refused`() async throws {
        var model = TinyModel()
        (model.width, model.heads, model.keyValueHeads) = (48, 3, 3)
        let tested = try TestWorker(model: model)
        try tested.keep(layers: 0..<4)
        var request = tested.request(layers: 0..<4)
        request.activationCodec = .q8
        #expect(await tested.failure(.loadStage(request)) == .badRequest)
        request.activationCodec = .f16
        #expect(await tested.load(request))
        tested.end()
    }

    @Test func `a stage whose packed weights are cut computes nothing more, and is loaded anew`() async throws {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        var request = tested.request(embedding: true, layers: 0..<4, head: true)
        #expect(await tested.load(request))
        let step = tokenStep([5, 6, 7], entries: [.close(sequence: 1), .open(sequence: 1), rows(3)])
        tested.link.send(.step(step))
        let expected = await tested.probe.step()?.payload
        let packed = "\(tested.folder.path)/shards/\(tested.shards.id(.layer(2))).packed"
        #expect(truncate(packed, 4096) == 0)
        for _ in 0..<2 {
            #expect(await failure(step, on: tested)?.code == .shardCorrupt)
        }
        // The stage that is there is not taken over as it is.
        request.epoch = 2
        request.caches = [CacheSource(epoch: 1, stage: 0)]
        #expect(await tested.load(request))
        var again = step
        again.epoch = 2
        tested.link.send(.step(again))
        let found = await tested.probe.step()?.payload
        #expect(found == expected)
        tested.end()
    }
}
