import Dispatch
import Logging
import Sensors
import Synchronization
import Tensors
package import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Looks at a device's sensors every few seconds, on a queue of its own, and has it compute with as many threads as they allow.
///
/// Safe from any thread.
package final class DeviceSensing: Sendable {
    /// Between looks.
    private static let interval = DispatchTimeInterval.seconds(2)

    private let machine: Machine
    private let compute: ComputeThread
    private let pool: ThreadPool
    private let logger: Logger
    /// Times are since then.
    private let origin = ContinuousClock.now
    private let queue = DispatchQueue(label: "shoal.worker.sensors", qos: .utility)
    private let state: Mutex<State>

    private struct State {
        var source: PowerSource?
        var governor: HeatGovernor
        var history = SensorHistory()
        var orders: HeatGovernor.Orders
    }

    init(machine: Machine, limits: HeatGovernor.Limits, compute: ComputeThread, pool: ThreadPool, logger: Logger) {
        self.machine = machine
        self.compute = compute
        self.pool = pool
        self.logger = logger
        let source = machine.powerSource
        state = Mutex(
            State(
                source: source, governor: HeatGovernor(limits, threads: pool.threads),
                history: SensorHistory(powerSource: source?.name ?? ""),
                orders: HeatGovernor.Orders(threads: pool.threads, slower: 1)))
    }

    /// Where power is read; `nil` where nothing measures it.
    var powerSource: PowerSource? { state.withLock { $0.source } }

    /// Goes on as long as this exists.
    func start() { queue.async { [weak self] in self?.tick() } }

    private func tick() {
        look(at: ContinuousClock.now - origin, minute: Self.minuteOfDay())
        queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in self?.tick() }
    }

    /// Takes one look, blocking the calling thread for about a millisecond.
    ///
    /// - Parameters:
    ///   - at: since any moment; looks come in order.
    ///   - minute: of the day, in local time.
    package func look(at: Duration, minute: Int) {
        let reading = machine.sensors(power: powerSource)
        let (before, orders) = state.withLock { state in
            let before = state.orders
            state.history.add(reading, busy: compute.busy, at: at)
            state.orders = state.governor.observe(celsius: reading.celsius, minute: minute, at: at)
            return (before, state.orders)
        }
        guard orders != before else { return }
        pool.limit(to: orders.threads)
        logger.notice(
            "threads that compute",
            metadata: [
                "threads": "\(orders.threads) of \(pool.threads)",
                "celsius": "\(reading.celsius.map { "\(Int($0.rounded()))" } ?? "not known")",
                "asks to be reckoned with as slower": "\(orders.slower) times",
            ])
    }

    /// What is told of it.
    package var sensors: DeviceSensors { state.withLock { $0.history.sensors($0.orders) } }

    /// Of this machine's time zone.
    private static func minuteOfDay() -> Int {
        var now = time(nil)
        var local = tm()
        localtime_r(&now, &local)
        return Int(local.tm_hour) * 60 + Int(local.tm_min)
    }
}
