import NIOCore
import Sampling
import Tokenizer
import Wire

/// The coordinator's brain: what goes into the pipe and what comes of it. No clock, no I/O: events in, frames to send out.
struct EngineCore: Sendable {
    /// What a sequence is for, and where its results go.
    enum Job: Sendable {
        case generation(Generation, AsyncStream<GenerationEvent>.Continuation)
        case scoring(Scoring)
    }

    /// An event on its way to the reader of an answer.
    private struct Delivery: Sendable {
        let stream: AsyncStream<GenerationEvent>.Continuation
        let event: GenerationEvent
    }

    /// A text whose logits are wanted at every position.
    struct Scoring: Sendable {
        /// Positions whose logits are still to come.
        var remaining: Int
        /// Called in order with `[positions, vocabulary]` in row-major order; the last call has an error or `nil` rows.
        let deliver: @Sendable (Result<UnsafeBufferPointer<Float>?, CoordinatorError>) -> Void
    }

    /// Whether steps are sent.
    private enum State: Sendable {
        /// No; sequences are refused, with this.
        case halted(CoordinatorError)
        /// No; sequences wait until a placement stands again.
        case suspended(since: ContinuousClock.Instant)
        case running
    }

    private var scheduler: Scheduler
    private var jobs: [UInt32: Job] = [:]
    /// When those came that wait for a placement; the others had one until the suspension.
    private var arrivals: [UInt32: ContinuousClock.Instant] = [:]
    /// How often steps of a sequence have failed.
    private var faults: [UInt32: Int] = [:]
    /// Failed steps of a sequence, after which it is given up.
    private static let faultLimit = 3
    private var deliveries: [Delivery] = []
    /// What steps that are on their way will need.
    private var masks: [NextMask] = []
    private var epoch: UInt32 = 0
    private var stageCount = 0
    private var vocabularySize = 0
    /// The first step of the placement, and how many of its steps each stage has refused.
    private var firstStep: UInt64 = 0
    private var refused: [UInt32: UInt64] = [:]
    private var state = State.halted(CoordinatorError(.unavailable, "no model is placed yet"))
    /// What those who wait were told: how many go before them.
    private var places: [UInt32: Int] = [:]
    private var toldChanges = 0

    /// - Parameter firstSequence: the first sequence's number.
    init(firstSequence: UInt32 = 1) {
        scheduler = Scheduler(limits: .init(context: 1, slots: 1, stages: 1), firstSequence: firstSequence)
    }

    var running: Int { scheduler.running }
    var waiting: Int { scheduler.waiting }
    var report: SchedulerReport { scheduler.report }
    var generatedTokens: Int { scheduler.totals.generatedTokens }

    /// Begins with a placement whose stages are all loaded; after `suspend` all sequences go on.
    ///
    /// - Parameter held: for each stage, in order, what it has of `kept`.
    mutating func begin(
        epoch: UInt32, stageCount: Int, vocabularySize: Int, limits: Scheduler.Limits, held: [[KeptSequence]]
    ) {
        self.epoch = epoch
        self.stageCount = stageCount
        self.vocabularySize = vocabularySize
        if case .suspended = state {
            scheduler.resume(limits: limits, held: held)
        } else {
            scheduler.reset(limits: limits)
        }
        arrivals = [:]
        firstStep = scheduler.nextStepID
        refused = [:]
        state = .running
    }

    /// What was sent of a placement, and has not come back.
    var onTheWay: StepsOnTheWay? {
        guard case .running = state, let oldest = scheduler.oldestInFlight else { return nil }
        return StepsOnTheWay(
            epoch: epoch, sent: scheduler.nextStepID - firstStep, refused: refused, oldest: oldest.id,
            rows: oldest.rows, latencySeconds: oldest.latencySeconds)
    }

    /// Ends all sequences and sends nothing until the next `begin`.
    mutating func halt(_ reason: CoordinatorError) {
        state = .halted(reason)
        for sequence in jobs.keys.sorted() { fail(sequence, reason) }
        scheduler.reset(limits: scheduler.limits)
    }

    /// Sends nothing until `begin`, and forgets what was on its way; all sequences wait.
    mutating func suspend(at now: ContinuousClock.Instant) {
        switch state {
        case .halted: return
        case .suspended: break
        case .running: state = .suspended(since: now)
        }
        scheduler.suspend()
    }

    /// What stages of a new placement are to begin with, while it is suspended.
    var kept: [KeptSequence] { scheduler.kept }

