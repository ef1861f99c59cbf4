import ModelParts
import CoordinatorCore
import ModelParts
import Placement
import Sampling
import TestSupport
import Testing
import Tokenizer
import Wire

/// Models whose layers have windows, on whole clusters: what stages give back is never missed.
@Suite(.timeLimit(.minutes(10)))
struct WindowedModelTests {
    private static let window = 40

    /// Two layers for each of three workers; layer 3 has no window.
    private var model: TinyModel {
        var model = TinyModel()
        model.layers = 6
        model.window = Self.window
        return model
    }

    private func cluster(
        workers: Int, context: Int = 2048, slots: Int = 4, change: (inout LocalCluster.Settings) -> Void = { _ in }
    ) async throws -> LocalCluster {
        var settings = LocalCluster.Settings()
        settings.context = context
        settings.slots = slots
        change(&settings)
        let cluster = try await LocalCluster.prepare(model: model, workers: workers, settings: settings)
        try await cluster.coordinator.start()
        return cluster
    }

    private func request(_ prompt: Int, last: TokenID = 7, most: Int) -> GenerationRequest {
        GenerationRequest(
            prompt: (0..<prompt).map { 3 + (TokenID($0) * 37 + 11) % 250 } + [last], maximumTokens: most,
            sampling: .greedy, ignoreEndOfGeneration: true)
    }

    /// An answer, in the midst of which something happens.
    private func answer(
        _ request: GenerationRequest, on coordinator: Coordinator, after tokens: Int,
        _ event: @Sendable () async throws -> Void
    ) async throws -> CollectedAnswer {
        var answer = CollectedAnswer()
        for await next in try coordinator.generate(request) {
            answer.add(next)
            if answer.tokens.count == tokens { try await event() }
        }
        return answer
    }

    @Test func `a long answer over workers is that of one process, and caches stop growing with the window`()
        async throws
    {
        let request = request(300, most: 900)
        let alone = try await cluster(workers: 0, slots: 1)
        let expected = try await alone.coordinator.answer(request)
        #expect(expected.error == nil && expected.tokens.count == 900)
        await alone.stop()
        let cluster = try await cluster(workers: 3, slots: 1)
        #expect(try await cluster.coordinator.answer(request).says(expected))
        // Bytes of a position of a layer: two heads of keys and values of 16 elements in half precision.
        let position = 2 * 2 * 16 * 2
        func bytes(_ pages: (Int) -> Int, of layers: Range<Int>) -> Int {
            layers.reduce(0) { $0 + 64 * position * pages($1) }
        }
        let report = await cluster.coordinator.report()
        #expect(report.stages.map(\.layers).filter { !$0.isEmpty } == [0..<2, 2..<4, 4..<6])
        for stage in report.stages where !stage.layers.isEmpty {
            let loaded = report.devices.first { $0.name == stage.device }?.report?.stages.first
            // 1200 positions are 19 pages; a window of 40 and 128 besides are in the last 3 of them.
            #expect(loaded?.keyValueBytes == UInt64(bytes({ $0 == 3 ? 19 : 3 }, of: stage.layers)))
            // Planned are 32 pages; of a window, for one at work 8 pages, for two at rest 4 each.
            #expect(stage.keyValueBytes == bytes({ $0 == 3 ? 32 : 8 + 2 * 4 }, of: stage.layers))
        }
        await cluster.stop()
    }

