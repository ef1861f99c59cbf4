import Sampling
import Testing

@Suite("Masks")
struct MaskedSamplingTests {
    private struct RandomNumbers: RandomNumberGenerator {
        var stream: RandomStream

        mutating func next() -> UInt64 { stream.next() }
    }

    /// A mask of 64 tokens a word.
    private func mask(_ tokens: [Int], of count: Int) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: (count + 63) / 64)
        for token in tokens { words[token / 64] |= 1 << UInt64(token % 64) }
        return words
    }

    @Test func `only tokens of the mask are chosen, whatever the parameters`() throws {
        var random = RandomNumbers(stream: RandomStream(seed: 5))
        for parameters in [SamplingParameters.greedy] + SamplerSafetyTests.variants {
            var sampler = try Sampler(parameters, forbidden: [3], seed: 4)
            for _ in 0..<50 {
                let count = Int.random(in: 5...200, using: &random)
                let logits = (0..<count).map { _ in Float.random(in: -20...20, using: &random) }
                let allowed = (0..<count).filter { _ in Int.random(in: 0..<8, using: &random) == 0 } + [0]
                let token = logits.withUnsafeBufferPointer {
                    sampler.next(logits: $0, allowed: mask(allowed, of: count))
                }
                #expect(allowed.contains(Int(token)) && token != 3)
                sampler.accept(token)
            }
        }
    }

    @Test func `greedy takes the greatest of those allowed, also where all are impossible`() throws {
        var sampler = try Sampler(.greedy, forbidden: [1], seed: 0)
        func next(_ logits: [Float], _ allowed: [Int]) -> UInt32 {
            logits.withUnsafeBufferPointer { sampler.next(logits: $0, allowed: mask(allowed, of: logits.count)) }
        }
        #expect(next([9, 8, 1, 2], [2, 3]) == 3)
        #expect(next([9, -.infinity, -.infinity, .nan], [1, 2, 3]) == 2)
    }

    @Test func `a mask of all tokens changes nothing`() throws {
        var (masked, plain) = (try Sampler(SamplingParameters(), seed: 9), try Sampler(SamplingParameters(), seed: 9))
        let logits = (0..<130).map { Float($0 * 37 % 11) }
        for _ in 0..<100 {
            let token = logits.withUnsafeBufferPointer {
                masked.next(logits: $0, allowed: mask(Array(0..<130), of: 130))
            }
            #expect(token == plain.next(logits))
        }
    }
}
