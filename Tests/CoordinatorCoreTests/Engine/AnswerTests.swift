import CoordinatorCore
import Placement
import Sampling
import TestSupport
import Testing
import Tokenizer
import Wire

/// Answers of a tiny model, on clusters of several shapes.
struct AnswerTests {
    private func request(_ text: String, most: Int = 12, on cluster: LocalCluster) -> GenerationRequest {
        GenerationRequest(
            prompt: cluster.coordinator.model.tokenizer!.encode(text), maximumTokens: most, sampling: .greedy,
            ignoreEndOfGeneration: true)
    }

    private static let prompts = [
        "Hello world", "a", "The user and the other", "in the world", "Hello", "x y z", "one two three four five six",
    ]

    @Test(.timeLimit(.minutes(10))) func `greedy answers are equal on any number of workers, alone or at a time`()
        async throws
    {
        var expected: [CollectedAnswer] = []
        for workers in 0...3 {
            let cluster = try await LocalCluster.start(workers: workers, slots: 3, rowsPerStep: 16)
            for (index, prompt) in Self.prompts.enumerated() {
                let answer = try await cluster.coordinator.answer(request(prompt, on: cluster))
                #expect(answer.reason == .length)
                #expect(answer.tokens.count == 12)
                #expect(answer.text == cluster.coordinator.model.tokenizer!.decode(answer.tokens, skipSpecial: true))
                if workers == 0 { expected.append(answer) }
                #expect(answer.says(expected[index]), "\(workers) workers: \(prompt)")
            }
            // More requests than slots: each equals its lone run.
            let together = try await withThrowingTaskGroup(of: (Int, CollectedAnswer).self) { group in
                for number in 0..<3 * Self.prompts.count {
                    let index = number % Self.prompts.count
                    let request = request(Self.prompts[index], on: cluster)
                    group.addTask { (index, try await cluster.coordinator.answer(request)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(together.count == 3 * Self.prompts.count)
            for (index, answer) in together {
                #expect(answer.says(expected[index]), "\(workers) workers: \(Self.prompts[index])")
            }
            try await cluster.coordinator.becomesIdle()
            await cluster.stop()
        }
        #expect(Set(expected.map(\.tokens)).count > 1)
    }

    @Test(.timeLimit(.minutes(10))) func `an answer stops at max tokens, at the context's end, or at a stop text`()
        async throws
    {
        let cluster = try await LocalCluster.start(workers: 1, context: 32)
        let coordinator = cluster.coordinator
        var asked = request("Hello world", most: 5, on: cluster)
        let five = try await coordinator.answer(asked)
        #expect(five.reason == .length)
        #expect(five.usage?.generatedTokens == 5)
        #expect(five.usage?.promptTokens == asked.prompt.count)

        asked.maximumTokens = nil
        let all = try await coordinator.answer(asked)
        #expect(all.reason == .length)
        #expect(asked.prompt.count + all.tokens.count == 32)
        #expect(Array(all.tokens.prefix(5)) == five.tokens)

        let scalars = Array(all.text.unicodeScalars)
        let middle = scalars.count / 2
        let stop = String(String.UnicodeScalarView(scalars[middle..<min(scalars.count, middle + 2)]))
        asked.stop = ["never to be seen", stop]
        let stopped = try await coordinator.answer(asked)
        #expect(stopped.reason == .stop)
        #expect(!stopped.text.contains(stop))
        #expect(all.text.hasPrefix(stopped.text + stop))
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `an end-of-generation token ends the answer and is not part of it`()
        async throws
    {
        let cluster = try await LocalCluster.start(workers: 1)
        let end = try #require(cluster.coordinator.model.tokenizer?.endOfGeneration.first)
        var asked = request("Hello", on: cluster)
        asked.ignoreEndOfGeneration = false
        asked.sampling.logitBias = [end: 100]
        let answer = try await cluster.coordinator.answer(asked)
        #expect(answer.reason == .stop)
        #expect(answer.tokens == [])
        #expect(answer.text == "")
        #expect(answer.usage?.generatedTokens == 1)
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `the same seed says the same, another seed another thing`() async throws {
        let cluster = try await LocalCluster.start(workers: 2)
        var asked = request("Hello world", most: 24, on: cluster)
        asked.sampling = SamplingParameters()
        asked.sampling.seed = 7
        let first = try await cluster.coordinator.answer(asked)
        #expect(try await cluster.coordinator.answer(asked).says(first))
        asked.sampling.seed = 8
        #expect(try await cluster.coordinator.answer(asked).tokens != first.tokens)
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `wrong requests are refused with the reason`() async throws {
        let cluster = try await LocalCluster.start(workers: 1, context: 16)
        let coordinator = cluster.coordinator
        func refusal(_ change: (inout GenerationRequest) -> Void) throws -> CoordinatorError {
            var asked = request("Hello", on: cluster)
            change(&asked)
            return try #require(throws: CoordinatorError.self) { _ = try coordinator.generate(asked) }
        }
        #expect(try refusal { $0.prompt = [] }.code == .invalidRequest)
        #expect(try refusal { $0.prompt = Array(repeating: 5, count: 16) }.code == .contextExceeded)
        #expect(try refusal { $0.prompt = [TokenID(TinyVocabulary.minimumCount)] }.code == .invalidRequest)
        #expect(try refusal { $0.maximumTokens = 0 }.code == .invalidRequest)
        #expect(try refusal { $0.sampling.temperature = -1 }.code == .invalidRequest)
        // One token less, and one is generated.
        var longest = request("Hello", on: cluster)
        longest.prompt = Array(repeating: 5, count: 15)
        #expect(try await coordinator.answer(longest).tokens.count == 1)
        for (tokens, code) in [([], .invalidRequest), (Array(repeating: 5, count: 17), .contextExceeded)]
            as [([TokenID], CoordinatorError.Code)]
        {
            let error = await #expect(throws: CoordinatorError.self) { try await coordinator.logits(of: tokens) }
            #expect(error?.code == code)
        }
        let error = await #expect(throws: CoordinatorError.self) { try await coordinator.logits(of: [5], chunk: 0) }
        #expect(error?.code == .invalidRequest)
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `before start and after stop nothing is answered`() async throws {
        let cluster = try await LocalCluster.prepare(workers: 1)
        let asked = request("Hello", on: cluster)
        #expect(
            try #require(throws: CoordinatorError.self) { _ = try cluster.coordinator.generate(asked) }.code
                == .unavailable)
        try await cluster.coordinator.start()
        #expect(cluster.coordinator.readiness == .ready)
        #expect(try await cluster.coordinator.answer(asked).reason == .length)
        cluster.coordinator.stop()
        #expect(
            try #require(throws: CoordinatorError.self) { _ = try cluster.coordinator.generate(asked) }.code
                == .unavailable)
        await cluster.stop()
    }

    /// A context that no test waits to be filled: hours of generating.
    private static let endless = 1 << 18

    @Test(.timeLimit(.minutes(10))) func `an answer whose reader goes away frees its slot`() async throws {
        let cluster = try await LocalCluster.start(workers: 1, context: Self.endless, slots: 1)
        var asked = request("Hello", on: cluster)
        asked.maximumTokens = nil
        do {
            let events = try cluster.coordinator.generate(asked)
            var read = 0
            for await _ in events {
                read += 1
                if read == 3 { break }
            }
        }
        try await cluster.coordinator.becomesIdle()
        // Gone before the engine has heard of it.
        for _ in 0..<20 { _ = try cluster.coordinator.generate(asked) }
        try await cluster.coordinator.becomesIdle()
        asked.maximumTokens = 3
        #expect(try await cluster.coordinator.answer(asked).tokens.count == 3)
        // One that waits for the slot is given up as well.
        asked.maximumTokens = nil
        let running = Task { [asked] in await CollectedAnswer(try cluster.coordinator.generate(asked)) }
        let waiting = Task { [asked] in await CollectedAnswer(try cluster.coordinator.generate(asked)) }
        while await cluster.coordinator.report().waitingSequences == 0 { try await Task.sleep(for: .milliseconds(5)) }
        waiting.cancel()
        while await cluster.coordinator.report().waitingSequences == 1 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(await cluster.coordinator.report().runningSequences == 1)
        running.cancel()
        try await cluster.coordinator.becomesIdle()
        _ = await (running.result, waiting.result)
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `tokens that the file suppresses are no part of an answer`() async throws {
        func answer(_ model: TinyModel, _ sampling: SamplingParameters) async throws -> [TokenID] {
            let cluster = try await LocalCluster.start(model: model, workers: 0)
            var asked = request("Hello world", most: 40, on: cluster)
            asked.sampling = sampling
            let tokens = try await cluster.coordinator.answer(asked).tokens
            await cluster.stop()
            return tokens
        }
        var drawn = SamplingParameters()
        drawn.seed = 5
        for sampling in [SamplingParameters.greedy, drawn] {
            let free = try await answer(TinyModel(), sampling)
            var model = TinyModel()
            model.suppressedTokens = [Int32(free[0]), Int32(free[7])]
            let found = try await answer(model, sampling)
            #expect(found.count == 40 && !found.contains(free[0]) && !found.contains(free[7]))
        }
    }
}