    @Test(arguments: [0, 1, 2]) func `a worker dies, and answers go on as if nothing had been`(victim: Int) async throws
    {
        let cluster = try await cluster(workers: 3)
        let coordinator = cluster.coordinator
        let request = request(200, most: 400)
        let before = try await coordinator.answer(request)
        let epoch = await coordinator.report().epoch
        let (first, others) = try await withThrowingTaskGroup(of: CollectedAnswer.self) { group in
            for _ in 0..<6 { group.addTask { try await coordinator.answer(request) } }
            let first = try await answer(request, on: coordinator, after: 250) { await cluster.workers[victim].kill() }
            return (first, try await group.reduce(into: []) { $0.append($1) })
        }
        for answer in [first] + others { #expect(answer.says(before)) }
        try await cluster.when { $0.epoch > epoch && !$0.stages.map(\.device).contains("w\(victim + 1)") }
        #expect(await coordinator.report().runningSequences == 0)
        await cluster.stop()
    }

    @Test func `layers move to other devices and back while an answer goes on`() async throws {
        let cluster = try await cluster(workers: 3)
        let coordinator = cluster.coordinator
        let request = request(200, most: 500)
        let before = try await coordinator.answer(request)
        let answer = try await answer(request, on: coordinator, after: 300) {
            let drained = try await coordinator.drain(device: "w2")
            #expect(drained.hasMoved)
            let filled = try await coordinator.refill(device: "w2")
            #expect(filled.hasMoved)
        }
        #expect(answer.says(before))
        await cluster.stop()
    }

    @Test func `a spare that follows the caches goes on with them`() async throws {
        let cluster = try await cluster(workers: 3, context: 1 << 16, slots: 1) {
            $0.standby = .layersAndCaches
            $0.pins = [Pin(layers: 0...0, device: "w1"), Pin(layers: 1...5, device: "w2")]
        }
        let coordinator = cluster.coordinator
        @Sendable func bytes(_ device: String) async -> UInt64 {
            let report = await coordinator.report().devices.first { $0.name == device }?.report
            return report?.stages.filter { $0.range.layers.lowerBound == 1 }.reduce(0) { $0 + $1.keyValueBytes } ?? 0
        }
        let request = request(100, most: 3000)
        let before = try await coordinator.answer(request)
        let original = await bytes("w2")
        // All but the last page, which is not whole, of each of the five layers.
        while await bytes("w3") + 5 * 64 * 128 < original { try await Task.sleep(for: .milliseconds(10)) }
        let (epoch, following) = (await coordinator.report().epoch, await bytes("w3"))
        let answer = try await answer(request, on: coordinator, after: 1000) {
            while await bytes("w3") <= following { try await Task.sleep(for: .milliseconds(10)) }
            await cluster.workers[1].kill()
            try await cluster.when { $0.epoch > epoch && $0.stages.contains { $0.device == "w3" } }
        }
        #expect(answer.says(before))
        await cluster.stop()
    }

    @Test(arguments: [0, 2]) func `a system prompt is shared once two have had it, and answers stay the same`(
        workers: Int
    ) async throws {
        let requests = (0..<5 as Range<TokenID>).map { request(300, last: 20 + $0, most: 250) }
        let alone = try await cluster(workers: 0, slots: 1, change: { $0.keyValueTokens = 2048 })
        var expected: [CollectedAnswer] = []
        for (index, request) in requests.enumerated() {
            // Others between them, so that nothing of the one before is left.
            expected.append(try await alone.coordinator.answer(request))
            for other in 0..<2 as Range<TokenID> {
                _ = try await alone.coordinator.answer(
                    GenerationRequest(
                        prompt: [60 + 2 * TokenID(index) + other] + request.prompt, maximumTokens: 2, sampling: .greedy,
                        ignoreEndOfGeneration: true))
            }
        }
        await alone.stop()
        let cluster = try await cluster(workers: workers)
        for (request, expected) in zip(requests, expected) {
            let answer = try await cluster.coordinator.answer(request)
            #expect(answer.error == nil && answer.tokens == expected.tokens)
        }
        var cached: [Int?] = []
        for request in requests { cached.append(try await cluster.coordinator.answer(request).usage?.cachedTokens) }
        #expect(cached.allSatisfy { $0 ?? 0 >= 300 })
        // All at once, which share what there is.
        let answers = try await withThrowingTaskGroup(of: (Int, CollectedAnswer).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, try await cluster.coordinator.answer(request)) }
            }
            return try await group.reduce(into: [Int: CollectedAnswer]()) { $0[$1.0] = $1.1 }
        }
        for (index, answer) in answers { #expect(answer.tokens == expected[index].tokens) }
        await cluster.stop()
    }

    @Test func `a context that is full is shifted all the same`() async throws {
        var answers: [CollectedAnswer] = []
        for workers in [0, 2] {
            let cluster = try await cluster(workers: workers, context: 512) {
                $0.contextShift = ContextShift(keep: 100)
            }
            answers.append(try await cluster.coordinator.answer(request(200, most: 1200)))
            await cluster.stop()
        }
        #expect(answers[0].error == nil && answers[0].tokens.count == 1200)
        #expect(answers[1].says(answers[0]))
    }

    @Test func `scoring that loses a worker goes on`() async throws {
        let cluster = try await cluster(workers: 2) { $0.rowsPerStep = 16 }
        let tokens = (0..<1000).map { UInt32(3 + $0 % 200) }
        let expected = try await cluster.coordinator.logits(of: tokens)
        let worker = cluster.workers[0]
        let found = try await withThrowingTaskGroup(of: [Float].self) { group in
            group.addTask { try await cluster.coordinator.logits(of: tokens) }
            try await cluster.when { $0.runningSequences > 0 }
            await worker.kill()
            return try await group.next() ?? []
        }
        #expect(found == expected)
        await cluster.stop()
    }
}
