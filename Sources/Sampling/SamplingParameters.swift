/// How the next token is chosen from the logits.
package struct SamplingParameters: Sendable, Hashable {
    /// Divides the logits; 0 always takes the most likely token (greedy). 0 to 2 as in OpenAI's API, up to 100 accepted.
    package var temperature: Float = 1
    /// Keeps the `topK` most likely tokens; 0 keeps all.
    package var topK: Int = 0
    /// Keeps the most likely tokens whose probabilities reach `topP` together (nucleus sampling, Holtzman et al. 2019); 1 keeps all.
    package var topP: Float = 1
    /// Keeps tokens at least `minP` times as likely as the most likely one (Nguyen et al. 2024); 0 keeps all.
    package var minP: Float = 0
    /// Divides positive and multiplies negative logits of tokens in the window (Keskar et al. 2019, CTRL); 1 is off.
    package var repetitionPenalty: Float = 1
    /// How many of the last tokens the repetition penalty looks at; 0 is off, -1 looks at all.
    package var repetitionWindow: Int = 64
    /// Subtracted once from the logit of every token generated before (OpenAI's `presence_penalty`).
    package var presencePenalty: Float = 0
    /// Subtracted from a token's logit for each time it was generated before (OpenAI's `frequency_penalty`).
    package var frequencyPenalty: Float = 0
    /// Makes the choice repeatable; nil lets the caller choose a seed.
    package var seed: UInt64?
    /// Added to the logits of single tokens (OpenAI's `logit_bias`).
    package var logitBias: [UInt32: Float] = [:]

    /// The defaults of OpenAI's API: temperature 1 and no filter.
    package init() {}

    /// Always the most likely token.
    package static var greedy: SamplingParameters {
        var parameters = SamplingParameters()
        parameters.temperature = 0
        return parameters
    }

    /// Checks every value against its range.
    /// - Throws: `SamplingError` naming the first parameter out of range.
    package func validate() throws(SamplingError) {
        try check("temperature", temperature, 0...100)
        if topK < 0 { throw SamplingError(parameter: "top_k", value: "\(topK)", allowed: "0 (off) or more") }
        // 0 would keep nothing; as in other servers it keeps the most likely token.
        try check("top_p", topP, 0...1)
        try check("min_p", minP, 0...1)
        guard repetitionPenalty > 0, repetitionPenalty <= 100 else {
            throw SamplingError(
                parameter: "repetition_penalty", value: "\(repetitionPenalty)", allowed: "more than 0 and at most 100")
        }
        if repetitionWindow < -1 {
            throw SamplingError(
                parameter: "repetition_window", value: "\(repetitionWindow)", allowed: "-1 (all), 0 (off) or more")
        }
        try check("presence_penalty", presencePenalty, -2...2)
        try check("frequency_penalty", frequencyPenalty, -2...2)
        for (token, bias) in logitBias.sorted(by: { $0.key < $1.key }) {
            try check("logit_bias of token \(token)", bias, -100...100)
        }
    }

    private func check(_ parameter: String, _ value: Float, _ range: ClosedRange<Float>) throws(SamplingError) {
        // Written so that NaN fails.
        guard value >= range.lowerBound, value <= range.upperBound else {
            throw SamplingError(
                parameter: parameter, value: "\(value)",
                allowed: "\(plain(range.lowerBound)) to \(plain(range.upperBound))")
        }
    }

    private func plain(_ value: Float) -> String { "\(Int(value))" }
}

/// A sampling parameter out of its range.
package struct SamplingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The parameter by its name in the API.
    package let parameter: String
    /// The value that was given.
    package let value: String
    /// The values that are allowed.
    package let allowed: String

    /// Describes a refusal.
    package init(parameter: String, value: String, allowed: String) {
        self.parameter = parameter
        self.value = value
        self.allowed = allowed
    }

    /// The cause and the mend.
    package var description: String { "\(parameter) is \(value); allowed is \(allowed)" }
}
