import Tensors
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite struct RotaryEmbeddingTests {
    @Test("linear scaling and factors are what they were")
    func linearScalingAndFactorsAreWhat() {
        let factors = (0..<32).map { 1 + Float($0) / 8 }
        for base in [Float(10000), 1_000_000] {
            let linear = RotaryEmbedding(base: base, dimensions: 64, scaling: .linear(4), pairing: .halves)
            let before = RotaryEmbedding(base: base, dimensions: 64, factors: nil, scaling: 4, pairing: .halves)
            #expect(equalBits(linear.frequencies, before.frequencies))
            let divided = RotaryEmbedding(base: base, dimensions: 64, scaling: .factors(factors), pairing: .halves)
            let beforeDivided = RotaryEmbedding(
                base: base, dimensions: 64, factors: factors, scaling: 1, pairing: .halves)
            #expect(equalBits(divided.frequencies, beforeDivided.frequencies))
        }
    }

    @Test(
        "YaRN mixes frequencies as its formula says, with rounded bounds",
        arguments: [(64, 4096, 150_000), (32, 64, 10000), (128, 32768, 1_000_000), (20, 512, 500_000)],
        [(32, 1), (8, 1), (4, 2)])
    func yarnMixesFrequenciesAsIts(
        shape: (dimensions: Int, context: Int, base: Int), betas: (fast: Int, slow: Int)
    ) {
        let (dimensions, base) = (shape.dimensions, Double(shape.base))
        let rope = RotaryEmbedding(
            base: Float(shape.base), dimensions: dimensions,
            scaling: .yarn(
                factor: 8, originalContext: shape.context, betaFast: Float(betas.fast), betaSlow: Float(betas.slow)),
            pairing: .halves)
        func pair(_ turns: Int) -> Double {
            Double(dimensions) * log(Double(shape.context) / (Double(turns) * 2 * Double.pi)) / (2 * log(base))
        }
        let low = max(0, floor(pair(betas.fast))), high = min(Double(dimensions - 1), ceil(pair(betas.slow)))
        for index in 0..<dimensions / 2 {
            let ramp = min(1, max(0, (Double(index) - low) / max(high - low, 0.001)))
            let plain = pow(base, -Double(2 * index) / Double(dimensions))
            let exact = plain * (1 - ramp) + plain / 8 * ramp
            #expect(abs(Double(rope.frequencies[index]) - exact) <= exact * 2e-7, "pair \(index)")
        }
        #expect(rope.frequencies.first == 1)
    }

    @Test("gpt-oss's bounds are 8 and 18: pairs before stay, pairs after are slowed by the factor")
    func gptOssBoundsAre8And() {
        let plain = RotaryEmbedding(base: 150_000, dimensions: 64, scaling: .linear(1), pairing: .halves)
        let rope = RotaryEmbedding(
            base: 150_000, dimensions: 64,
            scaling: .yarn(factor: 32, originalContext: 4096, betaFast: 32, betaSlow: 1), pairing: .halves)
        for pair in 0..<32 {
            let ratio = plain.frequencies[pair] / rope.frequencies[pair]
            if pair <= 8 { #expect(ratio == 1) } else if pair >= 18 { #expect(ratio == 32) } else { #expect(ratio > 1) }
        }
    }

    @Test("the magnitude multiplies cosines and sines")
    func theMagnitudeMultipliesCosinesAndSines() {
        let plain = RotaryEmbedding(base: 10000, dimensions: 16, scaling: .linear(1), pairing: .halves)
        let louder = RotaryEmbedding(
            base: 10000, dimensions: 16, scaling: .linear(1), magnitude: 1.25, pairing: .halves)
        var (one, other) = ([Float](repeating: 0, count: 16), [Float](repeating: 0, count: 16))
        plain.angles(position: 77, into: &one)
        louder.angles(position: 77, into: &other)
        #expect(other == one.map { $0 * 1.25 })
    }

    @Test("logarithms are right to a unit in the last place of a double")
    func logarithmsAreRightToAUnit() {
        for x in [1, 2, 8, 32, 0.707_106, 1.5, 1e-300, 1e300, 1 + 1e-9] + (1...200).map({ Double($0) * 0.37 }) {
            let exact = log(x)
            #expect(abs(RotaryEmbedding.logarithm(x) - exact) <= max(abs(exact), 1e-9) * 4e-16, "\(x)")
        }
        #expect(RotaryEmbedding.logarithm(1) == 0)
    }
}