    /// Gives up, with the reason, those who have waited for a placement since before `limit`.
    ///
    /// - Parameter sparesEarlier: whether those that were there before the placement was lost go on waiting.
    mutating func expire(before limit: ContinuousClock.Instant, sparesEarlier: Bool, _ reason: CoordinatorError) {
        guard case .suspended(let since) = state else { return }
        for sequence in jobs.keys.sorted() {
            guard let waiting = arrivals[sequence] ?? (sparesEarlier ? nil : since) else { continue }
            if waiting < limit { fail(sequence, reason) }
        }
    }

    /// Adds a sequence; while there is no placement it waits for one.
    ///
    /// - Throws: `CoordinatorError` (unavailable) where none is to be expected.
    mutating func add(
        _ job: Job, tokens: [TokenID], client: String, chunk: Int?, at now: ContinuousClock.Instant
    ) throws(CoordinatorError) -> UInt32 {
        if case .halted(let reason) = state { throw reason }
        let results: Scheduler.Results = if case .scoring = job { .all } else { .last }
        let sequence = scheduler.add(tokens: tokens, results: results, client: client, chunk: chunk)
        jobs[sequence] = job
        if case .generation(let generation, _) = job, let mask = generation.nextMask { masks.append(mask) }
        if case .suspended = state { arrivals[sequence] = now }
        return sequence
    }

    /// Rises whenever the queue changes.
    var queueChanges: Int { scheduler.queueChanges }
    /// How many requests of each client wait.
    var waitingOfClients: [String: Int] { scheduler.waitingOfClients }

    /// Gives up the last ones of the client that has most waiting, where more than so many run or wait.
    mutating func displace(beyond most: Int) {
        while running + waiting > most, let last = scheduler.lastOfLongest {
            fail(
                last,
                CoordinatorError(
                    .queueFull,
                    "the queue is full and most that wait in it are yours: another client came; ask again later"))
        }
    }

    /// Gives a sequence up; its reader is gone.
    mutating func cancel(_ sequence: UInt32) {
        guard jobs.removeValue(forKey: sequence) != nil else { return }
        scheduler.remove(sequence)
        forget(sequence)
    }

    /// Takes a step's results, which came at `now`: logits `[rows with results, vocabulary]`.
    mutating func completed(_ frame: StepFrame, now: EngineTime) {
        guard frame.epoch == epoch, case .running = state,
            let step = scheduler.complete(step: frame.step, at: now.seconds)
        else { return }
        let rows = step.results.reduce(0) { $0 + $1.rows }
        guard Int(frame.stage) == stageCount, frame.rowCount == rows,
            rows == 0 || frame.codec == .f32 && frame.width == vocabularySize
        else {
            let error = CoordinatorError(
                .worker, "the last stage answered step \(frame.step) with results of the wrong size")
            for result in step.results { fail(result.sequence, error) }
            return
        }
        frame.withLogits { logits in
            var row = 0
            for result in step.results {
                let range = row * vocabularySize..<(row + result.rows) * vocabularySize
                take(result, logits: UnsafeBufferPointer(rebasing: logits[range]), now: now.instant)
                row += result.rows
            }
        }
    }

    /// A step was refused by a stage: its sequences begin anew, and end where that happens again and again, or would.
    mutating func failed(_ failure: StepFailed) {
        guard failure.epoch == epoch, case .running = state, scheduler.isInFlight(failure.step) else { return }
        refused[failure.stage, default: 0] += 1
        let lost = scheduler.fail(
            step: failure.step, named: failure.sequences,
            lacksCaches: [.sequenceMissing, .positionMismatch].contains(failure.code))
        // The same numbers give the same again. Those that were in the step besides are not counted against: each time one ends.
        let ending = failure.code == .internalError ? Set(failure.sequences).intersection(lost) : []
        for sequence in lost {
            if ending.isEmpty { faults[sequence, default: 0] += 1 }
            if ending.contains(sequence) {
                fail(sequence, CoordinatorError(.computation, failure.message))
            } else if faults[sequence, default: 0] < Self.faultLimit {
                scheduler.restart(sequence)
            } else {
                fail(
                    sequence,
                    CoordinatorError(
                        .worker, "stage \(failure.stage) could not compute a step: \(failure.message)"))
            }
        }
    }

    /// The frames to send to the first stage at `now`.
    mutating func framesToSend(now: EngineTime) -> [StepFrame] {
        guard case .running = state else { return [] }
        var frames: [StepFrame] = []
        while let step = scheduler.next(at: now.seconds) {
            var payload = ByteBuffer()
            TokenRows.encode(step.tokens, into: &payload)
            let hasRows = !step.tokens.isEmpty
            frames.append(
                StepFrame(
                    epoch: epoch, stage: 0, step: step.id, entries: step.entries, width: hasRows ? 1 : 0,
                    codec: hasRows ? .tokens : .none, replayThrough: step.replayThrough.map { UInt16($0) },
                    payload: payload))
        }
        return frames
    }

