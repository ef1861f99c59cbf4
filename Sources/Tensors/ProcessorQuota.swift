/// How much processor time the system gives a process in every period; once it is used up, the process stands still until the next one.
package struct ProcessorQuota: Sendable, Hashable {
    /// In thousandths of one processor, rounded up.
    package let thousandths: Int
    package let periodMicroseconds: Int

    /// - Returns: nil where the numbers are no quota.
    package init?(microseconds: Int, ofEvery periodMicroseconds: Int) {
        let (scaled, overflow) = microseconds.multipliedReportingOverflow(by: 1000)
        guard microseconds > 0, periodMicroseconds > 0, !overflow else { return nil }
        thousandths = (scaled - 1) / periodMicroseconds + 1
        self.periodMicroseconds = periodMicroseconds
    }
}
