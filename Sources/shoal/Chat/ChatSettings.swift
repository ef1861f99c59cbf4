import Sampling

/// How the answers of a chat are chosen, and how long they may be.
struct ChatSettings {
    private(set) var sampling: SamplingParameters
    /// Of one answer; 0 is no bound but the context.
    private(set) var maxTokens: Int

    static let standardMaximum = 2048
    static let mostTokens = 1 << 24
    static let names = [
        "temperature", "top-p", "top-k", "min-p", "repetition-penalty", "seed", "max-tokens",
    ]

    init(sampling: SamplingParameters, maxTokens: Int) {
        self.sampling = sampling
        self.maxTokens = maxTokens
    }

    /// - Parameter value: as typed.
    /// - Throws: `CommandError`; then nothing changes.
    mutating func set(_ name: String, to value: String) throws {
        var next = self
        switch name.replacing("_", with: "-") {
        case "temperature": next.sampling.temperature = try Self.number(value, name)
        case "top-p": next.sampling.topP = try Self.number(value, name)
        case "min-p": next.sampling.minP = try Self.number(value, name)
        case "repetition-penalty": next.sampling.repetitionPenalty = try Self.number(value, name)
        case "top-k": next.sampling.topK = try Self.number(value, name)
        case "seed": next.sampling.seed = ["none", "random"].contains(value) ? nil : try Self.number(value, name)
        case "max-tokens":
            next.maxTokens = try Self.number(value, name)
            guard (0...Self.mostTokens).contains(next.maxTokens) else {
                throw CommandError("max-tokens takes 0 (no bound) to \(Self.mostTokens), not \(value)")
            }
        default: throw CommandError("there is no \(name) to set: \(Self.names.joined(separator: ", "))")
        }
        do { try next.sampling.validate() } catch { throw CommandError("\(error)") }
        self = next
    }

    /// Each name with its value, as `set` takes them.
    var description: [String] {
        let values = [
            "\(sampling.temperature)", "\(sampling.topP)", "\(sampling.topK)", "\(sampling.minP)",
            "\(sampling.repetitionPenalty)", sampling.seed.map { "\($0)" } ?? "none",
            maxTokens == 0 ? "0 (no bound)" : "\(maxTokens)",
        ]
        return zip(Self.names, values).map { "\($0) \($1)" }
    }

    private static func number<Number: LosslessStringConvertible>(_ text: String, _ name: String) throws -> Number {
        guard let number = Number(text) else { throw CommandError("\(name) takes a number, not \(text)") }
        return number
    }
}
