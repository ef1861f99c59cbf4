import CMappings
import Dispatch
import Synchronization
import Tokenizer
import Wire

/// Runs the `EngineCore`: brings it events, from any thread, one at a time on a queue of its own, and sends its frames.
final class Engine: Sendable {
    private let queue = DispatchQueue(label: "shoal.engine", qos: .userInitiated)
    /// Finds the tokens that grammars allow next, while the pipe works on the last ones.
    private let masks = DispatchQueue(label: "shoal.masks", qos: .userInitiated)
    private let state = Mutex(State())
    private let load = Mutex(Load())
    private let maskTimes = Mutex(MaskTimes())
    private let began = ContinuousClock.now
    private static let onQueue = DispatchSpecificKey<Void>()

    init() { queue.setSpecific(key: Self.onQueue, value: ()) }

    fileprivate struct State {
        /// Numbers that no run before had: a worker that was away may still have its caches.
        var core = EngineCore(firstSequence: .random(in: 1...(.max / 2)))
        var send: (@Sendable (StepFrame) -> Void)?
        var afterSteps: (@Sendable (@escaping @Sendable () -> Void) -> Void)?
        var measurement = PipeMeasurement(origin: .now)
        var prediction: SpeedPrediction?
        var watch = PredictionWatch()
    }

    /// How many there are, for those who cannot wait until the core has time.
    private struct Load {
        var running = 0
        var waiting = 0
        /// Of those that wait, how many each client has; as of `queueChanges`.
        var waitingOfClients: [String: Int] = [:]
        var queueChanges = 0
        /// Requests that were taken, and that the core has not heard of.
        var arriving = 0
        /// Requests that run or wait at most.
        var most = Int.max
    }

    var counts: (running: Int, waiting: Int) {
        load.withLock { ($0.running, $0.waiting + $0.arriving) }
    }

    /// What was sent and has not come back; nil where there is nothing.
    var onTheWay: StepsOnTheWay? { state.withLock { $0.core.onTheWay } }

    /// Tokens that were generated since the coordinator began.
    var generatedTokens: Int { state.withLock { $0.core.generatedTokens } }

    /// How fast it goes.
    var speed: PipeReport {
        state.withLock { state in
            var report = state.measurement.report(at: .now)
            report.prediction = state.prediction
            report.partsFromPrediction = state.watch.isStale
            report.masks = maskTimes.withLock { $0.report }
            return report
        }
    }

    /// What to hold the speed against from now on: a prediction made of new profiles, or none.
    func expect(_ prediction: SpeedPrediction?) {
        state.withLock { state in
            state.prediction = prediction
            state.watch = PredictionWatch()
        }
    }

    /// Begins with a placement whose stages are loaded, or goes on with one after `suspend`.
    ///
    /// - Parameters:
    ///   - queue: requests that may wait besides those with a slot.
    ///   - held: for each stage, in order, what it has of `kept`.
    ///   - send: takes a frame to the first stage.
    ///   - afterSteps: does something on the first stage's thread once that has sent on what it was sent; nil where it is in another process,
    ///     or that takes it long.
    func begin(
        epoch: UInt32, stageCount: Int, vocabularySize: Int, limits: Scheduler.Limits, queue: Int,
        held: [[KeptSequence]], send: @escaping @Sendable (StepFrame) -> Void,
        afterSteps: (@Sendable (@escaping @Sendable () -> Void) -> Void)? = nil
    ) {
        load.withLock { $0.most = limits.slots + queue }
        handle {
            $0.core.begin(
                epoch: epoch, stageCount: stageCount, vocabularySize: vocabularySize, limits: limits, held: held)
            $0.measurement.begin()
            $0.send = send
            $0.afterSteps = afterSteps
        }
    }

    /// Sends nothing until `begin`, and forgets what was on its way; all sequences wait.
    func suspend() {
        handle { [now] in
            $0.core.suspend(at: now.instant)
            $0.measurement.halt()
        }
    }

    /// What stages of a new placement are to begin with, while it is suspended.
    func kept() async -> [KeptSequence] {
        await withCheckedContinuation { reply in
            queue.async { [self] in reply.resume(returning: state.withLock { $0.core.kept }) }
        }
    }

    /// Gives up, with the reason, those who have waited longer for a placement.
    ///
    /// - Parameter sparesEarlier: whether those that were there before the placement was lost go on waiting.
    func expire(waitingLongerThan limit: Duration, sparesEarlier: Bool, _ reason: CoordinatorError) {
        handle { [now] in
            $0.core.expire(before: now.instant - limit, sparesEarlier: sparesEarlier, reason)
        }
    }

    /// Returns when all that was asked for before is taken up.
    func settle() async { await withCheckedContinuation { done in queue.async { done.resume() } } }

    func halt(_ reason: CoordinatorError) {
        handle {
            $0.core.halt(reason)
            $0.measurement.halt()
        }
    }

    /// - Parameter mayBlock: whether the calling thread may do the work itself. It does for the one row of a lone answer: to wake another
    ///   thread for it, and be woken for the step that follows, takes longer. With more rows it computes the next step meanwhile.
    func completed(_ frame: StepFrame, mayBlock: Bool) {
        // Taken here, because the queue may be busy with the results before.
        let now = now
        handle(onCallersThread: mayBlock && frame.isLone) { state in
            state.measurement.returned(frame, at: now.instant)
            state.core.completed(frame, now: now)
            state.observe(at: now.instant)
        }
    }

