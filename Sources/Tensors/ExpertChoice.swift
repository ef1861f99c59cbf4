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

    /// Experts that a row chooses.
    package let count: Int
    /// How they are weighted.
    package let weighting: Weighting
    /// What weights are multiplied with at last.
    package let scale: Float

    /// Names a choice.
    ///
    /// - Precondition: `count` > 0.
    package init(count: Int, weighting: Weighting, scale: Float = 1) {
        precondition(count > 0, "\(count) experts")
        self.count = count
        self.weighting = weighting
        self.scale = scale
    }

    /// Chooses the `count` experts of the highest scores, highest first and of equals the lower index first, and weights them. The score is
    /// the logit or, of `sigmoid`, what becomes of it, plus the expert's `bias`, which counts for the choice only.
    ///
    /// - Parameter logits: those of the row's router `[experts]`, overwritten.
    /// - Parameter chosen: room for `count` indices.
    /// - Parameter weights: room for `count` weights, in the order of `chosen`.
    /// - Precondition: there are at least `count` experts.
    package func choose(
        logits: UnsafeMutablePointer<Float>, experts: Int, bias: UnsafePointer<Float>? = nil,
        chosen: UnsafeMutablePointer<Int>, weights: UnsafeMutablePointer<Float>
    ) {
        precondition(experts >= count, "\(count) of \(experts) experts")
        if case .sigmoid = weighting { RowOperations.activate(.sigmoid, logits, count: experts) }
        select(logits, experts: experts, bias: bias, chosen: chosen, scores: weights)
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

    /// One pass that keeps the best so far in order.
    private func select(
        _ values: UnsafePointer<Float>, experts: Int, bias: UnsafePointer<Float>?,
        chosen: UnsafeMutablePointer<Int>, scores: UnsafeMutablePointer<Float>
    ) {
        var filled = 0
        for expert in 0..<experts {
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
