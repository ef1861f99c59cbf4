import CoordinatorCore
import Placement
import Sampling
import TestSupport
import Testing
import Tokenizer

/// The same tokens whatever is shared, taken away, or shifted, on whole clusters.
@Suite(.timeLimit(.minutes(10)))
struct SharedPagesTests {
    private static let prompt: [TokenID] = (0..<150).map { 3 + ($0 * 37 + 11) % 250 }

    private func request(_ prompt: [TokenID], most: Int = 20, client: String = "") -> GenerationRequest {
        GenerationRequest(
            prompt: prompt, maximumTokens: most, sampling: .greedy, ignoreEndOfGeneration: true, client: client)
    }

    private func cluster(
        workers: Int, context: Int = 256, slots: Int = 4, rowsPerStep: Int = 32, tokens: Int? = nil, queue: Int = 256,
        shift: ContextShift? = nil
    ) async throws -> LocalCluster {
        var settings = LocalCluster.Settings()
        settings.context = context
        settings.slots = slots
        settings.rowsPerStep = rowsPerStep
        settings.keyValueTokens = tokens
        settings.queue = queue
        settings.contextShift = shift
        let cluster = try await LocalCluster.prepare(workers: workers, settings: settings)
        try await cluster.coordinator.start()
        return cluster
    }

    /// Answers to several requests at a time, in their order.
    private func answers(_ requests: [GenerationRequest], on cluster: LocalCluster) async throws -> [CollectedAnswer] {
        try await withThrowingTaskGroup(of: (Int, CollectedAnswer).self) { group in
            for (index, request) in requests.enumerated() {
                let events = try cluster.coordinator.generate(request)
                group.addTask { (index, await CollectedAnswer(events)) }
            }
            return try await group.reduce(into: Array(repeating: CollectedAnswer(), count: requests.count)) {
                $0[$1.0] = $1.1
            }
        }
    }

    @Test func `a context that ends within a page is planned with the whole page`() async throws {
        var planned: [Int] = []
        for context in [100, 128] {
            let cluster = try await cluster(workers: 1, context: context)
            planned.append(await cluster.coordinator.report().stages.reduce(0) { $0 + $1.keyValueBytes })
            await cluster.stop()
        }
        #expect(planned[0] == planned[1] && planned[0] > 0)
    }

