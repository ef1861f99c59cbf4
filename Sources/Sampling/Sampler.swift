/// Chooses tokens from logits.
///
/// In this order: logit bias, penalties (repetition; then presence and frequency), top-k, top-p, min-p, temperature, draw: the order
/// of llama.cpp's default chain. Top-p and min-p look at the probabilities before the temperature. The same parameters,
/// seed and logits give the same tokens on every machine: the random numbers and the exponential are the module's own. Equal
/// logits go to the lowest id. NaN counts as impossible; when no token is possible the answer is token 0: whoever must not take that for an
/// answer looks for a `LogitsFault` first. Forbidden tokens are never chosen, whatever is asked for: where no other is possible the answer is the
/// first that is not forbidden. Likewise what a caller's mask does not allow.
/// One `next` that is not greedy takes exactly one random number.
///
/// A value for one sequence, used by one thread at a time; its buffers, once grown, are reused.
package struct Sampler: Sendable {
    /// The parameters in use.
    package let parameters: SamplingParameters
    /// The seed in use: the parameters' own, else the one given.
    package let seed: UInt64
    private var random: RandomStream
    private var history: TokenHistory
    private var selection = TopSelection()
    /// The logits after bias and penalties, `[vocabulary]`.
    private var work: [Float] = []
    /// The weight of each token, `[vocabulary]`, where all are drawn from.
    private var weights: [Double] = []
    private let changesLogits: Bool
    /// Tokens that the model's file forbids as answers, ascending.
    private let forbidden: [UInt32]

    /// Starts a sequence.
    /// - Parameters:
    ///   - forbidden: tokens that are never chosen.
    ///   - seed: used when the parameters name none.
    /// - Throws: `SamplingError` when a parameter is out of its range.
    package init(
        _ parameters: SamplingParameters, forbidden: [UInt32] = [], seed: UInt64
    ) throws(SamplingError) {
        self.forbidden = forbidden.sorted()
        try parameters.validate()
        self.parameters = parameters
        self.seed = parameters.seed ?? seed
        random = RandomStream(seed: self.seed)
        let repeats = parameters.repetitionPenalty != 1 && parameters.repetitionWindow != 0
        history = TokenHistory(window: repeats ? parameters.repetitionWindow : 0)
        changesLogits =
            repeats || parameters.presencePenalty != 0 || parameters.frequencyPenalty != 0
            || !parameters.logitBias.isEmpty
    }

    /// Remembers a token for the penalties. `next` does not do so itself.
    /// - Parameter fromPrompt: whether the token is the prompt's: then only the repetition penalty knows it.
    package mutating func accept(_ token: UInt32, fromPrompt: Bool = false) {
        guard changesLogits else { return }
        history.accept(token, generated: !fromPrompt)
    }

    /// Chooses the next token.
    /// - Parameters:
    ///   - logits: `[vocabulary]`, at least one.
    ///   - allowed: the tokens that may be chosen, token t by bit t % 64 of word t / 64; nil for all. At least one must be there that is not
    ///     forbidden.
    package mutating func next(logits: UnsafeBufferPointer<Float>, allowed: [UInt64]? = nil) -> UInt32 {
        precondition(!logits.isEmpty, "a token is to be chosen from no logits")
        if parameters.temperature == 0 && !changesLogits && forbidden.isEmpty && allowed == nil {
            return greatest(logits)
        }
        prepare(logits)
        if let allowed { restrict(to: allowed) }
        if weights.count != work.count { weights = [Double](repeating: 0, count: work.count) }
        return work.withUnsafeBufferPointer { work in
            let first = greatest(work)
            let best = work[Int(first)]
            if parameters.temperature == 0 { return best > -.infinity ? first : firstAllowed(of: work.count, allowed) }
            let unit = random.nextUnit()
            guard best > -.infinity else { return firstAllowed(of: work.count, allowed) }
            if parameters.topK > 0 && parameters.topK < work.count {
                selection.select(parameters.topK, from: work)
                let total = selection.candidates.reduce(0) { $0 + weight($1.logit, best) }
                return draw(
                    from: selection.candidates.prefix(nucleus(of: total, best) ?? selection.candidates.count), best,
                    unit)
            }
            if parameters.topP < 1 {
                let total = work.reduce(0) { $0 + weight($1, best) }
                // Nearly always a few hundred tokens are enough; sorting all of them is the last resort.
                var size = 256
                while true {
                    selection.select(size, from: work)
                    if let count = nucleus(of: total, best) {
                        return draw(from: selection.candidates.prefix(count), best, unit)
                    }
                    if size >= work.count { return draw(from: selection.candidates[...], best, unit) }
                    size *= 16
                }
            }
            return draw(from: work, best, unit)
        }
    }

    /// Copies the logits, makes them safe to compute with, and applies bias and penalties.
    private mutating func prepare(_ logits: UnsafeBufferPointer<Float>) {
        if work.count != logits.count { work = [Float](repeating: 0, count: logits.count) }
        work.withUnsafeMutableBufferPointer { work in
            for index in 0..<work.count { work[index] = safe(logits[index]) }
            defer { for token in forbidden where Int(token) < work.count { work[Int(token)] = -.infinity } }
            guard changesLogits else { return }
            // Each token is changed on its own, so the order of a dictionary does not matter.
            for (token, bias) in parameters.logitBias where Int(token) < work.count {
                work[Int(token)] = safe(work[Int(token)] + bias)
            }
            if parameters.repetitionPenalty != 1 {
                for token in history.recent.keys where Int(token) < work.count {
                    let logit = work[Int(token)]
                    work[Int(token)] =
                        safe(logit > 0 ? logit / parameters.repetitionPenalty : logit * parameters.repetitionPenalty)
                }
            }
            for (token, count) in history.generated where Int(token) < work.count {
                let penalty = Float(count) * parameters.frequencyPenalty + parameters.presencePenalty
                work[Int(token)] = safe(work[Int(token)] - penalty)
            }
        }
    }

    /// Makes all other tokens impossible.
    private mutating func restrict(to allowed: [UInt64]) {
        work.withUnsafeMutableBufferPointer { work in
            allowed.withUnsafeBufferPointer { words in
                for first in stride(from: 0, to: work.count, by: 64) {
                    let word = first / 64 < words.count ? words[first / 64] : 0
                    if word == .max { continue }
                    for token in first..<min(first + 64, work.count) where word >> UInt64(token - first) & 1 == 0 {
                        work[token] = -.infinity
                    }
                }
            }
        }
    }

    /// The lowest id that is not forbidden and allowed; 0 where there is none.
    private func firstAllowed(of count: Int, _ allowed: [UInt64]?) -> UInt32 {
        if let allowed {
            for (index, word) in allowed.enumerated() where word != 0 {
                for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 && index * 64 + bit < count {
                    let token = UInt32(index * 64 + bit)
                    if !forbidden.contains(token) { return token }
                }
            }
            return 0
        }
        var next: UInt32 = 0
        for token in forbidden where token == next { next += 1 }
        return Int(next) < count ? next : 0
    }

    /// How many of the selected candidates reach top-p of the total weight; nil when all together do not.
    private func nucleus(of total: Double, _ best: Float) -> Int? {
        guard parameters.topP < 1 else { return nil }
        let wanted = Double(parameters.topP) * total
        var sum = 0.0
        for (index, candidate) in selection.candidates.enumerated() {
            sum += weight(candidate.logit, best)
            if sum >= wanted { return index + 1 }
        }
        return nil
    }

    /// Draws from sorted candidates, after min-p.
    private func draw(from candidates: ArraySlice<Candidate>, _ best: Float, _ unit: Double) -> UInt32 {
        let floor = minimumLogit(best)
        let kept = candidates.prefix { $0.logit >= floor }
        var left = unit * kept.reduce(0) { $0 + heated($1.logit, best) }
        for candidate in kept {
            left -= heated(candidate.logit, best)
            if left < 0 { return candidate.token }
        }
        return kept.first?.token ?? 0
    }

    /// Draws from all tokens in order of their ids, after min-p.
    private mutating func draw(from logits: UnsafeBufferPointer<Float>, _ best: Float, _ unit: Double) -> UInt32 {
        let floor = minimumLogit(best)
        let temperature = Double(parameters.temperature)
        return weights.withUnsafeMutableBufferPointer { weights in
            ExactMath.exponentials(of: logits, minus: Double(best), over: temperature, into: weights)
            var total = 0.0
            for token in 0..<logits.count where logits[token] >= floor { total += weights[token] }
            var left = unit * total
            for token in 0..<logits.count where logits[token] >= floor {
                left -= weights[token]
                if left < 0 { return UInt32(token) }
            }
            return greatest(logits)
        }
    }

    /// The least logit that min-p keeps.
    private func minimumLogit(_ best: Float) -> Float {
        guard parameters.minP > 0 else { return -.infinity }
        return best + Float(ExactMath.logarithm(Double(parameters.minP)))
    }

    /// Proportional to the probability before the temperature.
    private func weight(_ logit: Float, _ best: Float) -> Double { ExactMath.exponential(Double(logit) - Double(best)) }

    /// Proportional to the probability after the temperature.
    private func heated(_ logit: Float, _ best: Float) -> Double {
        ExactMath.exponential((Double(logit) - Double(best)) / Double(parameters.temperature))
    }
}

