extension FixedWidthInteger {
    /// The sum, or what comes next to it. Numbers from other machines may be anything.
    package func saturatingAdd(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}

extension Int {
    /// The nearest whole number towards zero: 0 for none at all, the first or the last where it is beyond.
    package init(saturating value: Double) {
        self = value.isNaN ? 0 : value >= 0x1p63 ? .max : value < -0x1p63 ? .min : Int(value)
    }
}
