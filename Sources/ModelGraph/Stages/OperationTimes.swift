/// The parts that a step's time is broken into.
package enum Operation: Int, CaseIterable, Sendable, Hashable {
    /// Rotary angles, and the rows of the embedding.
    case embedding
    /// The norm before attention, and its rows in int8.
    case attentionNorm
    /// The products to queries, keys and values.
    case queryKeyValue
    /// Rotation of queries and keys, and the write into the cache.
    case cache
    /// Scores, softmax and the mix of values.
    case attention
    /// The product of attention's results.
    case attentionOutput
    /// The residual, the norm before the network, and its rows in int8.
    case feedForwardNorm
    /// The choice of experts, and the sum of their results.
    case router
    /// The products to gate and up.
    case gateAndUp
    /// The gate's function, and its rows in int8.
    case activation
    /// The product back to the stream's width.
    case down
    /// The residual after the network.
    case residual
    /// What a layer adds of its own input of the token.
    case tokenInput
    /// The final norm and the product to logits.
    case head

    /// The name for people.
    package var name: String {
        switch self {
        case .embedding: "embedding, angles"
        case .attentionNorm: "attention norm"
        case .queryKeyValue: "query, key, value"
        case .cache: "rotation, cache"
        case .attention: "attention"
        case .attentionOutput: "attention output"
        case .feedForwardNorm: "feed-forward norm"
        case .router: "experts' choice"
        case .gateAndUp: "gate, up"
        case .activation: "activation"
        case .down: "down"
        case .residual: "residual"
        case .tokenInput: "token's input"
        case .head: "norm, head"
        }
    }
}

/// Times of a stage's operations, summed over all layers and steps since the last `reset`.
///
/// Thread safety: none; used by the thread that uses the stage.
package final class OperationTimes {
    private var durations = [Duration](repeating: .zero, count: Operation.allCases.count)

    /// Starts with no time measured.
    package init() {}

    /// The time that went to an operation.
    package subscript(operation: Operation) -> Duration { durations[operation.rawValue] }

    /// The time of all operations.
    package var total: Duration { durations.reduce(.zero, +) }

    /// Forgets all times.
    package func reset() {
        for index in durations.indices { durations[index] = .zero }
    }

    fileprivate func add(_ duration: Duration, to operation: Operation) { durations[operation.rawValue] += duration }
}

extension OperationTimes? {
    /// Runs `body`, and adds its time to an operation where times are kept.
    @inline(__always)
    func measure(_ operation: Operation, _ body: () -> Void) {
        guard let times = self else { return body() }
        let started = ContinuousClock.now
        body()
        times.add(ContinuousClock.now - started, to: operation)
    }
}