/// NaN becomes impossible, infinity the greatest number.
@inline(__always)
func safe(_ logit: Float) -> Float { logit.isNaN ? -.infinity : min(logit, .greatestFiniteMagnitude) }

/// The id of the greatest logit; the lowest of equals, 0 when there is none but NaN.
func greatest(_ logits: UnsafeBufferPointer<Float>) -> UInt32 {
    typealias Lanes = SIMD16<Float>
    let whole = logits.count / Lanes.scalarCount * Lanes.scalarCount
    let base = UnsafeRawPointer(logits.baseAddress!)
    // Each lane keeps the first of its greatest: NaN is greater than nothing.
    var best = Lanes(repeating: -.infinity)
    var places = SIMD16<Int32>(repeating: 0)
    for first in stride(from: 0, to: whole, by: Lanes.scalarCount) {
        let lanes = base.loadUnaligned(fromByteOffset: first * MemoryLayout<Float>.stride, as: Lanes.self)
        let isGreater = lanes .> best
        best.replace(with: lanes, where: isGreater)
        places.replace(with: Int32(truncatingIfNeeded: first), where: isGreater)
    }
    var value = -Float.infinity
    var token = 0
    for lane in 0..<Lanes.scalarCount where best[lane] > -.infinity {
        let place = Int(places[lane]) + lane
        guard best[lane] > value || best[lane] == value && place < token else { continue }
        (value, token) = (best[lane], place)
    }
    for index in whole..<logits.count where logits[index] > value { (value, token) = (logits[index], index) }
    return UInt32(token)
}
