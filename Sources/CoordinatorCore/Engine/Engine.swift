import Dispatch
import Synchronization
import Tokenizer
import Wire

/// Runs the `EngineCore`: brings it events, from any thread, one at a time on a queue of its own, and sends its frames.
final class Engine: Sendable {
    private let queue = DispatchQueue(label: "shoal.engine", qos: .userInitiated)
    private let state = Mutex(State())
    private let load = Mutex(Load())
    private let began = ContinuousClock.now

    private struct State {
        var core = EngineCore()
        var send: (@Sendable (StepFrame) -> Void)?
    }

    /// How many there are, for those who cannot wait until the core has time.
    private struct Load {
        var running = 0
        var waiting = 0
        /// Requests that were taken, and that the core has not heard of.
        var arriving = 0
        /// Requests that run or wait at most.
        var most = Int.max
    }

    var counts: (running: Int, waiting: Int) {
        load.withLock { ($0.running, $0.waiting + $0.arriving) }
    }

    /// Starts with a placement; `send` takes a frame to the first stage.
    ///
    /// - Parameter queue: requests that may wait besides those with a slot.
    func install(
        epoch: UInt32, stageCount: Int, vocabularySize: Int, limits: Scheduler.Limits, queue: Int,
        send: @escaping @Sendable (StepFrame) -> Void
    ) {
        load.withLock { $0.most = limits.slots + queue }
        handle {
            $0.core.install(epoch: epoch, stageCount: stageCount, vocabularySize: vocabularySize, limits: limits)
            $0.send = send
        }
    }

    func halt(_ reason: CoordinatorError) { handle { $0.core.halt(reason) } }

    func completed(_ frame: StepFrame) {
        // Taken here, because the queue may be busy with the results before.
        let now = now
        handle { $0.core.completed(frame, now: now) }
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
        try arrive()
        let (stream, continuation) = AsyncStream.makeStream(of: GenerationEvent.self)
        let sequence = Mutex<UInt32?>(nil)
        handle(arrived: 1) { state in
            do throws(CoordinatorError) {
                let added = try state.core.add(
                    .generation(generation, continuation), tokens: prompt, client: client, chunk: nil)
                sequence.withLock { $0 = added }
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
                    chunk: chunk)
            } catch {
                deliver(.failure(error))
            }
        }
    }

    private func arrive() throws(CoordinatorError) {
        let waiting = load.withLock { load -> Int? in
            guard load.running + load.waiting + load.arriving < load.most else { return load.waiting + load.arriving }
            load.arriving += 1
            return nil
        }
        if let waiting {
            throw CoordinatorError(
                .queueFull, "\(waiting) requests wait already; ask again later, or serve with a longer --queue")
        }
    }

    private var now: EngineTime {
        let instant = ContinuousClock.now
        return EngineTime(instant: instant, seconds: (instant - began) / .seconds(1))
    }

    /// - Parameter arrived: requests that the event brings, of those counted as arriving.
    private func handle(arrived: Int = 0, _ event: @escaping @Sendable (inout sending State) -> Void) {
        queue.async { [self] in
            state.withLock { state in
                event(&state)
                if let send = state.send {
                    for frame in state.core.framesToSend(now: now) { send(frame) }
                }
                state.core.tellPlaces()
                load.withLock { load in
                    load.arriving -= arrived
                    (load.running, load.waiting) = (state.core.running, state.core.waiting)
                }
            }
        }
    }
}
