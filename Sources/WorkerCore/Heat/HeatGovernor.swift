/// Decides with how many threads a device computes, so that it stays below a temperature and is quiet at night. A pure value, which is told
/// the temperature and the time.
///
/// - Above the limit it takes a thread away, and another every ten seconds while that lasts. Five degrees below, for half a minute, it gives
///   one back. Between both nothing changes.
/// - With one thread, and above the limit for a minute on end, it asks to be reckoned with as twice as slow, so that layers move to other
///   devices; each further minute doubles that. Ten minutes below the limit end it.
/// - In quiet hours there are no more threads than they allow.
package struct HeatGovernor: Sendable {
    /// What is wished.
    package struct Limits: Sendable, Hashable {
        /// Degrees Celsius of the processor; `nil` is any.
        package var maxCelsius: Double?
        package var quietHours: QuietHours?

        package init(maxCelsius: Double? = nil, quietHours: QuietHours? = nil) {
            self.maxCelsius = maxCelsius
            self.quietHours = quietHours
        }
    }

    /// What is to be done.
    package struct Orders: Sendable, Hashable {
        /// Threads that may compute.
        package var threads: Int
        /// As how many times slower the device asks to be reckoned with; 1 is as it is.
        package var slower: Double

        package init(threads: Int, slower: Double) {
            self.threads = threads
            self.slower = slower
        }
    }

    /// Between two threads that are taken away: what a processor takes to follow.
    package static let pause = Duration.seconds(10)
    /// How far below the limit, and for how long, before a thread is given back.
    package static let margin = 5.0
    package static let calm = Duration.seconds(30)
    /// How long with one thread above the limit, before layers are to move.
    package static let patience = Duration.seconds(60)
    /// How long below the limit, before that is over.
    package static let relief = Duration.seconds(600)
    private static let mostSlower = 16.0

    private let limits: Limits
    private let threads: Int
    /// Threads that heat allows.
    private var allowed: Int
    private var lastChange: Duration?
    /// Since when it is cool enough for another thread, too hot for one, and no longer too hot.
    private var coolSince: Duration?
    private var hotSince: Duration?
    private var reliefSince: Duration?
    private var slower = 1.0

    /// - Parameter threads: those that compute where nothing speaks against it.
    package init(_ limits: Limits, threads: Int) {
        self.limits = limits
        self.threads = max(1, threads)
        allowed = self.threads
    }

    /// Takes a look.
    ///
    /// - Parameters:
    ///   - celsius: the processor's temperature; `nil` where no sensor tells, which changes nothing.
    ///   - minute: of the day, in local time.
    ///   - now: since any moment; looks come in order.
    package mutating func observe(celsius: Double?, minute: Int, at now: Duration) -> Orders {
        if let most = limits.maxCelsius, let celsius { follow(celsius, most, now) }
        let quiet = limits.quietHours.flatMap { $0.contains(minute: minute) ? $0.threads : nil } ?? threads
        return Orders(threads: min(allowed, quiet, threads), slower: slower)
    }

    private mutating func follow(_ celsius: Double, _ most: Double, _ now: Duration) {
        guard celsius > most else {
            hotSince = nil
            reliefSince = reliefSince ?? now
            if slower > 1, now - (reliefSince ?? now) >= Self.relief { slower = 1 }
            coolSince = celsius <= most - Self.margin ? coolSince ?? now : nil
            if let since = coolSince, allowed < threads, now - max(since, lastChange ?? since) >= Self.calm {
                change(to: allowed + 1, now)
            }
            return
        }
        coolSince = nil
        reliefSince = nil
        if allowed > 1 {
            if lastChange.map({ now - $0 >= Self.pause }) ?? true { change(to: allowed - 1, now) }
            return
        }
        let since = hotSince ?? now
        hotSince = since
        if now - since >= Self.patience {
            slower = min(slower * 2, Self.mostSlower)
            hotSince = now
        }
    }

    private mutating func change(to count: Int, _ now: Duration) {
        allowed = count
        lastChange = now
    }
}
