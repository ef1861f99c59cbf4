package import Wire

/// Tells which devices have become slow, as one that is too hot does. A pure value, which is told the time.
///
/// The rule: for a minute on end a device took half as long again for its steps, or more, as it did at its best before that for steps with as
/// many rows, beside what the other devices took. All of them get slower as conversations get longer: that is no reason. A look now and then
/// may say otherwise, and steps of a size that was not seen before say nothing.
package struct ThrottleWatch: Sendable {
    /// How many times as long as at its best.
    package static let factor = 1.5
    /// What is reckoned with at most.
    private static let mostTimes = 1000.0
    /// For how long.
    package static let patience = Duration.seconds(60)
    /// Between looks.
    package static let interval = Duration.seconds(5)
    /// Steps that a look must be made of.
    private static let steps: UInt64 = 10
    /// Looks of a minute that must tell something, and the share of them that must tell that a device is slow.
    private static let looks = 4
    private static let share = 0.75

    /// What devices took for a step at one look.
    private struct Look: Sendable {
        struct Pace: Sendable {
            /// Rows of a step, in powers of two.
            var size: Int
            var nanoseconds: Double
        }

        var at: ContinuousClock.Instant
        var paces: [String: Pace] = [:]
    }

    private var last: [String: StageWork] = [:]
    /// Those of the last minute, the oldest first.
    private var looks: [Look] = []
    /// The least time of a step before that, in nanoseconds, by device and size.
    private var best: [String: [Int: Double]] = [:]

    package init() {}

    /// Takes a look at what all stages of a placement did so far.
    ///
    /// - Parameter work: by device.
    /// - Returns: the devices that have been slow for long enough, and how many times as long they take.
    package mutating func observe(_ work: [String: StageWork], at now: ContinuousClock.Instant) -> [String: Double] {
        var look = Look(at: now)
        for (device, work) in work { look.paces[device] = pace(of: device, work) }
        looks.append(look)
        while let oldest = looks.first, now - oldest.at > Self.patience {
            for (device, pace) in oldest.paces {
                let known = best[device]?[pace.size] ?? pace.nanoseconds
                best[device, default: [:]][pace.size] = min(known, pace.nanoseconds)
            }
            looks.removeFirst()
        }
        return slow(at: now)
    }

    /// What a device took for a step since the last look; nil where that is too little to tell.
    private mutating func pace(of device: String, _ work: StageWork) -> Look.Pace? {
        guard let before = last[device], work.steps >= before.steps, work.rows >= before.rows,
            work.computeNanoseconds >= before.computeNanoseconds
        else {
            // Another stage than before.
            last[device] = work
            best[device] = nil
            for index in looks.indices { looks[index].paces[device] = nil }
            return nil
        }
        let steps = work.steps - before.steps
        guard steps >= Self.steps else { return nil }
        last[device] = work
        // No step takes no time: of such numbers there are no ratios.
        guard work.computeNanoseconds > before.computeNanoseconds else { return nil }
        return Look.Pace(
            size: Self.size(Double(work.rows - before.rows) / Double(steps)),
            nanoseconds: Double(work.computeNanoseconds - before.computeNanoseconds) / Double(steps))
    }

    private func slow(at now: ContinuousClock.Instant) -> [String: Double] {
        var told: [String: [(at: ContinuousClock.Instant, ratio: Double)]] = [:]
        for look in looks {
            var ratios: [String: Double] = [:]
            for (device, pace) in look.paces {
                if let best = best[device]?[pace.size] { ratios[device] = pace.nanoseconds / best }
            }
            // With one device alone nothing tells a long conversation from heat.
            guard ratios.count > 1 else { continue }
            let common = ratios.values.sorted()[(ratios.count - 1) / 2]
            for (device, ratio) in ratios { told[device, default: []].append((look.at, ratio / common)) }
        }
        var slow: [String: Double] = [:]
        for (device, told) in told {
            let ratios = told.filter { $0.ratio >= Self.factor }.map(\.ratio).sorted()
            guard told.count >= Self.looks, Double(ratios.count) >= Self.share * Double(told.count),
                now - told[0].at >= Self.patience - Self.interval * 2, told[0].ratio >= Self.factor,
                told[told.count - 1].ratio >= Self.factor
            else { continue }
            slow[device] = min(ratios[ratios.count / 2], Self.mostTimes)
        }
        return slow
    }

    private static func size(_ rows: Double) -> Int {
        var size = 0
        while rows > Double(3 << size) / 2, size < 20 { size += 1 }
        return size
    }
}
