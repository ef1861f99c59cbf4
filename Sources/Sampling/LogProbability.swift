/// A token with the natural logarithm of its probability under the unchanged logits.
package struct LogProbability: Sendable, Hashable {
    /// The token's id.
    package let token: UInt32
    /// The natural logarithm of its probability; `-infinity` when it is impossible.
    package let value: Float
}

/// Turns logits into log-probabilities, for one position. NaN counts as impossible.
package struct LogProbabilities: Sendable {
    /// The safe logits, `[vocabulary]`.
    private let logits: [Float]
    private let normalizer: Double

    /// Normalizes logits, `[vocabulary]`.
    package init(logits: UnsafeBufferPointer<Float>) {
        self.logits = logits.map(safe)
        let best = self.logits.max() ?? 0
        let total = self.logits.reduce(0) { $0 + ExactMath.exponential(Double($1) - Double(best)) }
        normalizer = total >= 1 ? Double(best) + ExactMath.logarithm(total) : 0
    }

    /// The log-probability of one token; impossible when the vocabulary does not have it.
    package subscript(token token: UInt32) -> LogProbability {
        guard Int(token) < logits.count else { return LogProbability(token: token, value: -.infinity) }
        return LogProbability(token: token, value: Float(Double(logits[Int(token)]) - normalizer))
    }

    /// The `count` most likely tokens, most likely first; of equals the lowest id first.
    package func top(_ count: Int) -> [LogProbability] {
        var selection = TopSelection()
        logits.withUnsafeBufferPointer { selection.select(max(0, count), from: $0) }
        return selection.candidates.map { self[token: $0.token] }
    }
}

/// The `count` most likely tokens of one position with their log-probabilities, most likely first.
/// - Parameter logits: `[vocabulary]`.
package func topLogProbabilities(_ count: Int, of logits: UnsafeBufferPointer<Float>) -> [LogProbability] {
    LogProbabilities(logits: logits).top(count)
}
