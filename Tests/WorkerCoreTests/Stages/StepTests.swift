import CoordinatorCore
import GGUF
import NIOCore
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Steps through a worker's stages.
struct StepTests {
    private static let tokens: [UInt32] = [5, 80, 120, 33, 260, 7]
    private static let width = TinyModel().width

    private func floats(_ frame: StepFrame?) -> [UInt32] {
        guard let frame else { return [] }
        return frame.codec.decode(frame.payload, count: frame.rowCount * frame.width).map(\.bitPattern)
    }

    private func rows(_ count: Int, at position: Int = 0, of sequence: UInt32 = 1, _ output: OutputRows = .all)
        -> StepEntry
    {
        .rows(sequence: sequence, position: UInt32(position), count: UInt32(count), output: output)
    }

    /// A worker with the whole model as one stage.
    private func wholeModel() async throws -> TestWorker {
        let tested = try TestWorker()
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        #expect(await tested.load(tested.request(embedding: true, layers: 0..<4, head: true)))
        return tested
    }

    /// Sends a step and gives what comes of it.
    private func run(_ step: StepFrame, on tested: TestWorker) async -> StepFrame? {
        tested.link.send(.step(step))
        return await tested.probe.step()
    }

    private func failure(_ step: StepFrame, on tested: TestWorker) async -> StepFailed? {
        tested.link.send(.step(step))
        if case .stepFailed(let failed) = await tested.probe.notice() { return failed }
        return nil
    }

    @Test func `a step comes back with the next stage's number and the wanted rows`() async throws {
        let tested = try await wholeModel()
        let all = await run(tokenStep(Self.tokens, entries: [.open(sequence: 1), rows(6)], step: 44), on: tested)
        #expect(all?.epoch == 1)
        #expect(all?.stage == 1)
        #expect(all?.step == 44)
        #expect(all?.codec == .f32)
        #expect(all?.pruned == true)
        #expect(all?.width == TinyVocabulary.minimumCount)
        #expect(all?.rowCount == 6)
        let expected = floats(all)
        let last = await run(
            tokenStep(Self.tokens, entries: [.open(sequence: 2), rows(6, of: 2, .last)]), on: tested)
        #expect(last?.rowCount == 1)
        #expect(floats(last) == Array(expected.suffix(TinyVocabulary.minimumCount)))
        let none = await run(
            tokenStep(Self.tokens, entries: [.open(sequence: 3), rows(6, of: 3, .none)]), on: tested)
        #expect(none?.rowCount == 0)
        #expect(none?.payload.readableBytes == 0)
        #expect(await tested.stages()?.first?.sequences == 3)
        let closing = await run(
            tokenStep([], entries: (1...3).map { .close(sequence: $0) }), on: tested)
        #expect(closing?.rowCount == 0)
        #expect(await tested.stages()?.first?.sequences == 0)
        #expect(await tested.stages()?.first?.keyValueBytes == 0)
        tested.end()
    }

    @Test func `sequences mixed in one step, and commands between rows, change no bit`() async throws {
        let tested = try await wholeModel()
        let vocabulary = TinyVocabulary.minimumCount
        let alone = floats(
            await run(tokenStep(Self.tokens, entries: [.open(sequence: 1), rows(6), .close(sequence: 1)]), on: tested))
        #expect(alone.count == 6 * vocabulary)
        let mixed = floats(
            await run(
                tokenStep(
                    [9, 9] + Self.tokens[..<4] + [8] + Self.tokens[4...],
                    entries: [
                        .open(sequence: 2), .open(sequence: 3), rows(2, of: 2, .last), rows(4, of: 3),
                        rows(1, at: 2, of: 2, .none),
                        rows(2, at: 4, of: 3), .close(sequence: 2),
                    ]), on: tested))
        #expect(Array(mixed.dropFirst(vocabulary)) == alone)
        // Trim and fork wait for the rows before them in the step.
        let again = floats(
            await run(
                tokenStep(
                    [77] + Self.tokens[4...] + Self.tokens[5...],
                    entries: [
                        rows(1, at: 6, of: 3, .none), .trim(sequence: 3, to: 4), rows(2, at: 4, of: 3),
                        .fork(sequence: 4, from: 3, positions: 5), rows(1, at: 5, of: 4), .close(sequence: 3),
                        .close(sequence: 4),
                    ]), on: tested))
        #expect(again == Array(alone.suffix(2 * vocabulary)) + Array(alone.suffix(vocabulary)))
        #expect(await tested.stages()?.first?.sequences == 0)
        tested.end()
    }

