import Formats
import Sensors
import Tensors
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Measures a device by a plan, on the calling thread and the pool's others.
struct DeviceMeasurement {
    let plan: DeviceMeasurementPlan
    let pool: ThreadPool
    /// A folder on the disk to measure; nil is none.
    let folder: String?
    /// What the device is measured as: kept with the result.
    let conditions: MeasuringConditions
    /// What tells how much power the device takes; `nil` is nothing.
    var power: (@Sendable () -> PowerSample?)?
    /// The result of another process that measured the same device while this one waited for its turn; `nil` measures in any case.
    var known: @Sendable () -> DeviceProfile? = { nil }
    /// Asked every few milliseconds; false gives up.
    let goOn: @Sendable () -> Bool

    /// Does all of it.
    ///
    /// - Returns: nil when it was given up.
    /// - Throws: `TensorError` when there is no memory for it.
    func run() throws(TensorError) -> DeviceProfile? {
        let turn = MeasuringTurn(goOn: goOn)
        defer { withExtendedLifetime(turn) {} }
        if let known = known() { return known }
        let idle = idlePower()
        var busy = PowerAverage()
        let began = ContinuousClock.now
        func lookAtPower() { if let sample = power?() { busy.add(sample, at: .now - began) } }
        let deadline = ContinuousClock.now + .seconds(plan.deadlineSeconds)
        var samples = SpeedSamples()
        let read = sample(seconds: plan.readSeconds, try reading())
        samples.add(read)
        var products: [(DeviceMeasurementPlan.Product, SpeedSamples.Sample)] = []
        let speed = try ProductSpeed(
            pool: pool, bytes: plan.bytes, tokens: plan.products.map(\.rows).max() ?? 1)
        // The first is measured in any case: a device without a single rate is no use to a plan.
        lookAtPower()
        for product in plan.products where goOn() && (products.isEmpty || ContinuousClock.now < deadline) {
            var failure: TensorError?
            let sample = sample(seconds: product.seconds) { isDone in
                do throws(TensorError) {
                    return try speed.run(product.type, tokens: product.rows, until: isDone)
                } catch {
                    failure = error
                    return 0
                }
            }
            if let failure { throw failure }
            samples.add(sample)
            products.append((product, sample))
            lookAtPower()
        }
        let disk = folder.map { DiskSpeed(folder: $0, plan: plan).measure(goOn: goOn) } ?? 0
        guard goOn() else { return nil }
        return DeviceProfile(
            measuredAt: UInt64(time(nil)), threads: conditions.threads, instructionSet: conditions.instructionSet,
            readBytesPerSecond: UInt64(samples.rate(of: read)), diskBytesPerSecond: UInt64(disk),
            products: products.map { product, sample in
                ProductRate(
                    elementType: product.type.rawValue, rows: UInt32(product.rows),
                    bytesPerSecond: UInt64(samples.rate(of: sample)))
            }, quotaThousandths: conditions.quotaThousandths,
            quotaPeriodMicroseconds: conditions.quotaPeriodMicroseconds, idleMilliwatts: milliwatts(idle),
            busyMilliwatts: milliwatts(busy.watts.map { max($0, idle ?? 0) }))
    }

    /// What the device takes while it waits; `nil` where nothing tells. It takes half a second.
    private func idlePower() -> Double? {
        guard let power else { return nil }
        var average = PowerAverage()
        let began = ContinuousClock.now
        for _ in 0..<6 where goOn() {
            guard let sample = power() else { return nil }
            average.add(sample, at: .now - began)
            usleep(100_000)
        }
        return average.watts
    }

    private func milliwatts(_ watts: Double?) -> UInt32 {
        watts.map { UInt32(clamping: Int((min($0, 1e6) * 1000).rounded())) } ?? 0
    }

    /// Reading of a buffer, which is freed with the closure.
    private func reading() throws(TensorError) -> (() -> Bool) -> Int {
        let reading = try ReadBandwidth(pool: pool, bytes: plan.bytes)
        return { reading.run(until: $0) }
    }

    private func sample(seconds: Double, _ work: (_ isDone: () -> Bool) -> Int) -> SpeedSamples.Sample {
        let (began, processorBegan) = (ContinuousClock.now, Self.processorSeconds())
        let end = began + .seconds(seconds)
        let bytes = work { ContinuousClock.now >= end || !goOn() }
        return SpeedSamples.Sample(
            bytes: bytes, processorSeconds: Self.processorSeconds() - processorBegan,
            seconds: (.now - began) / .seconds(1))
    }

    /// What all threads of the process have taken so far.
    private static func processorSeconds() -> Double {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