    func failed(_ failure: StepFailed) { handle { $0.core.failed(failure) } }

    /// The scheduler's state, between two events.
    func report() async -> SchedulerReport {
        await withCheckedContinuation { reply in
            queue.async { [self] in reply.resume(returning: state.withLock { $0.core.report }) }
        }
    }

    /// Begins an answer; ending the stream early gives it up.
    ///
    /// - Throws: `CoordinatorError` (queueFull) where too many wait.
    func generate(
        _ generation: Generation, prompt: [TokenID], client: String
    ) throws(CoordinatorError) -> AsyncStream<GenerationEvent> {
        let most = try arrive(client)
        let (stream, continuation) = AsyncStream.makeStream(of: GenerationEvent.self)
        let sequence = Mutex<UInt32?>(nil)
        handle(arrived: 1) { state in
            do throws(CoordinatorError) {
                let added = try state.core.add(
                    .generation(generation, continuation), tokens: prompt, client: client, chunk: nil, at: .now)
                sequence.withLock { $0 = added }
                state.core.displace(beyond: most)
            } catch {
                continuation.yield(.failed(error))
                continuation.finish()
            }
        }
        // Set before the reader has the stream, so that no end of it is missed; its event comes behind the one above.
        continuation.onTermination = { [weak self] reason in
            guard case .cancelled = reason else { return }
            self?.handle { state in
                if let sequence = sequence.withLock({ $0 }) { state.core.cancel(sequence) }
            }
        }
        return stream
    }

    /// Begins scoring; `deliver` is called on the engine's queue, and while it works the pipe fills no further.
    func score(
        _ tokens: [TokenID], chunk: Int?,
        deliver: @escaping @Sendable (Result<UnsafeBufferPointer<Float>?, CoordinatorError>) -> Void
    ) {
        handle { state in
            do throws(CoordinatorError) {
                _ = try state.core.add(
                    .scoring(.init(remaining: tokens.count, deliver: deliver)), tokens: tokens, client: "",
                    chunk: chunk, at: .now)
            } catch {
                deliver(.failure(error))
            }
        }
    }

    /// Takes a request where there is room, or where its client has less waiting than another one, which makes room for it.
    ///
    /// - Returns: requests that run or wait at most.
    private func arrive(_ client: String) throws(CoordinatorError) -> Int {
        let (most, waiting) = load.withLock { load -> (Int, Int?) in
            let hasRoom = load.running + load.waiting + load.arriving < load.most
            let isModest =
                load.waitingOfClients[client, default: 0] + 1 < load.waitingOfClients.values.max() ?? 0
                && load.arriving < load.most
            guard hasRoom || isModest else { return (load.most, load.waiting + load.arriving) }
            load.arriving += 1
            return (load.most, nil)
        }
        if let waiting {
            throw CoordinatorError(
                .queueFull, "\(waiting) requests wait already; ask again later, or serve with a longer --queue")
        }
        return most
    }

    private func prepare(_ masks: [NextMask]) {
        for mask in masks {
            let began = shoal_thread_seconds()
            mask.prepare()
            let seconds = shoal_thread_seconds() - began
            maskTimes.withLock { $0.add(seconds) }
        }
    }

    private var now: EngineTime {
        let instant = ContinuousClock.now
        return EngineTime(instant: instant, seconds: (instant - began) / .seconds(1))
    }

    /// - Parameter arrived: requests that the event brings, of those counted as arriving.
    private func handle(
        arrived: Int = 0, onCallersThread: Bool = false, _ event: @escaping @Sendable (inout sending State) -> Void
    ) {
        let work: @Sendable () -> Void = { [self] in
            state.withLock { state in
                event(&state)
                let now = now
                state.measurement.run(state.core.running, at: now.instant)
                var hasSent = false
                if let send = state.send {
                    for frame in state.core.framesToSend(now: now) {
                        state.measurement.sent(frame, at: now.instant)
                        send(frame)
                        hasSent = true
                    }
                }
                let pending = state.core.takeMasks()
                if !pending.isEmpty { masks.async { [self] in prepare(pending) } }
                // Readers that wake up would take the processor from the thread that is to send the step on.
                if onCallersThread, hasSent, let afterSteps = state.afterSteps {
                    afterSteps { [self] in self.state.withLock { $0.core.deliver() } }
                } else {
                    state.core.deliver()
                }
                state.core.tellPlaces()
                load.withLock { load in
                    load.arriving -= arrived
                    (load.running, load.waiting) = (state.core.running, state.core.waiting)
                    if load.queueChanges != state.core.queueChanges {
                        load.queueChanges = state.core.queueChanges
                        load.waitingOfClients = state.core.waitingOfClients
                    }
                }
            }
        }
        // A link within the process may deliver on the thread of who sends, which may be this queue's.
        if onCallersThread, DispatchQueue.getSpecific(key: Self.onQueue) == nil {
            queue.sync(execute: work)
        } else {
            queue.async(execute: work)
        }
    }
}

extension Engine.State {
    /// Holds what is measured against what was predicted, now and then.
    fileprivate mutating func observe(at now: ContinuousClock.Instant) {
        guard let prediction, watch.isDue(at: now), let decoding = measurement.report(at: now).decoding,
            let predicted = prediction.tokensPerSecond(streams: decoding.streams)
        else { return }
        watch.observe(measured: decoding.tokensPerSecond, predicted: predicted, at: now)
    }
}
