/// What passed in pieces of work that were timed, made into rates that last. A pure value.
///
/// Each piece is timed by the processor time that the process took, which a pause does not add to; all pieces together tell how much
/// processor time a second brings. So a quota that stops the process for most of every tenth of a second, or another program on the
/// device, weighs on every rate alike, however short the piece was and wherever the pauses fell.
package struct SpeedSamples: Sendable {
    package struct Sample: Sendable, Hashable {
        /// Bytes that passed.
        package var bytes: Int
        /// Of all threads.
        package var processorSeconds: Double
        package var seconds: Double

        package init(bytes: Int, processorSeconds: Double, seconds: Double) {
            self.bytes = bytes
            self.processorSeconds = processorSeconds
            self.seconds = seconds
        }
    }

    private var processorSeconds = 0.0
    private var seconds = 0.0

    package init() {}

    package mutating func add(_ sample: Sample) {
        processorSeconds += sample.processorSeconds
        seconds += sample.seconds
    }

    /// Bytes per second of one piece, at the share of processor time that all pieces had; 0 where nothing passed.
    package func rate(of sample: Sample) -> Double {
        guard sample.bytes > 0, sample.seconds > 0 else { return 0 }
        guard sample.processorSeconds > 0, processorSeconds > 0, seconds > 0 else {
            return Double(sample.bytes) / sample.seconds
        }
        return Double(sample.bytes) / sample.processorSeconds * (processorSeconds / seconds)
    }
}
