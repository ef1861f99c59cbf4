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

@Suite struct FunctionsTests {
    /// The largest relative errors that are allowed: some units in the last place, and for GeLU's approximation those of the exponent.
    private static func tolerance(_ function: ActivationFunction, _ x: Double) -> Double {
        function == .geluTanh ? 4e-7 + abs(x) * abs(x) * 1.5e-7 : 5e-7
    }

    /// What the C library makes of it in double precision.
    private static func exact(_ function: ActivationFunction, _ x: Double) -> Double {
        switch function {
        case .silu: x / (1 + exp(-x))
        case .geluTanh: x / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .geluErf: x / 2 * erfc(-x / 2.0.squareRoot())
        case .reluSquared: max(x, 0) * max(x, 0)
        case .sigmoid: 1 / (1 + exp(-x))
        case .tanh: tanh(x)
        case .softplus: max(x, 0) + log1p(exp(-abs(x)))
        }
    }

    private func applied(_ function: ActivationFunction, _ values: [Float]) throws -> [Float] {
        try onAllSets {
            var output = values
            RowOperations.activate(function, &output, count: values.count)
            return output
        }
    }

    @Test(
        "functions are right to a few units in the last place, from tiny to large",
        arguments: ActivationFunction.allCases)
    func functionsAreRightToAFew(function: ActivationFunction) throws {
        let near = stride(from: Float(-12), through: 12, by: 0.00731)
        let far = stride(from: Float(-86), through: 86, by: 0.173)
        let tiny = (1...120).flatMap { [Float(sign: .plus, exponent: -$0, significand: 1.37), -exp2(Float(-$0))] }
        let values = Array(near) + Array(far) + tiny
        for (x, found) in zip(values, try applied(function, values)) {
            let exact = Self.exact(function, Double(x))
            // Under e^-87 the exponential is zero.
            let allowed = abs(exact) * Self.tolerance(function, Double(x)) + 2e-36
            #expect(abs(Double(found) - exact) <= allowed, "\(x): \(found), not \(exact)")
        }
    }

    @Test("large arguments give exact limits, and NaN stays NaN")
    func largeArgumentsGiveExactLimits() throws {
        let huge: [Float] = [90, 1000, 1e20, .greatestFiniteMagnitude], negative = huge.map { -$0 }
        #expect(try applied(.tanh, huge + negative) == [1, 1, 1, 1, -1, -1, -1, -1])
        #expect(try applied(.sigmoid, huge + negative) == [1, 1, 1, 1, 0, 0, 0, 0])
        #expect(try applied(.softplus, huge + negative) == huge + [0, 0, 0, 0])
        #expect(try applied(.geluTanh, huge + negative) == huge + [0, 0, 0, 0])
        #expect(try applied(.geluErf, huge + negative) == huge + [0, 0, 0, 0])
        #expect(try applied(.reluSquared, [3, 0, -3, -1e30]) == [9, 0, 0, 0])
        for function in ActivationFunction.allCases {
            for set in Kernels.supportedInstructionSets {
                try Kernels.using(instructionSet: set) {
                    var values: [Float] = [1, .nan, -1]
                    RowOperations.activate(function, &values, count: 3)
                    #expect(values[1].isNaN && values[0].isFinite && values[2].isFinite, "\(function) \(set)")
                }
            }
        }
    }

    @Test("tanh is odd, bit for bit")
    func tanhIsOddBitForBit() throws {
        let values = stride(from: Float(0), through: 20, by: 0.0371).map { $0 }
        let output = try applied(.tanh, values + values.map { -$0 })
        #expect(equalBits(Array(output[values.count...]), output[..<values.count].map { -$0 }))
    }

    @Test(
        "a gate is the function of one times the other", arguments: RowOperationsTests.counts,
        [GateFunction.silu, .geluTanh, .geluErf])
    func aGateIsTheFunctionOf(count: Int, function: GateFunction) throws {
        var generator = SeededGenerator(seed: 31)
        let gate = randomFloats(count, in: -9...9, &generator), up = randomFloats(count, &generator)
        let found = try onAllSets {
            var output = [Float](repeating: .nan, count: count)
            RowOperations.gate(function, gate: gate, up: up, count: count, into: &output)
            return output
        }
        let activation: ActivationFunction =
            switch function {
            case .geluTanh: .geluTanh
            case .geluErf: .geluErf
            default: .silu
            }
        #expect(equalBits(found, zip(try applied(activation, gate), up).map { $0 * $1 }), "\(generator)")
    }

    @Test("the gate of gpt-oss is clamped, and near double precision", arguments: RowOperationsTests.counts)
    func theGateOfGptOssIs(count: Int) throws {
        var generator = SeededGenerator(seed: 32)
        let gate = randomFloats(count, in: -20...20, &generator), up = randomFloats(count, in: -20...20, &generator)
        let found = try onAllSets {
            var output = [Float](repeating: .nan, count: count)
            RowOperations.gate(.clampedSilu(alpha: 1.702, limit: 7), gate: gate, up: up, count: count, into: &output)
            return output
        }
        for index in 0..<count {
            let g = min(Double(gate[index]), 7), u = min(max(Double(up[index]), -7), 7)
            let exact = g / (1 + exp(-Double(Float(1.702)) * g)) * (u + 1)
            // The exponent's rounding grows with the gate, that of u + 1 where it nearly vanishes.
            let allowed = abs(exact) * (1e-6 + abs(g) * 2e-7) + abs(g) * 2e-7
            #expect(abs(Double(found[index]) - exact) <= allowed, "\(gate[index]), \(up[index]), \(generator)")
        }
    }

    @Test("a soft cap is near the value where that is small, and never beyond", arguments: [Float(5), 30, 50])
    func aSoftCapIsNearThe(cap: Float) throws {
        let values = stride(from: -8 * cap, through: 8 * cap, by: cap / 97).map { $0 } + [1e-6, -1e-6, 1e30, -1e30]
        let found = try onAllSets {
            var output = values
            RowOperations.softCap(&output, cap: cap, count: values.count)
            return output
        }
        for (x, y) in zip(values, found) {
            let exact = Double(cap) * tanh(Double(x) / Double(cap))
            #expect(abs(Double(y) - exact) <= abs(exact) * 4e-7, "\(x)")
            #expect(abs(y) <= cap)
        }
    }

    @Test("sums, products and scaled sums of rows", arguments: RowOperationsTests.counts)
    func sumsProductsAndScaledSumsOf(count: Int) throws {
        var generator = SeededGenerator(seed: 33)
        let left = randomFloats(count, &generator), right = randomFloats(count, &generator)
        func result(_ body: (inout [Float]) -> Void) throws -> [Float] {
            try onAllSets {
                var output = left
                body(&output)
                return output
            }
        }
        let scaledSum = try result { RowOperations.add(right, scaledBy: 0.3, count: count, to: &$0) }
        #expect(scaledSum == zip(left, right).map { $0.addingProduct($1, 0.3) })
        #expect(try result { RowOperations.scale(&$0, by: 0.3, count: count) } == left.map { $0 * 0.3 })
        let product = try result { RowOperations.multiply(&$0, by: right, count: count) }
        #expect(product == zip(left, right).map { $0 * $1 })
    }
}