    @Test(arguments: 0...3) func `answers with a shared beginning equal those without`(workers: Int) async throws {
        let requests = (0..<6).map { request(Self.prompt + [TokenID(20 + $0), 7, TokenID(90 - $0)]) }
        // Room for one at a time, and every earlier one makes way: nothing is ever shared.
        let alone = try await cluster(workers: 0, slots: 1, tokens: 256)
        var expected: [CollectedAnswer] = []
        for request in requests {
            expected.append(try await alone.coordinator.answer(request))
            _ = try await alone.coordinator.answer(self.request(Array(repeating: 5, count: 250), most: 2))
        }
        #expect(expected.allSatisfy { $0.usage?.cachedTokens == 0 })
        await alone.stop()

        let shared = try await cluster(workers: workers)
        for _ in 0..<2 {
            let answers = try await answers(requests, on: shared)
            for (answer, expected) in zip(answers, expected) { #expect(answer.says(expected)) }
            // Where less than a page is missing, nobody waits for it.
            #expect(answers.count { $0.usage?.cachedTokens ?? 0 > 150 - 64 } >= 5)
        }
        let report = try #require(await shared.coordinator.report().scheduler)
        #expect(report.pages.used == 0)
        #expect(report.pages.dormant > 0)
        #expect(report.pages.dormant + report.pages.free == 4 * 4)
        await shared.stop()
    }

    @Test func `the logits of a forked sequence are those of one that was computed whole`() async throws {
        let cluster = try await cluster(workers: 2)
        let coordinator = cluster.coordinator
        let whole = try await coordinator.logits(of: Self.prompt)
        // Greedy tokens show the largest logit only: a bias for each of some tokens in turn has the whole row looked at.
        let vocabulary = whole.count / Self.prompt.count
        let last = Array(whole.suffix(vocabulary))
        _ = try await coordinator.answer(request(Self.prompt, most: 1))
        var order: [TokenID] = []
        var asked = request(Self.prompt, most: 1)
        for _ in 0..<30 {
            let answer = try await coordinator.answer(asked)
            #expect(answer.usage?.cachedTokens == 149)
            order += answer.tokens
            asked.sampling.logitBias = Dictionary(uniqueKeysWithValues: order.map { ($0, -100) })
        }
        let ranked = last.indices.sorted { (last[$1], $0) < (last[$0], $1) }.prefix(30)
        #expect(order == ranked.map(TokenID.init))
        await cluster.stop()
    }

    @Test(arguments: [0, 2]) func `answers are equal when pages run short`(workers: Int) async throws {
        // Their prompts fit side by side, their answers do not.
        let requests = (0..<4).map { request(Array(Self.prompt[$0..<$0 + 50]), most: 150) }
        let roomy = try await cluster(workers: workers)
        let expected = try await answers(requests, on: roomy)
        #expect(await roomy.coordinator.report().scheduler?.totals.preemptions == 0)
        await roomy.stop()
        let tight = try await cluster(workers: workers, tokens: 8 * 64)
        for (answer, expected) in zip(try await answers(requests, on: tight), expected) {
            #expect(answer.says(expected))
        }
        let report = try #require(await tight.coordinator.report().scheduler)
        #expect(report.totals.preemptions > 0)
        #expect(report.pages.total == 8)
        #expect(report.pages.used == 0)
        await tight.stop()
    }

    @Test(arguments: [(0, 0), (0, 70), (2, 70)]) func `a shifted context goes on as if its tokens had been the prompt`(
        workers: Int, keep: Int
    ) async throws {
        let shift = ContextShift(keep: keep)
        let cluster = try await cluster(workers: workers, context: 160, shift: shift)
        let coordinator = cluster.coordinator
        let answer = try await coordinator.answer(request(Self.prompt, most: 200))
        #expect(answer.tokens.count == 200)
        #expect(answer.reason == .length)
        // What a context that is not full says after the same tokens.
        var tokens = Self.prompt
        for (index, token) in answer.tokens.enumerated() {
            tokens.append(token)
            guard tokens.count > 160 else { continue }
            tokens = shift.shifted(tokens, context: 160)
            let rest = Array(answer.tokens[(index + 1)...].prefix(10))
            #expect(try await coordinator.answer(request(tokens, most: rest.count + 1)).tokens.starts(with: rest))
        }
        // A prompt that is too long by itself is shortened the same way.
        let long = Self.prompt + Self.prompt
        let fitting = shift.fitting(long, context: 160)
        #expect(
            try await coordinator.answer(request(long, most: 5)).tokens
                == coordinator.answer(request(fitting, most: 5)).tokens)
        await cluster.stop()
    }

    @Test func `those who wait are told their place, and too many are refused`() async throws {
        let cluster = try await cluster(workers: 0, context: 1 << 18, slots: 1, queue: 2)
        let coordinator = cluster.coordinator
        var endless = request([5, 6], client: "a")
        endless.maximumTokens = nil
        let running = Task { [endless] in await CollectedAnswer(try coordinator.generate(endless)) }
        while await coordinator.report().runningSequences == 0 { try await Task.sleep(for: .milliseconds(2)) }
        let first = try coordinator.generate(request([5, 6], most: 1, client: "a"))
        let second = try coordinator.generate(request([5, 6], most: 1, client: "b"))
        while await coordinator.report().waitingSequences < 2 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(await coordinator.report().scheduler?.waiting.map(\.client).sorted() == ["a", "b"])
        let error = #expect(throws: CoordinatorError.self) { _ = try coordinator.generate(request([5, 6])) }
        #expect(error?.code == .queueFull)
        running.cancel()
        let places = [await CollectedAnswer(first).places, await CollectedAnswer(second).places]
        #expect(places.allSatisfy { !$0.isEmpty })
        #expect(places.contains { $0.contains(1) })
        try await coordinator.becomesIdle()
        #expect(try await coordinator.answer(request([5, 6], most: 1)).tokens.count == 1)
        _ = await running.result
        await cluster.stop()
    }
}
