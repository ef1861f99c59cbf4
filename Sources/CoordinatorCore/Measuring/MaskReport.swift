/// The processor time that it took to find the tokens that grammars allowed, while steps were on their way.
package struct MaskReport: Sendable, Hashable {
    /// Since the coordinator began.
    package var count: UInt64
    /// Of the last ones.
    package var medianSeconds: Double
    /// One in a hundred of the last ones took longer.
    package var percentile99Seconds: Double

    package init(count: UInt64, medianSeconds: Double, percentile99Seconds: Double) {
        self.count = count
        self.medianSeconds = medianSeconds
        self.percentile99Seconds = percentile99Seconds
    }
}

/// The last times that masks took, in seconds.
struct MaskTimes: Sendable {
    /// Times that are kept.
    private static let most = 1 << 14

    private var count: UInt64 = 0
    /// The last ones; a ring once full.
    private var last: [Double] = []

    mutating func add(_ seconds: Double) {
        if last.count < Self.most {
            last.append(seconds)
        } else {
            last[Int(count % UInt64(Self.most))] = seconds
        }
        count += 1
    }

    /// nil where there was none.
    var report: MaskReport? {
        let sorted = last.sorted()
        guard !sorted.isEmpty else { return nil }
        return MaskReport(
            count: count, medianSeconds: sorted[sorted.count / 2], percentile99Seconds: sorted[sorted.count * 99 / 100])
    }
}
