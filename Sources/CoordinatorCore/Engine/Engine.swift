import Dispatch
import Synchronization
import Tokenizer
import Wire

/// Runs the `EngineCore`: brings it events, from any thread, one at a time on a queue of its own, and sends its frames.
final class Engine: Sendable {
    private let queue = DispatchQueue(label: "shoal.engine", qos: .userInitiated)
    private let state = Mutex(State())

    fileprivate struct State {
        var core = EngineCore()
        var send: (@Sendable (StepFrame) -> Void)?
        var measurement = PipeMeasurement(origin: .now)
        var prediction: SpeedPrediction?
        var watch = PredictionWatch()
    }

    var counts: (running: Int, waiting: Int) { state.withLock { ($0.core.running, $0.core.waiting) } }

    /// How fast it goes.
    var speed: PipeReport {
        state.withLock { state in
            var report = state.measurement.report(at: .now)
            report.prediction = state.prediction
            report.partsFromPrediction = state.watch.isStale
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

    /// Starts with a placement; `send` takes a frame to the first stage.
    func install(
        epoch: UInt32, stageCount: Int, vocabularySize: Int, limits: Scheduler.Limits,
        send: @escaping @Sendable (StepFrame) -> Void
    ) {
        handle {
            $0.core.install(epoch: epoch, stageCount: stageCount, vocabularySize: vocabularySize, limits: limits)
            $0.measurement.begin()
            $0.send = send
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

    func completed(_ frame: StepFrame) {
        handle { state in
            let now = ContinuousClock.now
            state.measurement.returned(frame, at: now)
            state.core.completed(frame, now: now)
            state.observe(at: now)
        }
    }

    func failed(_ failure: StepFailed) { handle { $0.core.failed(failure) } }

    /// Begins an answer; ending the stream early gives it up.
    func generate(_ generation: Generation, prompt: [TokenID]) -> AsyncStream<GenerationEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: GenerationEvent.self)
        let sequence = Mutex<UInt32?>(nil)
        handle { state in
            do throws(CoordinatorError) {
                let added = try state.core.add(.generation(generation, continuation), tokens: prompt, chunk: nil)
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
                    .scoring(.init(remaining: tokens.count, deliver: deliver)), tokens: tokens, chunk: chunk)
            } catch {
                deliver(.failure(error))
            }
        }
    }

    private func handle(_ event: @escaping @Sendable (inout sending State) -> Void) {
        queue.async { [self] in
            state.withLock { state in
                event(&state)
                let now = ContinuousClock.now
                state.measurement.run(state.core.running, at: now)
                guard let send = state.send else { return }
                for frame in state.core.framesToSend() {
                    state.measurement.sent(frame, at: now)
                    send(frame)
                }
            }
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