    /// Hands over what came of events, after the frames that follow from them were sent: waking the readers takes time, and the first
    /// stage waits for its next step.
    mutating func deliver() {
        for delivery in deliveries {
            delivery.stream.yield(delivery.event)
            switch delivery.event {
            case .finished, .failed: delivery.stream.finish()
            case .token, .text, .queued: break
            }
        }
        deliveries.removeAll(keepingCapacity: true)
    }

    /// What steps that were sent will need when they come back, to be found meanwhile.
    mutating func takeMasks() -> [NextMask] {
        if masks.isEmpty { return [] }
        defer { masks = [] }
        return masks
    }

    /// Tells those who wait how many go before them, where that has changed. While no placement stands there is nothing to tell, and who
    /// waits in vain hears of nothing but that.
    mutating func tellPlaces() {
        guard case .running = state, scheduler.queueChanges != toldChanges else { return }
        toldChanges = scheduler.queueChanges
        let order = scheduler.waitingOrder
        for (place, sequence) in order.enumerated() where places[sequence] != place {
            if case .generation(_, let stream) = jobs[sequence] { stream.yield(.queued(before: place)) }
        }
        places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    }

    private mutating func take(
        _ result: Scheduler.PlannedStep.Result, logits: UnsafeBufferPointer<Float>, now: ContinuousClock.Instant
    ) {
        if let fault = fault(in: logits) {
            return fail(
                result.sequence,
                CoordinatorError(
                    .computation, "\(fault): the model's file is damaged, or a device computes wrongly"))
        }
        // Taken out while it changes, so that the sampler's buffers are not copied.
        guard let job = jobs.removeValue(forKey: result.sequence) else { return }
        switch job {
        case .generation(var generation, let stream):
            generation.cachedTokens = scheduler.cachedTokens(of: result.sequence)
            switch generation.next(logits: logits, now: now) {
            case .goOn(let token, let text):
                if let mask = generation.nextMask { masks.append(mask) }
                jobs[result.sequence] = .generation(generation, stream)
                scheduler.extend(result.sequence, with: token)
                deliveries.append(Delivery(stream: stream, event: .token(token, text: text)))
            case .end(let token, let text, let reason, let usage):
                scheduler.finish(result.sequence)
                forget(result.sequence)
                if let token {
                    deliveries.append(Delivery(stream: stream, event: .token(token, text: text)))
                } else if !text.isEmpty {
                    deliveries.append(Delivery(stream: stream, event: .text(text)))
                }
                deliveries.append(Delivery(stream: stream, event: .finished(reason, usage)))
            case .fail(let error):
                jobs[result.sequence] = .generation(generation, stream)
                fail(result.sequence, error)
            }
        case .scoring(var scoring):
            scoring.remaining -= result.rows
            scoring.deliver(.success(logits))
            if scoring.remaining > 0 {
                jobs[result.sequence] = .scoring(scoring)
            } else {
                scheduler.remove(result.sequence)
                forget(result.sequence)
                scoring.deliver(.success(nil))
            }
        }
    }

    /// What is wrong with any of the rows, `[rows, vocabulary]`.
    private func fault(in logits: UnsafeBufferPointer<Float>) -> LogitsFault? {
        for first in stride(from: 0, to: logits.count, by: max(vocabularySize, 1)) {
            if let fault = LogitsFault(UnsafeBufferPointer(rebasing: logits[first..<first + vocabularySize])) {
                return fault
            }
        }
        return nil
    }

    private mutating func forget(_ sequence: UInt32) {
        arrivals[sequence] = nil
        faults[sequence] = nil
    }

    private mutating func fail(_ sequence: UInt32, _ error: CoordinatorError) {
        scheduler.remove(sequence)
        forget(sequence)
        switch jobs.removeValue(forKey: sequence) {
        case .generation(_, let stream): deliveries.append(Delivery(stream: stream, event: .failed(error)))
        case .scoring(let scoring): scoring.deliver(.failure(error))
        case nil: break
        }
    }
}

extension StepFrame {
    /// The payload's floats, in place where they are aligned.
    fileprivate func withLogits(_ body: (UnsafeBufferPointer<Float>) -> Void) {
        payload.withUnsafeReadableBytes { bytes in
            let count = bytes.count / MemoryLayout<Float>.stride
            if let base = bytes.baseAddress, Int(bitPattern: base) % MemoryLayout<Float>.alignment == 0 {
                body(UnsafeBufferPointer(start: base.assumingMemoryBound(to: Float.self), count: count))
            } else {
                codec.decode(payload, count: count).withUnsafeBufferPointer(body)
            }
        }
    }
}
