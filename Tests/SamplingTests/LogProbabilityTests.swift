import Testing

import Sampling

@Suite("Log-probabilities")
struct LogProbabilityTests {
    @Test func `are the logarithm of the softmax`() {
        // Softmax 1/16, 4/16, 8/16, 2/16, 1/16; logarithms by hand.
        let logits: [Float] = [10, 11.386_294, 12.079_442, 10.693_147, 10]
        let all = logits.withUnsafeBufferPointer { LogProbabilities(logits: $0) }
        let top = all.top(3)
        #expect(top.map(\.token) == [2, 1, 3])
        for (found, expected) in zip(top, [-0.693_147_2, -1.386_294_4, -2.079_441_5] as [Float]) {
            #expect(abs(found.value - expected) < 2e-6)
        }
        #expect(abs(all[token: 4].value - -2.772_588_7) < 2e-6)
        #expect(all[token: 5].value == -.infinity)
        #expect(all.top(99).count == 5)
        #expect(all.top(-1).isEmpty)
    }

    @Test func `add up to one over a large vocabulary`() {
        var random = RandomStream(seed: 3)
        let logits = (0..<49_152).map { _ in Float(random.nextUnit() * 20 - 10) }
        let all = logits.withUnsafeBufferPointer { LogProbabilities(logits: $0) }
        // The sum of e^x through (1 + x/2^20)^(2^20), by repeated squaring: independent of the code under test.
        let sum = logits.indices.reduce(0.0) { sum, token in
            var power = 1 + Double(all[token: UInt32(token)].value) / 1_048_576
            for _ in 0..<20 { power *= power }
            return sum + power
        }
        #expect(abs(sum - 1) < 1e-3)
    }

    @Test func `survive what is no number`() {
        let logits: [Float] = [.nan, .infinity, 3, -.infinity]
        let top = logits.withUnsafeBufferPointer { topLogProbabilities(4, of: $0) }
        #expect(top.map(\.token) == [1, 2, 0, 3])
        #expect(top[0].value == 0)
        #expect([Float]([.nan]).withUnsafeBufferPointer { topLogProbabilities(1, of: $0) }.map(\.value) == [-.infinity])
        #expect([Float]().withUnsafeBufferPointer { topLogProbabilities(1, of: $0) }.isEmpty)
    }
}
