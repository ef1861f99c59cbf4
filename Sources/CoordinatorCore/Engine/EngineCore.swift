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

    /// A text whose logits are wanted at every position.
    struct Scoring: Sendable {
        /// Positions whose logits are still to come.
        var remaining: Int
        /// Called in order with `[positions, vocabulary]` in row-major order; the last call has an error or `nil` rows.
        let deliver: @Sendable (Result<UnsafeBufferPointer<Float>?, CoordinatorError>) -> Void
    }

    private var scheduler: Scheduler
    private var jobs: [UInt32: Job] = [:]
    private var logits: [Float] = []
    private var epoch: UInt32 = 0
    private var stageCount = 0
    private var vocabularySize = 0
    /// Why nothing can be sent now.
    private var halted: CoordinatorError? = CoordinatorError(.unavailable, "no model is placed yet")

    init() { scheduler = Scheduler(limits: .init(context: 1, slots: 1, stepsInFlight: 1)) }

    var running: Int { scheduler.running }
    var waiting: Int { scheduler.waiting }

    /// Starts with a placement whose stages are all loaded.
    mutating func install(epoch: UInt32, stageCount: Int, vocabularySize: Int, limits: Scheduler.Limits) {
        self.epoch = epoch
        self.stageCount = stageCount
        self.vocabularySize = vocabularySize
        scheduler.reset(limits: limits)
        halted = nil
    }

    /// Ends all sequences and sends nothing until the next `install`.
    mutating func halt(_ reason: CoordinatorError) {
        halted = reason
        for sequence in jobs.keys.sorted() { fail(sequence, reason) }
        scheduler.reset(limits: scheduler.limits)
    }

    /// Adds a sequence.
    ///
    /// - Throws: `CoordinatorError` (unavailable) where nothing can be sent.
    mutating func add(_ job: Job, tokens: [TokenID], chunk: Int?) throws(CoordinatorError) -> UInt32 {
        if let halted { throw halted }
        let results: Scheduler.Results = if case .scoring = job { .all } else { .last }
        let sequence = scheduler.add(tokens: tokens, results: results, chunk: chunk)
        jobs[sequence] = job
        return sequence
    }

    /// Gives a sequence up; its reader is gone.
    mutating func cancel(_ sequence: UInt32) {
        guard jobs.removeValue(forKey: sequence) != nil else { return }
        scheduler.remove(sequence)
    }

    /// Takes a step's results: logits `[rows with results, vocabulary]`.
    mutating func completed(_ frame: StepFrame, now: ContinuousClock.Instant) {
        guard frame.epoch == epoch, halted == nil, let step = scheduler.complete(step: frame.step) else { return }
        let rows = step.results.reduce(0) { $0 + $1.rows }
        guard Int(frame.stage) == stageCount, frame.rowCount == rows, frame.codec == .f32, frame.width == vocabularySize
        else {
            let error = CoordinatorError(
                .worker, "the last stage answered step \(frame.step) with results of the wrong size")
            for result in step.results { fail(result.sequence, error) }
            return
        }
        logits = frame.codec.decode(frame.payload, count: rows * vocabularySize)
        var row = 0
        for result in step.results {
            take(result, from: row, now: now)
            row += result.rows
        }
    }

    /// A step was refused by a stage: its sequences end.
    mutating func failed(_ failure: StepFailed) {
        guard failure.epoch == epoch else { return }
        let error = CoordinatorError(.worker, "stage \(failure.stage) could not compute a step: \(failure.message)")
        for sequence in scheduler.fail(step: failure.step) { fail(sequence, error) }
    }

    /// The frames to send to the first stage now.
    mutating func framesToSend() -> [StepFrame] {
        guard halted == nil else { return [] }
        var frames: [StepFrame] = []
        while let step = scheduler.next() {
            var payload = ByteBuffer()
            TokenRows.encode(step.tokens, into: &payload)
            let hasRows = !step.tokens.isEmpty
            frames.append(
                StepFrame(
                    epoch: epoch, stage: 0, step: step.id, entries: step.entries, width: hasRows ? 1 : 0,
                    codec: hasRows ? .tokens : .none, payload: payload))
        }
        return frames
    }

    private mutating func take(_ result: Scheduler.PlannedStep.Result, from row: Int, now: ContinuousClock.Instant) {
        // Taken out while it changes, so that the sampler's buffers are not copied.
        guard let job = jobs.removeValue(forKey: result.sequence) else { return }
        let range = row * vocabularySize..<(row + result.rows) * vocabularySize
        switch job {
        case .generation(var generation, let stream):
            let outcome = logits.withUnsafeBufferPointer {
                generation.next(logits: .init(rebasing: $0[range]), now: now)
            }
            switch outcome {
            case .goOn(let token, let text):
                jobs[result.sequence] = .generation(generation, stream)
                scheduler.extend(result.sequence, with: token)
                stream.yield(.token(token, text: text))
            case .end(let token, let text, let reason, let usage):
                scheduler.remove(result.sequence)
                if let token {
                    stream.yield(.token(token, text: text))
                } else if !text.isEmpty {
                    stream.yield(.text(text))
                }
                stream.yield(.finished(reason, usage))
                stream.finish()
            }
        case .scoring(var scoring):
            scoring.remaining -= result.rows
            logits.withUnsafeBufferPointer { scoring.deliver(.success(.init(rebasing: $0[range]))) }
            if scoring.remaining > 0 {
                jobs[result.sequence] = .scoring(scoring)
            } else {
                scheduler.remove(result.sequence)
                scoring.deliver(.success(nil))
            }
        }
    }

    private mutating func fail(_ sequence: UInt32, _ error: CoordinatorError) {
        scheduler.remove(sequence)
        switch jobs.removeValue(forKey: sequence) {
        case .generation(_, let stream):
            stream.yield(.failed(error))
            stream.finish()
        case .scoring(let scoring): scoring.deliver(.failure(error))
        case nil: break
        }
    }
}
