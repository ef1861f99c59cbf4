import CKernels
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

@Suite struct RowOperationsTests {
    static let counts = [1, 2, 15, 16, 17, 31, 33, 64, 100, 576]

    @Test("a norm known by hand comes out")
    func aNormKnownByHandComes() throws {
        let output = try onAllSets {
            var output = [Float](repeating: 0, count: 2)
            RowOperations.rmsNorm([3, 4], weight: [1, 2], count: 2, epsilon: 0, into: &output)
            return output
        }
        // The mean square is 12.5.
        #expect(abs(output[0] - 0.848_528_1) < 1e-6)
        #expect(abs(output[1] - 2.262_741_7) < 1e-6)
    }

    @Test("norms have equal bits on all sets and are near double precision", arguments: counts)
    func normsHaveEqualBitsOnAll(count: Int) throws {
        var generator = SeededGenerator(seed: 3)
        let input = randomFloats(count, &generator), weight = randomFloats(count, &generator)
        let output = try onAllSets {
            var output = [Float](repeating: 0, count: count)
            RowOperations.rmsNorm(input, weight: weight, count: count, epsilon: 1e-5, into: &output)
            return output
        }
        let mean = input.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(count)
        for index in 0..<count {
            let exact = Double(input[index]) / (mean + 1e-5).squareRoot() * Double(weight[index])
            #expect(abs(Double(output[index]) - exact) <= abs(exact) * 1e-6, "\(generator)")
        }
    }

    @Test("a norm without weight is one with ones, in place or not", arguments: counts)
    func aNormWithoutWeightIsOne(count: Int) throws {
        var generator = SeededGenerator(seed: 8)
        let input = randomFloats(count, &generator), ones = [Float](repeating: 1, count: count)
        let weighted = try onAllSets {
            var output = [Float](repeating: 0, count: count)
            RowOperations.rmsNorm(input, weight: ones, count: count, epsilon: 1e-5, into: &output)
            return output
        }
        let inPlace = try onAllSets {
            var values = input
            values.withUnsafeMutableBufferPointer {
                RowOperations.rmsNorm(
                    $0.baseAddress!, weight: nil, count: count, epsilon: 1e-5, into: $0.baseAddress!)
            }
            return values
        }
        #expect(equalBits(inPlace, weighted), "\(generator)")
    }

    @Test("layer norms have equal bits on all sets and are near double precision", arguments: counts, [true, false])
    func layerNormsHaveEqualBitsOn(count: Int, hasBias: Bool) throws {
        var generator = SeededGenerator(seed: 9)
        // Far from zero, where a mean that is not taken away first would cost digits.
        let input = randomFloats(count, in: 30...34, &generator)
        let weight = randomFloats(count, &generator), bias = randomFloats(count, &generator)
        let output = try onAllSets {
            var output = [Float](repeating: 0, count: count)
            bias.withUnsafeBufferPointer {
                RowOperations.layerNorm(
                    input, weight: weight, bias: hasBias ? $0.baseAddress : nil, count: count, epsilon: 1e-5,
                    into: &output)
            }
            return output
        }
        let mean = input.reduce(0.0) { $0 + Double($1) } / Double(count)
        let variance = input.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
        for index in 0..<count {
            let normal = (Double(input[index]) - mean) / (variance + 1e-5).squareRoot()
            let exact = normal * Double(weight[index]) + (hasBias ? Double(bias[index]) : 0)
            #expect(abs(Double(output[index]) - exact) <= 2e-5, "\(generator)")
        }
    }

    @Test("SwiGLU has equal bits on all sets and is near double precision", arguments: counts)
    func swigluHasEqualBitsOnAll(count: Int) throws {
        var generator = SeededGenerator(seed: 4)
        let gate = randomFloats(count, in: -95...95, &generator), up = randomFloats(count, &generator)
        let output = try onAllSets {
            var output = [Float](repeating: 0, count: count)
            RowOperations.swiGLU(gate: gate, up: up, count: count, into: &output)
            return output
        }
        for index in 0..<count {
            let exact = Double(gate[index]) / (1 + exp(-Double(gate[index]))) * Double(up[index])
            #expect(abs(Double(output[index]) - exact) <= abs(exact) * 1e-6 + 1e-30, "\(gate[index]) \(generator)")
        }
    }

