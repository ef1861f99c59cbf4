import CoordinatorCore
import Grammar
import Sampling
import TestSupport
import Testing
import Tokenizer
import Wire

/// Answers that keep to a grammar, of a tiny model that knows nothing of it.
@Suite(.timeLimit(.minutes(10)))
struct GrammarAnswerTests {
    private func tables(_ grammar: Grammar, on cluster: LocalCluster) throws -> MaskTables {
        MaskTables(try CompiledGrammar(grammar), TokenVocabulary(cluster.coordinator.model.tokenizer!))
    }

    private func request(_ tables: MaskTables, most: Int?, seed: UInt64, on cluster: LocalCluster) -> GenerationRequest
    {
        var sampling = SamplingParameters()
        sampling.seed = seed
        return GenerationRequest(
            prompt: cluster.coordinator.model.tokenizer!.encode("Hello world"), maximumTokens: most, sampling: sampling,
            grammar: tables)
    }

    private static let schema =
        #"{"type":"object","properties":{"name":{"type":"string","maxLength":6},"ages":{"type":"array","items":{"type":"integer","minimum":0,"maximum":99},"maxItems":3}},"required":["name","ages"],"additionalProperties":false}"#

    @Test func `answers belong to the grammar, alone and at a time, on any number of workers`() async throws {
        var expected: [CollectedAnswer] = []
        for workers in [0, 2] {
            let cluster = try await LocalCluster.start(workers: workers, slots: 3)
            let tables = try tables(Grammar(schema: OrderedJSON(json: Self.schema)), on: cluster)
            let answers = try await withThrowingTaskGroup(of: (UInt64, CollectedAnswer).self) { group in
                for seed in 0..<8 as Range<UInt64> {
                    let request = request(tables, most: 200, seed: seed, on: cluster)
                    group.addTask { (seed, try await cluster.coordinator.answer(request)) }
                }
                return try await group.reduce(into: [UInt64: CollectedAnswer]()) { $0[$1.0] = $1.1 }
            }
            for seed in 0..<8 as Range<UInt64> {
                let answer = try #require(answers[seed])
                #expect(answer.reason == .stop && answer.error == nil)
                var matcher = GrammarMatcher(tables.grammar)
                #expect(try matcher.accept(answer.text.utf8) && matcher.canEnd, "\(answer.text)")
                if workers == 0 { expected.append(answer) } else { #expect(answer.says(expected[Int(seed)])) }
            }
            await cluster.stop()
        }
        #expect(Set(expected.map(\.text)).count > 1)
    }

    @Test func `it ends where nothing may follow, or with the reason length`() async throws {
        let cluster = try await LocalCluster.start(workers: 1)
        let word = try tables(Grammar(gbnf: "root ::= \"yes\" | \"no\""), on: cluster)
        var asked = request(word, most: 50, seed: 1, on: cluster)
        // Also where the model's own end is not to count.
        asked.ignoreEndOfGeneration = true
        let answer = try await cluster.coordinator.answer(asked)
        #expect(answer.reason == .stop)
        #expect(["yes", "no"].contains(answer.text))
        #expect(answer.usage?.generatedTokens == answer.tokens.count)
        let endless = try tables(Grammar(gbnf: "root ::= [a-c]{30,}"), on: cluster)
        let cut = try await cluster.coordinator.answer(request(endless, most: 7, seed: 1, on: cluster))
        #expect(cut.reason == .length)
        #expect(cut.tokens.count == 7)
        #expect(cut.text.allSatisfy { "abc".contains($0) })
        await cluster.stop()
    }

    @Test func `a text that nests too deep ends with an error`() async throws {
        let cluster = try await LocalCluster.start(workers: 1)
        var limits = GrammarLimits()
        limits.frames = 5
        let grammar = try CompiledGrammar(
            Grammar(gbnf: #"root ::= "(" root ")" | "(((((((((x""#), limits: limits)
        let tables = MaskTables(grammar, TokenVocabulary(cluster.coordinator.model.tokenizer!))
        let asked = request(tables, most: 50, seed: 1, on: cluster)
        let answer = try await cluster.coordinator.answer(asked)
        #expect(answer.error?.code == .invalidRequest)
        await cluster.stop()
    }

    @Test func `an answer goes on in its grammar when a worker dies`() async throws {
        var model = TinyModel()
        model.layers = 6
        let cluster = try await LocalCluster.start(model: model, workers: 3)
        let tables = try tables(Grammar(gbnf: "root ::= ([a-f]{3} \" \"){40}"), on: cluster)
        let request = request(tables, most: 400, seed: 3, on: cluster)
        let before = try await cluster.coordinator.answer(request)
        #expect(before.reason == .stop)
        var answer = CollectedAnswer()
        for await event in try cluster.coordinator.generate(request) {
            answer.add(event)
            if answer.tokens.count == 10 { await cluster.workers[1].kill() }
        }
        #expect(answer.says(before))
        await cluster.stop()
    }
}
