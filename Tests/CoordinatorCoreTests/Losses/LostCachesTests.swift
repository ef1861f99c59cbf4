import CoordinatorCore
import Placement
import Sampling
import Synchronization
import TestSupport
import Testing
import Tokenizer
import Transport
import Wire

/// Stages that lose what they were thought to have, or give what is of no use.
@Suite(.timeLimit(.minutes(10)))
struct LostCachesTests {
    private static let common: [TokenID] = (0..<150).map { 3 + ($0 * 37 + 11) % 250 }

    private func request(_ last: TokenID, most: Int = 10) -> GenerationRequest {
        GenerationRequest(
            prompt: Self.common + [last], maximumTokens: most, sampling: .greedy, ignoreEndOfGeneration: true)
    }

    private func cluster(
        of index: Int = 1, model: TinyModel = TinyModel(), _ filter: LocalWorker.FrameFilter?
    ) async throws -> LocalCluster {
        var settings = LocalCluster.Settings()
        settings.context = 256
        settings.filters = filter.map { [index: $0] } ?? [:]
        let cluster = try await LocalCluster.prepare(model: model, workers: 2, settings: settings)
        try await cluster.coordinator.start()
        return cluster
    }

    @Test func `a beginning whose cache was closed by somebody is computed again, and shared again`() async throws {
        let closes = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
        // Before a step that forks, what it forks from is closed.
        let cluster = try await cluster { frame, _ in
            guard case .step(let step) = frame, !isOver.load(ordering: .relaxed) else { return [frame] }
            let sources = step.entries.compactMap { if case .fork(_, let source, _) = $0 { source } else { nil } }
            guard !sources.isEmpty else { return [frame] }
            closes.add(1, ordering: .relaxed)
            return [
                .step(
                    StepFrame(
                        epoch: step.epoch, stage: step.stage, step: 0, entries: sources.map { .close(sequence: $0) })),
                frame,
            ]
        }
        let coordinator = cluster.coordinator
        let expected = try await coordinator.answer(request(20))
        #expect(expected.error == nil)
        for round in 1...6 {
            let answer = try await coordinator.answer(request(20))
            #expect(answer.says(expected))
            // Each time what is left of the one before is lost.
            #expect(closes.load(ordering: .relaxed) == round)
        }
        isOver.store(true, ordering: .relaxed)
        let shared = try await coordinator.answer(request(20))
        #expect(shared.says(expected))
        #expect(shared.usage?.cachedTokens == 150)
        #expect(await coordinator.report().epoch == 1)
        await cluster.stop()
    }

    @Test func `a stage that a device says it does not have is loaded again`() async throws {
        let once = Once()
        let coordinator = Mutex<(any Link)?>(nil)
        let cluster = try await cluster(of: 0) { frame, link in
            if link.peer.role == .coordinator { coordinator.withLock { $0 = link } }
            guard case .step(let step) = frame else { return [frame] }
            var frames = [frame]
            once.run {
                coordinator.withLock { $0 }?.send(
                    .stepFailed(
                        StepFailed(
                            epoch: step.epoch, step: step.step, stage: step.stage, code: .stageMissing,
                            message: "gone", sequences: [])))
                frames = []
            }
            return frames
        }
        let answer = try await cluster.coordinator.answer(request(20))
        #expect(answer.error == nil && answer.tokens.count == 10)
        let report = await cluster.coordinator.report()
        #expect(report.epoch == 2)
        #expect(report.stages.map(\.device).contains("w1"))
        let reasons = cluster.progress.compactMap { if case .lost(let reason) = $0 { reason } else { nil } }
        #expect(reasons == ["w1 has lost its stage: gone"])
        await cluster.stop()
    }

    @Test(arguments: [Float.nan, .infinity]) func `the layer of a damaged model is named, and nobody is answered`(
        value: Float
    ) async throws {
        var model = TinyModel()
        model.damage = .init(tensor: "blk.2.ffn_down.weight", value: value)
        let cluster = try await cluster(model: model, nil)
        for _ in 0..<2 {
            let answer = try await cluster.coordinator.answer(request(20))
            #expect(answer.error?.code == .computation)
            #expect(answer.error?.message.contains("tiny: layer 2 gives values that are no finite numbers") == true)
            #expect(answer.tokens.isEmpty)
        }
        let error = await #expect(throws: CoordinatorError.self) {
            try await cluster.coordinator.logits(of: Self.common)
        }
        #expect(error?.message.contains("layer 2") == true)
        try await cluster.coordinator.becomesIdle()
        await cluster.stop()
    }

    @Test func `a model whose logits are all equal answers nobody`() async throws {
        var model = TinyModel()
        model.damage = .init(tensor: "output_norm.weight", value: 0, count: model.width)
        let cluster = try await cluster(model: model, nil)
        let answer = try await cluster.coordinator.answer(request(20))
        #expect(answer.error?.code == .computation)
        #expect(answer.error?.message.contains("the logits are all equal") == true)
        await cluster.stop()
    }

    @Test func `what a device gets damaged ends one answer, and no other`() async throws {
        let victim = Atomic<UInt32>(0)
        // Rows of the sequence that begins first after the word come as NaN.
        let cluster = try await cluster { frame, _ in
            guard case .step(var step) = frame, step.codec == .f32, victim.load(ordering: .relaxed) > 0 else {
                return [frame]
            }
            var first = 0
            for entry in step.entries {
                if case .open(let sequence) = entry, victim.load(ordering: .relaxed) == 1 {
                    victim.store(sequence, ordering: .relaxed)
                }
                if entry.sequence == victim.load(ordering: .relaxed), entry.rowCount > 0 {
                    step.damage(row: first)
                }
                first += entry.rowCount
            }
            return [.step(step)]
        }
        let coordinator = cluster.coordinator
        // Of different beginnings, so that nobody waits for another.
        let requests = (0..<4 as Range<UInt32>).map {
            GenerationRequest(
                prompt: [40 + $0] + Self.common.suffix(20), maximumTokens: 40, sampling: .greedy,
                ignoreEndOfGeneration: true)
        }
        var expected: [CollectedAnswer] = []
        for request in requests { expected.append(try await coordinator.answer(request)) }
        // What was kept of these is shared by none of the next.
        victim.store(1, ordering: .relaxed)
        let answers = try await withThrowingTaskGroup(of: (Int, CollectedAnswer).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, try await coordinator.answer(request)) }
            }
            return try await group.reduce(into: [Int: CollectedAnswer]()) { $0[$1.0] = $1.1 }
        }
        #expect(answers.values.count { $0.error?.code == .computation } == 1)
        for (index, answer) in answers where answer.error == nil { #expect(answer.says(expected[index])) }
        let failed = answers.values.first { $0.error != nil }
        #expect(failed?.error?.message.contains("the stage got values") == true, "\(String(describing: failed?.error))")
        await cluster.stop()
    }
}