    @Test("the exponential is right to a few units in the last place")
    func theExponentialIsRightToA() throws {
        let values = stride(from: Float(-87), through: 88, by: 0.0137).map { $0 } + [0, -0.0, -87.01, -1000, 1e-20]
        let output = try onAllSets {
            var output = [Float](repeating: 0, count: values.count)
            shoal_exp(values, values.count, &output)
            return output
        }
        for (value, found) in zip(values, output) {
            let exact = value < -87 ? 0 : exp(Double(value))
            #expect(abs(Double(found) - exact) <= exact * 3e-7, "\(value)")
        }
        #expect(output[values.firstIndex(of: 0)!] == 1)
    }

    @Test("activations have equal blocks on all sets", arguments: [32, 64, 96])
    func activationsHaveEqualBlocksOnAll(count: Int) throws {
        var generator = SeededGenerator(seed: 5)
        var input = randomFloats(count, in: -3...3, &generator)
        for index in 0..<32 { input[index] = Float(index - 16) / 2 }  // ties
        func blocks() -> [UInt8] {
            var blocks = [shoal_activation_block](repeating: shoal_activation_block(), count: count / 32)
            shoal_quantize_activations(input, count, &blocks)
            return blocks.withUnsafeBytes { Array($0) }
        }
        let expected = try Kernels.using(instructionSet: "scalar", blocks)
        for set in wideInstructionSets {
            let found = try Kernels.using(instructionSet: set, blocks)
            #expect(found == expected, "\(set)")
        }
        for start in stride(from: 0, to: count, by: 32) {
            let largest = input[start..<start + 32].map { abs($0) }.max()!
            let values = expected[start / 32 * 48..<start / 32 * 48 + 32].map { Int8(bitPattern: $0) }
            for (value, exact) in zip(values, input[start...]) {
                #expect(abs(Float(value) * (largest / 127) - exact) <= largest / 127 * 0.50001)
            }
        }
    }

    @Test("tiny and zero activations become zero")
    func tinyAndZeroActivationsBecomeZero() throws {
        for value in [Float(0), 0x1p-140, 1e-31] {
            var blocks = [shoal_activation_block()]
            shoal_quantize_activations([Float](repeating: value, count: 32), 32, &blocks)
            #expect(blocks[0].scale == 0 && blocks[0].sum == 0)
        }
    }

    @Test(
        "rotation is near double precision at all positions",
        arguments: [RotaryEmbedding.Pairing.interleaved, .halves], [Float(10000), 100_000, 500_000])
    func rotationIsNearDoublePrecisionAt(pairing: RotaryEmbedding.Pairing, base: Float) throws {
        let rope = RotaryEmbedding(base: base, dimensions: 16, factors: nil, scaling: 1, pairing: pairing)
        var generator = SeededGenerator(seed: 6)
        for position in [0, 1, 7, 130, 4095, 131_071] {
            let values = randomFloats(40, &generator)
            let output = try onAllSets {
                var output = values
                var angles = [Float](repeating: 0, count: 16)
                rope.angles(position: position, into: &angles)
                rope.rotate(&output, heads: 2, headSize: 20, angles: angles)
                return output
            }
            for head in 0..<2 {
                for pair in 0..<8 {
                    let angle = Double(Float(position) * Float(pow(Double(base), -Double(2 * pair) / 16)))
                    let first = head * 20 + (pairing == .interleaved ? 2 * pair : pair)
                    let second = pairing == .interleaved ? first + 1 : first + 8
                    let (a, b) = (Double(values[first]), Double(values[second]))
                    // The frequency may differ by a unit in the last place, which the position multiplies.
                    let tolerance = 1e-6 + angle * 1.3e-7 * 3
                    #expect(abs(Double(output[first]) - (a * cos(angle) - b * sin(angle))) < tolerance)
                    #expect(abs(Double(output[second]) - (a * sin(angle) + b * cos(angle))) < tolerance)
                }
                for rest in 16..<20 { #expect(output[head * 20 + rest] == values[head * 20 + rest]) }
            }
        }
    }

    @Test("factors and linear scaling divide the frequencies")
    func factorsAndLinearScalingDivideThe() {
        let plain = RotaryEmbedding(base: 10000, dimensions: 4, factors: nil, scaling: 1, pairing: .interleaved)
        let scaled = RotaryEmbedding(base: 10000, dimensions: 4, factors: [1, 8], scaling: 2, pairing: .interleaved)
        #expect(plain.frequencies == [1, 0.01])
        #expect(scaled.frequencies == [0.5, 0.01 / 16])
    }
}
