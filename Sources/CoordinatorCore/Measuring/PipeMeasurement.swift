package import Wire

/// Counts the steps that go through the stages, and how fast tokens came of them in the last seconds. A pure value, which is told the time.
package struct PipeMeasurement: Sendable {
    /// The last seconds, in whole ones: those that `report` tells of.
    package static let window: Int64 = 10

    /// What came back in one second.
    private struct Second: Sendable {
        /// Which second since the origin.
        var number: Int64 = -1
        var steps = 0
        var tokens = 0
        var promptTokens = 0
        var roundTrips = 0.0
        /// Time during which any sequence ran.
        var busy = 0.0
        /// Decoding by so many streams, and nothing else.
        var streams = 0
        var decodeTokens = 0
        var decodeTime = 0.0
    }

    private let origin: ContinuousClock.Instant
    private var seconds = [Second](repeating: Second(), count: Int(window))
    private var sentAt: [UInt64: ContinuousClock.Instant] = [:]
    private var totals = PipeReport.Totals()
    private var streams = 0
    private var lastEvent: ContinuousClock.Instant
    /// When the step before came back, if decoding by the same streams went on since.
    private var lastReturn: ContinuousClock.Instant?

    package init(origin: ContinuousClock.Instant) {
        self.origin = origin
        lastEvent = origin
    }

    /// A step goes to the first stage.
    package mutating func sent(_ frame: StepFrame, at now: ContinuousClock.Instant) { sentAt[frame.step] = now }

    /// A step came back from the last stage.
    package mutating func returned(_ frame: StepFrame, at now: ContinuousClock.Instant) {
        guard let sent = sentAt.removeValue(forKey: frame.step) else { return }
        let kinds = Kinds(frame)
        let roundTrip = now - sent
        totals.steps += 1
        totals.roundTripNanoseconds += UInt64(max(0, roundTrip / .nanoseconds(1)))
        totals.generatedTokens += UInt64(kinds.tokens)
        totals.promptTokens += UInt64(kinds.promptTokens)
        let (streams, last) = (streams, lastReturn)
        change(at: now) { second in
            second.steps += 1
            second.tokens += kinds.tokens
            second.promptTokens += kinds.promptTokens
            second.roundTrips += roundTrip / .seconds(1)
            guard kinds.isDecoding, let last else { return }
            if second.streams != streams {
                (second.streams, second.decodeTokens, second.decodeTime) = (streams, 0, 0)
            }
            second.decodeTokens += kinds.tokens
            second.decodeTime += (now - last) / .seconds(1)
        }
        // After the last rows of a prompt its first token is decoded; before, the next step is the prompt's too.
        if kinds.hasRows { lastReturn = kinds.hasUnfinished ? nil : now }
    }

    /// So many sequences run from now on; called after every event.
    package mutating func run(_ count: Int, at now: ContinuousClock.Instant) {
        if streams > 0 {
            let time = min((now - lastEvent) / .seconds(1), Double(Self.window))
            change(at: now) { $0.busy += time }
        }
        if count != streams { lastReturn = nil }
        streams = count
        lastEvent = now
    }

    /// Forgets the steps on their way, which are lost.
    package mutating func halt() {
        sentAt = [:]
        lastReturn = nil
    }

    /// Counts from zero for a new placement; what was in the last seconds stays.
    package mutating func begin() {
        halt()
        totals = .init()
    }

    /// What is known at a time; the prediction is not its business.
    package func report(at now: ContinuousClock.Instant) -> PipeReport {
        var report = PipeReport()
        report.totals = totals
        let number = number(of: now)
        let recent = seconds.filter { $0.number >= 0 && $0.number > number - Self.window }
        report.recentTokens = recent.reduce(0) { $0 + $1.tokens }
        let steps = recent.reduce(0) { $0 + $1.steps }
        if steps > 0 { report.roundTripSeconds = recent.reduce(0) { $0 + $1.roundTrips } / Double(steps) }
        let busy = recent.reduce(0) { $0 + $1.busy }
        if steps > 0, busy > 0 {
            report.tokensPerSecond = Double(recent.reduce(0) { $0 + $1.tokens }) / busy
            report.promptTokensPerSecond = Double(recent.reduce(0) { $0 + $1.promptTokens }) / busy
        }
        if let newest = recent.filter({ $0.decodeTokens > 0 }).max(by: { $0.number < $1.number }) {
            let alike = recent.filter { $0.streams == newest.streams }
            let time = alike.reduce(0) { $0 + $1.decodeTime }
            if time > 0 {
                report.decoding = .init(
                    streams: newest.streams,
                    tokensPerSecond: Double(alike.reduce(0) { $0 + $1.decodeTokens }) / time)
            }
        }
        return report
    }

    private func number(of now: ContinuousClock.Instant) -> Int64 { (now - origin).components.seconds }

    private mutating func change(at now: ContinuousClock.Instant, _ change: (inout Second) -> Void) {
        let number = number(of: now)
        guard number >= 0 else { return }
        let index = Int(number % Self.window)
        if seconds[index].number != number {
            seconds[index] = Second()
            seconds[index].number = number
        }
        change(&seconds[index])
    }
}

/// What the rows of a step are for, as its table tells.
private struct Kinds {
    var tokens = 0
    var promptTokens = 0
    var hasRows = false
    /// Whether rows have no results, since more of their prompt follows.
    var hasUnfinished = false

    /// Whether every row is the last token of a sequence.
    var isDecoding: Bool { hasRows && promptTokens == 0 }

    init(_ frame: StepFrame) {
        for case .rows(_, _, let count, let output) in frame.entries {
            hasRows = true
            if output == .last { tokens += 1 }
            if output == .none { hasUnfinished = true }
            // A prompt's last row counts as one of the prompt's, where it comes with others.
            if count > 1 || output != .last { promptTokens += Int(count) }
        }
    }
}
