import ArgumentParser
import Sampling

/// How the next token is chosen.
struct SamplingOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Randomness; 0 always takes the likeliest token.", valueName: "T"))
    var temperature: Float = 0.7

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Chooses among this many tokens; 0 is all.", valueName: "K"))
    var topK: Int = 40

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Chooses among the likeliest tokens that together have this probability.", valueName: "P"))
    var topP: Float = 0.95

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Drops tokens less likely than this share of the likeliest.", valueName: "P"))
    var minP: Float = 0.05

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Makes recent tokens less likely; 1 is off.", valueName: "R"))
    var repetitionPenalty: Float = 1

    @Option(help: ArgumentHelp("Makes the choice repeatable.", valueName: "N")) var seed: UInt64?

    func validate() throws {
        do {
            try parameters.validate()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    var parameters: SamplingParameters {
        var parameters = SamplingParameters()
        parameters.temperature = temperature
        parameters.topK = topK
        parameters.topP = topP
        parameters.minP = minP
        parameters.repetitionPenalty = repetitionPenalty
        parameters.seed = seed
        return parameters
    }
}
