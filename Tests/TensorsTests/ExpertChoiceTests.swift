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

    @Test("experts of other groups are not chosen, however high they score")
    func expertsOfOtherGroups() throws {
        let two = ExpertChoice.Groups(count: 3, used: 1)
        let sums = ExpertChoice(count: 2, weighting: .sigmoid(renormalized: true), groups: two)
        // Three groups of two. The best expert of all is alone in its group; the second group's two are more together.
        let found = try choose([4, -4, 1, 1.5, 0, 0], sums)
        #expect(found.chosen == [3, 2])
        // The bias decides who is chosen, and a group's score with it: the last group's is 0.5 + 0.5 + 2.
        let biased = try choose([4, -4, 1, 1.5, 0, 0], sums, bias: [0, 0, 0, 0, 0, 2])
        #expect(biased.chosen == [5, 4])
        expectNear(biased.weights, [0.5, 0.5])
        // Of softmax the best expert speaks for its group.
        let best = ExpertChoice(count: 2, weighting: .softmaxOverChosen, groups: two)
        #expect(try choose([4, -4, 1, 1.5, 0, 0], best).chosen == [0, 1])
        // Of equal groups the first is taken, and of equal experts.
        #expect(try choose([1, 1, 1, 1, 1, 1], sums).chosen == [0, 1])
        #expect(try choose([0, 1, 1, 1, 1, 1], sums).chosen == [2, 3])
        // Two groups: the chosen come in the order of their scores, not of their groups.
        let more = ExpertChoice(
            count: 3, weighting: .sigmoid(renormalized: false), groups: .init(count: 3, used: 2))
        #expect(try choose([0, 1, 9, -9, 2, 3], more).chosen == [5, 4, 1])
    }

    @Test("groups choose as a slow twin does, and as without groups where a row takes all")
    func groupsChooseAsASlowTwin() throws {
        var generator = SeededGenerator(seed: 53)
        for (experts, groups, used, count) in [
            (256, 8, 4, 8), (16, 4, 2, 3), (12, 6, 5, 4), (8, 2, 1, 4), (160, 8, 3, 6),
        ] {
            for round in 0..<20 {
                // Coarse scores, so that equals are frequent.
                let logits = randomFloats(experts, in: -3...3, &generator).map {
                    round.isMultiple(of: 2) ? $0.rounded() : $0
                }
                let bias = randomFloats(experts, in: -1...1, &generator).map { ($0 * 2).rounded() / 2 }
                for weighting in [
                    ExpertChoice.Weighting.sigmoid(renormalized: true), .softmaxOverAll(renormalized: false),
                ] {
                    let isSigmoid = weighting == .sigmoid(renormalized: true)
                    var values = logits
                    if isSigmoid { RowOperations.activate(.sigmoid, &values, count: experts) }
                    let scores = zip(values, bias).map { $0 + $1 }
                    let size = experts / groups
                    let groupScores = (0..<groups).map { group -> Float in
                        let best = scores[group * size..<(group + 1) * size].sorted(by: >)
                        return isSigmoid ? best[0] + best[1] : best[0]
                    }
                    let taken = Set(
                        (0..<groups).sorted { (groupScores[$0], $1) > (groupScores[$1], $0) }.prefix(used))
                    let order = (0..<experts).filter { taken.contains($0 / size) }.sorted {
                        (scores[$0], $1) > (scores[$1], $0)
                    }
                    let choice = ExpertChoice(
                        count: count, weighting: weighting, scale: 2.5, groups: .init(count: groups, used: used))
                    let found = try choose(logits, choice, bias: bias)
                    #expect(found.chosen == Array(order.prefix(count)), "\(generator)")
                    let whole = try choose(
                        logits, ExpertChoice(count: count, weighting: weighting, scale: 2.5), bias: bias)
                    let all = ExpertChoice(
                        count: count, weighting: weighting, scale: 2.5, groups: .init(count: groups, used: groups))
                    let same = try choose(logits, all, bias: bias)
                    #expect(same.chosen == whole.chosen && same.weights == whole.weights)
                    if Array(order.prefix(count)) == whole.chosen { #expect(found.weights == whole.weights) }
                }
            }
        }
    }

    @Test("groups of what is no number choose valid experts")
    func groupsOfWhatIsNoNumber() throws {
        for weighting in [ExpertChoice.Weighting.sigmoid(renormalized: true), .softmaxOverChosen] {
            let choice = ExpertChoice(count: 2, weighting: weighting, groups: .init(count: 2, used: 1))
            for logits in [
                [Float.nan, 1, 2, .nan], [.nan, .nan, .nan, .nan], [3, .nan, .infinity, -.infinity],
                [-.infinity, -.infinity, -.infinity, -.infinity],
            ] {
                var values = logits, chosen = [-1, -1], weights: [Float] = [0, 0]
                choice.choose(logits: &values, experts: 4, chosen: &chosen, weights: &weights)
                #expect(Set(chosen).count == 2 && chosen.allSatisfy { (0..<4).contains($0) }, "\(logits)")
            }
        }
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