    @Test func `two stages give what one gives, for each codec's rows`() async throws {
        let tested = try await wholeModel()
        let expected = floats(
            await run(tokenStep(Self.tokens, entries: [.open(sequence: 1), rows(6)]), on: tested))
        #expect(await tested.load(tested.request(embedding: true, layers: 0..<3, epoch: 2)))
        #expect(await tested.load(tested.request(layers: 3..<4, epoch: 2, stage: 1)))
        #expect(await tested.load(tested.request(layers: 4..<4, head: true, epoch: 2, stage: 2)))
        let entries: [StepEntry] = [.open(sequence: 1), rows(6, .last)]
        let first = await run(tokenStep(Self.tokens, entries: entries, epoch: 2), on: tested)
        #expect(first?.pruned == false)
        #expect(first?.rowCount == 6)
        #expect(first?.width == Self.width)
        let second = await run(try #require(first), on: tested)
        // After the last layer only the wanted rows travel on.
        #expect(second?.pruned == true)
        #expect(second?.rowCount == 1)
        let third = await run(try #require(second), on: tested)
        #expect(third?.stage == 3)
        #expect(floats(third) == Array(expected.suffix(TinyVocabulary.minimumCount)))

        var request = tested.request(embedding: true, layers: 0..<3, epoch: 3)
        for (codec, bytes) in [(ActivationCodec.f16, Self.width * 2), (.q8, Self.width / 32 * 36)] {
            request.epoch += 1
            request.activationCodec = codec
            #expect(await tested.load(request))
            let rows = await run(tokenStep(Self.tokens, entries: entries, epoch: request.epoch), on: tested)
            #expect(rows?.codec == codec)
            #expect(rows?.payload.readableBytes == 6 * bytes)
        }
        tested.end()
    }

    @Test func `steps of other placements are dropped, those of a stage that is missing fail`() async throws {
        let tested = try await wholeModel()
        let entries: [StepEntry] = [.open(sequence: 1), rows(6)]
        tested.link.send(.step(tokenStep(Self.tokens, entries: entries, step: 1, epoch: 2)))
        let missing = await failure(tokenStep(Self.tokens, entries: entries, step: 2, stage: 1), on: tested)
        #expect(missing?.code == .stageMissing)
        #expect(missing?.step == 2)
        #expect(missing?.sequences == [1])
        #expect(await run(tokenStep(Self.tokens, entries: entries, step: 3), on: tested)?.step == 3)
        #expect(tested.probe.unread.allSatisfy { if case .step = $0 { false } else { true } })
        tested.end()
    }

    @Test func `no more sequences are open than the stage has slots`() async throws {
        let tested = try await wholeModel()
        let opened = await run(tokenStep([], entries: (1...4).map { .open(sequence: $0) }), on: tested)
        #expect(opened?.entries.count == 4)
        #expect(await failure(tokenStep([], entries: [.open(sequence: 5)]), on: tested)?.code == .busy)
        let fork = StepEntry.fork(sequence: 5, from: 1, positions: 0)
        #expect(await failure(tokenStep([], entries: [fork]), on: tested)?.code == .busy)
        #expect(await run(tokenStep([], entries: [.close(sequence: 2), fork]), on: tested)?.entries.count == 2)
        #expect(await tested.stages()?.first?.sequences == 4)
        tested.end()
    }

    @Test func `a step of the wrong width or codec fails, and the worker lives on`() async throws {
        let tested = try TestWorker()
        try tested.keep(embedding: true, layers: 0..<2)
        #expect(await tested.load(tested.request(embedding: true, layers: 0..<1)))
        #expect(await tested.load(tested.request(layers: 1..<2, stage: 1)))
        let entries: [StepEntry] = [.open(sequence: 1), rows(2)]
        let activations = [Float](repeating: 0.5, count: 2 * Self.width)

        let toTokens = await failure(
            activationStep(activations, width: Self.width, entries: entries, step: 10), on: tested)
        #expect(toTokens?.code == .badRequest)
        #expect(toTokens?.step == 10)
        #expect(toTokens?.stage == 0)
        #expect(toTokens?.epoch == 1)
        #expect(toTokens?.sequences == [1])
        let narrow = await failure(
            activationStep([1, 2, 3, 4], width: 2, entries: entries, step: 11, stage: 1), on: tested)
        #expect(narrow?.code == .badRequest)
        #expect(narrow?.message.contains("2 elements") == true)
        let tokens = await failure(tokenStep([1, 2], entries: entries, step: 12, stage: 1), on: tested)
        #expect(tokens?.step == 12)
        #expect(await run(tokenStep([5, 6], entries: entries, step: 13), on: tested)?.rowCount == 2)
        tested.end()
    }

    @Test func `a step that makes no sense fails with the reason`() async throws {
        let tested = try await wholeModel()
        let unknown = await failure(tokenStep([5], entries: [rows(1, of: 9)]), on: tested)
        #expect(unknown?.code == .sequenceMissing)
        #expect(await run(tokenStep([5], entries: [.open(sequence: 1), rows(1)]), on: tested)?.rowCount == 1)
        #expect(await failure(tokenStep([5], entries: [rows(1, at: 3)]), on: tested)?.code == .positionMismatch)
        #expect(await failure(tokenStep([], entries: [.open(sequence: 1)]), on: tested)?.code == .badRequest)
        #expect(
            await failure(tokenStep([], entries: [.trim(sequence: 1, to: 5)]), on: tested)?.code == .positionMismatch)
        #expect(
            await failure(tokenStep([], entries: [.fork(sequence: 2, from: 3, positions: 0)]), on: tested)?.code
                == .sequenceMissing)
        let long = [UInt32](repeating: 5, count: 64)
        #expect(await failure(tokenStep(long, entries: [rows(64, at: 1)]), on: tested)?.code == .contextFull)
        let vocabulary = UInt32(TinyVocabulary.minimumCount)
        #expect(await failure(tokenStep([vocabulary], entries: [rows(1, at: 1)]), on: tested)?.code == .badRequest)
        // None of it has changed the sequence.
        #expect(await run(tokenStep([6], entries: [rows(1, at: 1)]), on: tested)?.rowCount == 1)
        tested.end()
    }

