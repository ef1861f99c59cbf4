import Sampling
import Testing

/// Tokens that a model's file says are no answers.
@Suite struct ForbiddenTokensTests {
    @Test func `forbidden tokens are never chosen, greedily or drawn, and the others as without them`() throws {
        var greedy = try Sampler(.greedy, forbidden: [4, 1], seed: 0)
        #expect(greedy.next([1, 9, 2, 3, 8]) == 3)
        #expect(greedy.next([.nan, 9, -.infinity, .nan, 8]) == 0)
        #expect(greedy.next([1, 5]) == 0)
        var lowest = try Sampler(.greedy, forbidden: [0, 1], seed: 0)
        #expect(lowest.next([7, 7, -.infinity]) == 2)
        #expect(lowest.next([7, 7]) == 0)
        let changes: [(inout SamplingParameters) -> Void] = [
            { _ in }, { $0.topK = 3 }, { $0.topP = 0.95 }, { $0.minP = 0.01 }, { $0.logitBias = [2: 100, 1: -1] },
        ]
        for change in changes {
            var parameters = SamplingParameters()
            change(&parameters)
            var masked = try Sampler(parameters, forbidden: [2, 77], seed: 3)
            var impossible = try Sampler(parameters, seed: 3)
            var without = sixteenths
            without[2] = -.infinity
            #expect(!masked.support(sixteenths).contains(2))
            // As many random numbers were drawn as of logits in which the token is impossible.
            for _ in 0..<5_000 { _ = impossible.next(without) }
            for _ in 0..<200 { #expect(masked.next(sixteenths) == impossible.next(without)) }
        }
    }
}
