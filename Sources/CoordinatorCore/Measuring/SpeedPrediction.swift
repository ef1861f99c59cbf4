/// What the planner expects of a placement, in tokens per second while nothing but decoding goes on.
package struct SpeedPrediction: Sendable, Hashable {
    /// With one stream.
    package var oneStream: Double
    /// With `streams` of them at a time, all together.
    package var allStreams: Double
    package var streams: Int

    package init(oneStream: Double, allStreams: Double, streams: Int) {
        self.oneStream = oneStream
        self.allStreams = allStreams
        self.streams = streams
    }

    /// What is expected of a number of streams; nil for numbers that nothing was predicted for.
    package func tokensPerSecond(streams: Int) -> Double? {
        if streams == 1 { return oneStream }
        return streams == self.streams ? allStreams : nil
    }
}
