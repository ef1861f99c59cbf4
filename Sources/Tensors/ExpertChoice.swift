import CKernels

/// How a mixture of experts chooses for one row, and how much each chosen expert counts.
///
/// Thread safety: immutable.
package struct ExpertChoice: Sendable, Hashable {
    /// How the chosen experts' logits become weights.
    package enum Weighting: Sendable, Hashable {
        /// Their probabilities among all experts; where `renormalized`, divided by their sum.
        case softmaxOverAll(renormalized: Bool)
        /// Their probabilities among the chosen.
        case softmaxOverChosen
        /// Their sigmoids (DeepSeek-V3); where `renormalized`, divided by their sum.
        case sigmoid(renormalized: Bool)
    }

    /// Experts in groups of equal size, in their order: a row takes some groups, and chooses among their experts only.
    package struct Groups: Sendable, Hashable {
        /// Groups of all experts.
        package let count: Int
        /// Groups that a row takes.
        package let used: Int

        /// More than the models that have groups have, 8.
        package static let most = 256

        /// Names groups.
        ///
        /// - Precondition: `used` of 2 to `most` groups.
        package init(count: Int, used: Int) {
            precondition((2...Self.most).contains(count) && (1...count).contains(used), "\(used) of \(count) groups")
            self.count = count
            self.used = used
        }
    }

    /// Experts that a row chooses.
    package let count: Int
    /// How they are weighted.
    package let weighting: Weighting
    /// What weights are multiplied with at last.
    package let scale: Float
    /// nil where a row chooses among all experts.
    package let groups: Groups?

    /// Names a choice.
    ///
    /// - Precondition: `count` > 0.
    package init(count: Int, weighting: Weighting, scale: Float = 1, groups: Groups? = nil) {
        precondition(count > 0, "\(count) experts")
        self.count = count
        self.weighting = weighting
        self.scale = scale
        self.groups = groups
    }

    /// Chooses the `count` experts of the highest scores, highest first and of equals the lower index first, and weights them. The score is
    /// the logit or, of `sigmoid`, what becomes of it, plus the expert's `bias`, which counts for the choice only. With groups, experts of the groups
    /// of the highest scores are chosen, of equals the lower index first: the score is the best of the group's or, of `sigmoid`, the two best added.
    ///
    /// - Parameter logits: those of the row's router `[experts]`, overwritten.
    /// - Parameter chosen: room for `count` indices.
    /// - Parameter weights: room for `count` weights, in the order of `chosen`.
    /// - Precondition: there are at least `count` experts, in groups: as many in each, two at least, and at least `count` in those that a row takes.
    package func choose(
        logits: UnsafeMutablePointer<Float>, experts: Int, bias: UnsafePointer<Float>? = nil,
        chosen: UnsafeMutablePointer<Int>, weights: UnsafeMutablePointer<Float>
    ) {
        precondition(experts >= count, "\(count) of \(experts) experts")
        if case .sigmoid = weighting { RowOperations.activate(.sigmoid, logits, count: experts) }
        if let groups {
            select(logits, experts: experts, bias: bias, groups: groups, chosen: chosen, scores: weights)
        } else {
            var filled = 0
            select(logits, 0..<experts, bias: bias, chosen: chosen, scores: weights, filled: &filled)
        }
        switch weighting {
        case .softmaxOverAll(let renormalized):
            let total = Self.exponentials(logits, experts, less: Self.largest(logits, experts))
            for index in 0..<count { weights[index] = logits[chosen[index]] / total }
            if renormalized { divide(weights, by: sum(weights)) }
        case .softmaxOverChosen:
            for index in 0..<count { weights[index] = logits[chosen[index]] }
            divide(weights, by: Self.exponentials(weights, count, less: Self.largest(weights, count)))
        case .sigmoid(let renormalized):
            for index in 0..<count { weights[index] = logits[chosen[index]] }
            // As the models have it, a least sum: no expert at all is no division by zero.
            if renormalized { divide(weights, by: max(sum(weights), 1e-20)) }
        }
        RowOperations.scale(weights, by: scale, count: count)
    }

    /// Chooses among the experts of the best groups.
    private func select(
        _ values: UnsafePointer<Float>, experts: Int, bias: UnsafePointer<Float>?, groups: Groups,
        chosen: UnsafeMutablePointer<Int>, scores: UnsafeMutablePointer<Float>
    ) {
        let size = experts / groups.count
        precondition(
            size >= 2 && size * groups.count == experts && groups.used * size >= count,
            "\(count) of \(experts) experts in \(groups.used) of \(groups.count) groups")
        // 1 KiB at most: on the stack.
        withUnsafeTemporaryAllocation(of: Float.self, capacity: groups.count) { groupScores in
            for group in 0..<groups.count {
                groupScores[group] = score(values, group * size..<(group + 1) * size, bias: bias)
            }
            var filled = 0
            for group in 0..<groups.count {
                var better = 0
                for other in 0..<groups.count
                where groupScores[other] > groupScores[group]
                    || other < group && groupScores[other] == groupScores[group]
                {
                    better += 1
                }
                // No number is better than what is none, so that there are always as many groups as are used, or more.
                guard better < groups.used else { continue }
                select(
                    values, group * size..<(group + 1) * size, bias: bias, chosen: chosen, scores: scores,
                    filled: &filled)
            }
        }
    }

    /// A group's score.
    private func score(_ values: UnsafePointer<Float>, _ experts: Range<Int>, bias: UnsafePointer<Float>?) -> Float {
        var best = -Float.infinity, second = -Float.infinity
        for expert in experts {
            let score = bias.map { values[expert] + $0[expert] } ?? values[expert]
            if score > best {
                (best, second) = (score, best)
            } else if score > second {
                second = score
            }
        }
        if case .sigmoid = weighting { return best + second }
        return best
    }

    /// One pass over some experts that keeps the best so far in order, `filled` of them.
    private func select(
        _ values: UnsafePointer<Float>, _ experts: Range<Int>, bias: UnsafePointer<Float>?,
        chosen: UnsafeMutablePointer<Int>, scores: UnsafeMutablePointer<Float>, filled: inout Int
    ) {
        for expert in experts {
            let score = bias.map { values[expert] + $0[expert] } ?? values[expert]
            if filled == count, !(score > scores[count - 1]) { continue }
            var place = filled < count ? filled : count - 1
            while place > 0, score > scores[place - 1] {
                (scores[place], chosen[place]) = (scores[place - 1], chosen[place - 1])
                place -= 1
            }
            (scores[place], chosen[place]) = (score, expert)
            if filled < count { filled += 1 }
        }
    }

    private static func largest(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
        var largest = values[0]
        for index in 1..<max(count, 1) where values[index] > largest { largest = values[index] }
        return largest
    }

    /// values = e^(values - largest); their sum, in ascending order.
    private static func exponentials(_ values: UnsafeMutablePointer<Float>, _ count: Int, less largest: Float) -> Float
    {
        for index in 0..<count { values[index] -= largest }
        shoal_exp(values, count, values)
        var sum: Float = 0
        for index in 0..<count { sum += values[index] }
        return sum
    }

    private func sum(_ values: UnsafePointer<Float>) -> Float {
        var sum: Float = 0
        for index in 0..<count { sum += values[index] }
        return sum
    }

    private func divide(_ values: UnsafeMutablePointer<Float>, by divisor: Float) {
        for index in 0..<count { values[index] /= divisor }
    }
}
