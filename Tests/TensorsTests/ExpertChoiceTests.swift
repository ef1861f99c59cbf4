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

@Suite struct ExpertChoiceTests {
    private func choose(
        _ logits: [Float], _ choice: ExpertChoice, bias: [Float]? = nil
    ) throws -> (chosen: [Int], weights: [Float]) {
        var chosen = [Int](repeating: -1, count: choice.count)
        let weights = try onAllSets {
            var values = logits, weights = [Float](repeating: .nan, count: choice.count)
            if let bias {
                choice.choose(
                    logits: &values, experts: logits.count, bias: bias, chosen: &chosen, weights: &weights)
            } else {
                choice.choose(logits: &values, experts: logits.count, chosen: &chosen, weights: &weights)
            }
            return weights
        }
        return (chosen, weights)
    }

    private func expectNear(_ found: [Float], _ exact: [Double]) {
        #expect(found.count == exact.count)
        for (one, other) in zip(found, exact) {
            #expect(abs(Double(one) - other) <= abs(other) * 2e-6, "\(one), \(other)")
        }
    }

    @Test("the highest are chosen, in order, and of equals the first")
    func theHighestAreChosenInOrder() throws {
        let plain = ExpertChoice(count: 3, weighting: .softmaxOverChosen)
        #expect(try choose([1, 5, 3, 5, 2], plain).chosen == [1, 3, 2])
        #expect(try choose([0, 0, 0, 0, 0], plain).chosen == [0, 1, 2])
        #expect(try choose([3, 1, 2, 2, 2], plain).chosen == [0, 2, 3])
        #expect(try choose([1, 2, 3], plain).chosen == [2, 1, 0])
    }

    @Test("weights are those of the formulas", arguments: [Float(1), 2.5])
    func weightsAreThoseOfTheFormulas(scale: Float) throws {
        var generator = SeededGenerator(seed: 51)
        for experts in [4, 8, 60, 128] {
            let logits = randomFloats(experts, in: -4...4, &generator), count = min(8, experts / 2)
            let order = logits.indices.sorted { logits[$0] > logits[$1] }.prefix(count)
            let powers = logits.map { exp(Double($0)) }, all = powers.reduce(0, +)
            let some = order.reduce(0.0) { $0 + powers[$1] }
            func found(_ weighting: ExpertChoice.Weighting) throws -> [Float] {
                let result = try choose(logits, ExpertChoice(count: count, weighting: weighting, scale: scale))
                #expect(result.chosen == Array(order), "\(generator)")
                return result.weights
            }
            let factor = Double(scale)
            expectNear(try found(.softmaxOverAll(renormalized: false)), order.map { powers[$0] / all * factor })
            expectNear(try found(.softmaxOverAll(renormalized: true)), order.map { powers[$0] / some * factor })
            expectNear(try found(.softmaxOverChosen), order.map { powers[$0] / some * factor })
            let sigmoids = order.map { 1 / (1 + exp(-Double(logits[$0]))) }, sum = sigmoids.reduce(0, +)
            expectNear(try found(.sigmoid(renormalized: false)), sigmoids.map { $0 * factor })
            expectNear(try found(.sigmoid(renormalized: true)), sigmoids.map { $0 / sum * factor })
        }
    }

    @Test("a bias changes who is chosen, not what the chosen weigh")
    func aBiasChangesWhoIsChosen() throws {
        let choice = ExpertChoice(count: 2, weighting: .sigmoid(renormalized: false))
        let result = try choose([0, 2, -1, 1], choice, bias: [0, -1, 1, 0])
        // Scores: 0.5, 0.88 - 1, 0.27 + 1, 0.73.
        #expect(result.chosen == [2, 3])
        expectNear(result.weights, [1 / (1 + exp(1.0)), 1 / (1 + exp(-1.0))])
    }

    @Test("logits that are far apart or no numbers choose valid experts")
    func logitsThatAreFarApartOr() throws {
        let weightings: [ExpertChoice.Weighting] = [
            .softmaxOverAll(renormalized: true), .softmaxOverChosen, .sigmoid(renormalized: true),
        ]
        for weighting in weightings {
            let choice = ExpertChoice(count: 2, weighting: weighting)
            let apart = try choose([-1000, 1000, -2000, -3000], choice)
            #expect(apart.chosen == [1, 0])
            #expect(apart.weights == [1, 0])
            for logits in [[Float.nan, 1, 2, .nan], [.nan, .nan, .nan, .nan], [3, .nan, .infinity, -.infinity]] {
                var values = logits, chosen = [-1, -1], weights: [Float] = [0, 0]
                choice.choose(logits: &values, experts: 4, chosen: &chosen, weights: &weights)
                #expect(Set(chosen).count == 2 && chosen.allSatisfy { (0..<4).contains($0) }, "\(logits)")
            }
        }
    }
}
