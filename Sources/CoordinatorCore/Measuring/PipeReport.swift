/// How fast the stages together are, as the coordinator sees it.
package struct PipeReport: Sendable, Hashable {
    /// Decoding by a number of streams, all together, with nothing else going on.
    package struct Decoding: Sendable, Hashable {
        package var streams: Int
        package var tokensPerSecond: Double

        package init(streams: Int, tokensPerSecond: Double) {
            self.streams = streams
            self.tokensPerSecond = tokensPerSecond
        }
    }

    /// Counts since the placement was made.
    package struct Totals: Sendable, Hashable {
        package var steps: UInt64 = 0
        /// From sending a step to its results, summed up over steps.
        package var roundTripNanoseconds: UInt64 = 0
        /// Tokens that were generated.
        package var generatedTokens: UInt64 = 0
        /// Rows of prompts.
        package var promptTokens: UInt64 = 0

        package init() {}
    }

    package var totals = Totals()
    /// Generated tokens per second in the last seconds, while any sequence ran; nil where none did.
    package var tokensPerSecond: Double?
    /// Rows of prompts, likewise.
    package var promptTokensPerSecond: Double?
    /// From sending a step to its results, the mean of the last seconds.
    package var roundTripSeconds: Double?
    package var decoding: Decoding?
    /// Generated tokens of the last seconds, whole ones: of `PipeMeasurement.window`.
    package var recentTokens = 0
    /// What the plan let expect.
    package var prediction: SpeedPrediction?
    /// Whether what was measured parted from it: the profiles are measured again before the next placement.
    package var partsFromPrediction = false
    /// What grammars took; nil where none was used.
    package var masks: MaskReport?

    package init() {}
}
