import CoordinatorCore

/// How fast the stages together are, of `GET /api/cluster`.
package struct SpeedBody: Codable, Sendable, Equatable {
    /// Decoding by a number of streams, all together, with nothing else going on.
    package struct Decoding: Codable, Sendable, Equatable {
        package var streams: Int
        package var tokensPerSecond: Double
        /// What the plan let expect of so many streams.
        package var predictedTokensPerSecond: Double?

        enum CodingKeys: String, CodingKey {
            case streams
            case tokensPerSecond = "tokens_per_second"
            case predictedTokensPerSecond = "predicted_tokens_per_second"
        }
    }

    /// What the plan lets expect of decoding, all streams together.
    package struct Prediction: Codable, Sendable, Equatable {
        package var oneStreamTokensPerSecond: Double
        package var allStreamsTokensPerSecond: Double
        package var streams: Int

        enum CodingKeys: String, CodingKey {
            case streams
            case oneStreamTokensPerSecond = "one_stream_tokens_per_second"
            case allStreamsTokensPerSecond = "all_streams_tokens_per_second"
        }
    }

    /// The processor time that it took to find the tokens that grammars allowed, each while a step was on its way; of the last ones.
    package struct Masks: Codable, Sendable, Equatable {
        package var count: UInt64
        package var medianSeconds: Double
        package var percentile99Seconds: Double

        enum CodingKeys: String, CodingKey {
            case count
            case medianSeconds = "median_seconds"
            case percentile99Seconds = "p99_seconds"
        }
    }

    /// Since the placement was made.
    package var steps: UInt64
    package var roundTripNanoseconds: UInt64
    package var generatedTokens: UInt64
    package var promptTokens: UInt64
    /// In the last seconds; absent where nothing was computed.
    package var tokensPerSecond: Double?
    package var promptTokensPerSecond: Double?
    package var roundTripSeconds: Double?
    package var decoding: Decoding?
    package var prediction: Prediction?
    /// Whether decoding parted from the prediction: devices are measured again before the next placement.
    package var profilesAreStale: Bool
    /// Absent where no grammar was used.
    package var masks: Masks?

    enum CodingKeys: String, CodingKey {
        case steps, decoding, prediction, masks
        case roundTripNanoseconds = "round_trip_nanoseconds"
        case generatedTokens = "generated_tokens"
        case promptTokens = "prompt_tokens"
        case tokensPerSecond = "tokens_per_second"
        case promptTokensPerSecond = "prompt_tokens_per_second"
        case roundTripSeconds = "round_trip_seconds"
        case profilesAreStale = "profiles_are_stale"
    }
}

extension SpeedBody {
    init(_ report: PipeReport) {
        self.init(
            steps: report.totals.steps, roundTripNanoseconds: report.totals.roundTripNanoseconds,
            generatedTokens: report.totals.generatedTokens, promptTokens: report.totals.promptTokens,
            tokensPerSecond: report.tokensPerSecond, promptTokensPerSecond: report.promptTokensPerSecond,
            roundTripSeconds: report.roundTripSeconds,
            decoding: report.decoding.map {
                Decoding(
                    streams: $0.streams, tokensPerSecond: $0.tokensPerSecond,
                    predictedTokensPerSecond: report.prediction?.tokensPerSecond(streams: $0.streams))
            },
            prediction: report.prediction.map {
                Prediction(
                    oneStreamTokensPerSecond: $0.oneStream, allStreamsTokensPerSecond: $0.allStreams,
                    streams: $0.streams)
            }, profilesAreStale: report.partsFromPrediction,
            masks: report.masks.map {
                Masks(count: $0.count, medianSeconds: $0.medianSeconds, percentile99Seconds: $0.percentile99Seconds)
            })
    }
}