    @Test func `steps go straight to the next worker and come back from the last`() async throws {
        let folder = try TemporaryFolder()
        let next = try await LocalWorker.start(name: "next", folder: folder.path)
        let tested = try TestWorker(session: 31)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        let probe = WorkerProbe()
        let link = try await LocalWorker.makeTransport().connect(
            to: next.endpoint, hello: hello(.coordinator, session: 31), handler: probe)
        for part in tested.shards.shards.parts(embedding: false, layers: 2..<4, head: true) {
            for piece in tested.shards.pieces(part, size: 10_000) { link.send(.piece(piece)) }
        }
        let last = tested.request(layers: 2..<4, head: true, stage: 1)
        var stored = 0
        while stored < last.shards.count, let notice = await probe.notice() {
            if case .shardStored = notice { stored += 1 }
        }
        guard case .stageLoaded = await probe.ask(.loadStage(last), on: link) else {
            Issue.record("not loaded")
            return
        }
        #expect(
            await tested.load(
                tested.request(
                    embedding: true, layers: 0..<2, next: .worker(address: next.endpoint.description, stage: 1))))
        tested.link.send(.step(tokenStep(Self.tokens, entries: [.open(sequence: 1), rows(6)], step: 5)))
        let result = await probe.step()
        #expect(result?.step == 5)
        #expect(result?.stage == 2)
        #expect(await tested.load(tested.request(embedding: true, layers: 0..<4, head: true, epoch: 2)))
        let whole = await run(
            tokenStep(Self.tokens, entries: [.open(sequence: 1), rows(6)], epoch: 2), on: tested)
        #expect(floats(result) == floats(whole))

        // The next one dies: the coordinator hears it from the worker before.
        await next.kill()
        guard case .peerLost(let lost) = await tested.probe.notice() else {
            Issue.record("no word of the loss")
            return
        }
        #expect(lost.message.contains(next.endpoint.description))
        tested.end()
        folder.remove()
    }
}
