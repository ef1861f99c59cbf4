package import Wire

/// Tells which devices have become slow, as one that is too hot does. A pure value, which is told the time.
///
/// The rule: for a minute on end a device took half as long again for its steps, or more, as it did at its best for steps with as many rows,
/// beside what the other devices took. All of them get slower as conversations get longer: that is no reason.
package struct ThrottleWatch: Sendable {
    /// How many times as long as at its best.
    package static let factor = 1.5
    /// For how long.
    package static let patience = Duration.seconds(60)
    /// Between looks.
    package static let interval = Duration.seconds(5)
    /// Steps that a look must be made of.
    private static let steps: UInt64 = 10

    private struct Pace: Sendable {
        var last: StageWork
        /// The least time of a step, in nanoseconds, by how many rows it has, in powers of two.
        var best: [Int: Double] = [:]
        var slowSince: ContinuousClock.Instant?
    }

    private var paces: [String: Pace] = [:]

    package init() {}

    /// Takes a look at what all stages of a placement did so far.
    ///
    /// - Parameter work: by device.
    /// - Returns: the devices that have been slow for long enough, and how many times as long they take.
    package mutating func observe(_ work: [String: StageWork], at now: ContinuousClock.Instant) -> [String: Double] {
        var ratios: [String: Double] = [:]
        for (device, work) in work {
            guard var pace = paces[device], work.steps >= pace.last.steps else {
                paces[device] = Pace(last: work)
                continue
            }
            let steps = work.steps - pace.last.steps
            guard steps >= Self.steps, work.rows >= pace.last.rows,
                work.computeNanoseconds >= pace.last.computeNanoseconds
            else { continue }
            let perStep = Double(work.computeNanoseconds - pace.last.computeNanoseconds) / Double(steps)
            let size = Self.size(Double(work.rows - pace.last.rows) / Double(steps))
            pace.last = work
            ratios[device] = perStep / min(pace.best[size] ?? perStep, perStep)
            pace.best[size] = min(pace.best[size] ?? perStep, perStep)
            paces[device] = pace
        }
        // With one device alone nothing tells a long conversation from heat.
        guard ratios.count > 1 else { return [:] }
        let common = ratios.values.sorted()[(ratios.count - 1) / 2]
        var slow: [String: Double] = [:]
        for (device, ratio) in ratios {
            guard ratio / common >= Self.factor else {
                paces[device]?.slowSince = nil
                continue
            }
            let since = paces[device]?.slowSince ?? now
            paces[device]?.slowSince = since
            if now - since >= Self.patience { slow[device] = ratio / common }
        }
        return slow
    }

    private static func size(_ rows: Double) -> Int {
        var size = 0
        while rows > Double(3 << size) / 2, size < 20 { size += 1 }
        return size
    }
}
