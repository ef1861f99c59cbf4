/// A set of characters as ranges of code points, as regular expressions write them (`[A-Za-z]`).
struct ScalarRanges: Sendable, Hashable {
    /// In ascending order and apart from one another.
    private let ranges: [ClosedRange<UInt32>]

    /// - Precondition: the ranges ascend and do not overlap.
    init(_ ranges: [ClosedRange<UInt32>]) {
        precondition(
            zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }, "ranges that do not ascend")
        self.ranges = ranges
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= value
    }
}
