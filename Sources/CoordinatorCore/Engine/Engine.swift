import Dispatch
import Synchronization
import Tokenizer
import Wire

/// Runs the `EngineCore`: brings it events, from any thread, one at a time on a queue of its own, and sends its frames.
final class Engine: Sendable {
    private let queue = DispatchQueue(label: "shoal.engine", qos: .userInitiated)
    private let state = Mutex(State())

    private struct State {
        var core = EngineCore()
        var send: (@Sendable (StepFrame) -> Void)?
    }

    var counts: (running: Int, waiting: Int) { state.withLock { ($0.core.running, $0.core.waiting) } }

    /// Starts with a placement; `send` takes a frame to the first stage.
    func install(
        epoch: UInt32, stageCount: Int, vocabularySize: Int, limits: Scheduler.Limits,
        send: @escaping @Sendable (StepFrame) -> Void
    ) {
        handle {
            $0.core.install(epoch: epoch, stageCount: stageCount, vocabularySize: vocabularySize, limits: limits)
            $0.send = send
        }
    }

    /// Returns when all that was asked for before is taken up.
    func settle() async { await withCheckedContinuation { done in queue.async { done.resume() } } }

    func halt(_ reason: CoordinatorError) { handle { $0.core.halt(reason) } }

    func completed(_ frame: StepFrame) { handle { $0.core.completed(frame, now: .now) } }

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
                guard let send = state.send else { return }
                for frame in state.core.framesToSend() { send(frame) }
            }
        }
    }
}
