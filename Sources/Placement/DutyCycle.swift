/// How a quota of processor time lets a device work: at full speed until the share of a period is used up, then not at all until the next.
///
/// Rates that last are lower than those of a device that has rested: work that takes `x` seconds without a pause takes `x / share` on
/// average over long. One that meets the whole share of a period runs `share * period` before its first pause, which comes, wherever
/// in a period it begins, to a pause (`period * (1 - share)`) less than that on average; and never to less than `x`.
///
/// Linux looks whether a share is used up at the ticks of its clock (kernel/sched/fair.c), so that work overruns it by half a tick on
/// average, and pauses longer later. Work that begins rested is spared that too.
package struct DutyCycle: Sendable, Hashable {
    /// No quota.
    package static let always = DutyCycle(share: 1, period: 0)
    /// Half of a tick where there are 250 in a second, as distributions have it.
    package static let usualOverrun = 0.002

    /// Of the time; more than 0, at most 1.
    package let share: Double
    /// The seconds of pauses that work is spared when it begins rested, at most.
    package let sparedSeconds: Double

    /// - Parameters:
    ///   - share: of the time that the device may work.
    ///   - period: seconds in which it may work for so much; 0 is not known, and spares nothing.
    ///   - overrun: seconds for which work goes on when the share is used up.
    package init(share: Double, period: Double, overrun: Double = DutyCycle.usualOverrun) {
        let isQuota = share > 0 && share < 1
        self.share = isQuota ? share : 1
        sparedSeconds = isQuota && period > 0 ? (period + overrun / share) * (1 - share) : 0
    }

    /// Seconds that a piece of work takes a device that has rested before it.
    ///
    /// - Parameter lasting: seconds that it takes on average over long.
    package func rested(_ lasting: Double) -> Double { max(lasting * share, lasting - sparedSeconds) }
}
