package import Sensors
package import Wire

/// What sensors said in the last seconds, for reports. A pure value, which is told the time.
package struct SensorHistory: Sendable {
    /// What means are of; the same as of tokens per second.
    package static let window = Duration.seconds(10)

    private struct Look: Sendable {
        var at: Duration
        var power: PowerSample?
        var busy: Duration
    }

    private let powerSource: String
    private var looks: [Look] = []
    private var reading = SensorReading()
    private var now: Throttling.Reasons = []
    private var sinceStart: Throttling.Reasons = []

    /// - Parameter powerSource: where power is read, for people; empty for nowhere.
    package init(powerSource: String = "") { self.powerSource = powerSource }

    /// Takes a look.
    ///
    /// - Parameters:
    ///   - busy: for how long was computed, since any moment.
    ///   - at: since any moment; looks come in order.
    package mutating func add(_ reading: SensorReading, busy: Duration, at: Duration) {
        now = reading.throttling?.now ?? []
        // Where only counts are told, one that rose says that it is so now.
        if let count = reading.throttleCount, let before = self.reading.throttleCount, count > before {
            now.insert(.throttled)
        }
        sinceStart.formUnion(now.union(reading.throttling?.sinceStart ?? []))
        self.reading = reading
        looks.append(Look(at: at, power: reading.power, busy: busy))
        // One that is older than the window begins it.
        while looks.count > 2, at - looks[1].at >= Self.window { looks.removeFirst() }
    }

    /// What is told of it.
    ///
    /// - Parameter orders: with how many threads is computed, and as how slow the device asks to be reckoned with.
    package func sensors(_ orders: HeatGovernor.Orders) -> DeviceSensors {
        DeviceSensors(
            millikelvin: reading.celsius.map { UInt32(clamping: Int((($0 + 273.15) * 1000).rounded())) } ?? 0,
            megahertz: UInt32(clamping: reading.megahertz ?? 0),
            highestMegahertz: UInt32(clamping: reading.highestMegahertz ?? 0),
            throttling: Throttling(now: now, sinceStart: sinceStart).bits,
            milliwatts: watts.map { UInt32(clamping: Int((min($0, 1e6) * 1000).rounded())) } ?? 0,
            powerSource: powerSource, busyThousandths: busyThousandths,
            activeThreads: UInt32(clamping: orders.threads),
            slowerHundredths: orders.slower > 1 ? UInt32(clamping: Int(orders.slower * 100)) : 0)
    }

    private var watts: Double? {
        var average = PowerAverage()
        for look in looks {
            guard let power = look.power else {
                average.pause()
                continue
            }
            average.add(power, at: look.at)
        }
        return average.watts
    }

    private var busyThousandths: UInt32 {
        guard let first = looks.first, let last = looks.last, last.at > first.at else { return 0 }
        let share = (last.busy - first.busy) / (last.at - first.at)
        return UInt32(min(max(0, share), 1) * 1000)
    }
}
