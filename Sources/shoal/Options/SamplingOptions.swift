import ArgumentParser
import Sampling

/// How the next token is chosen.
struct SamplingOptions: ParsableArguments {
    @Option(help: "Randomness; 0 always takes the likeliest token.") var temperature: Float = 0.7
    @Option(help: "Chooses among this many tokens; 0 is all.") var topK: Int = 40
    @Option(help: "Chooses among the likeliest tokens that together have this probability.") var topP: Float = 0.95
    @Option(help: "Drops tokens less likely than this share of the likeliest.") var minP: Float = 0.05
    @Option(help: "Makes recent tokens less likely; 1 is off.") var repetitionPenalty: Float = 1
    @Option(help: "Makes the choice repeatable.") var seed: UInt64?

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
