import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The threads that render templates, cut texts into tokens and read large bodies. Nothing else waits for these, so whatever a template or a
/// prompt costs, all other requests are answered meanwhile; and of the threads one is always left for another client.
///
/// Safe from any thread.
final class RequestThreads: Sendable {
    /// How long a job may take, once it runs.
    static let limit = Duration.seconds(10)
    /// How long it may wait for that.
    private static let patience = Duration.seconds(60)
    static let standard = RequestThreads(count: 2)

    private struct Job {
        let latest: ContinuousClock.Instant
        /// Is told of a thread, or that it is too late.
        let run: @Sendable (_ isTooLate: Bool) -> Void
    }

    private let queue: Mutex<FairQueue<Job>>
    private let wake = DispatchSemaphore(value: 0)

    /// - Parameter count: Threads, at least 2; they are there as long as the program.
    private init(count: Int) {
        queue = Mutex(FairQueue(most: 256, mostOfClient: 64, runningOfClient: count - 1))
        for _ in 0..<count { startThread() }
    }

    /// Does a job on one of the threads.
    ///
    /// - Parameters:
    ///   - client: Whose it is, for equal shares.
    ///   - work: Is to end soon when its time does not go on any more; what it gives then is of no use.
    /// - Throws: 503 when too many jobs wait, or it waited too long; 400 when it took too long.
    func run<Value: Sendable>(
        for client: String, _ work: @escaping @Sendable (WorkTime) throws(APIError) -> Value
    ) async throws(APIError) -> Value {
        try await result(for: client, work).get()
    }

    /// As `run`, without throwing. When the task is cancelled the job is told not to go on.
    func result<Value: Sendable>(
        for client: String, _ work: @escaping @Sendable (WorkTime) throws(APIError) -> Value
    ) async -> Result<Value, APIError> {
        let ending = Ending()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { done in
                let job = Job(latest: .now + Self.patience) { isTooLate in
                    if isTooLate { return done.resume(returning: .failure(Self.tooBusy)) }
                    let time = WorkTime(until: .now + Self.limit)
                    ending.begin(time)
                    let result = Result { () throws(APIError) in try work(time) }
                    done.resume(returning: time.goesOn ? result : .failure(Self.tooCostly))
                }
                if queue.withLock({ $0.add(job, of: client) }) {
                    wake.signal()
                } else {
                    done.resume(returning: .failure(Self.tooBusy))
                }
            }
        } onCancel: {
            ending.cancel()
        }
    }

    private static let tooBusy = APIError.busy("too many prompts are being made ready")
    private static let tooCostly = APIError.invalidRequest(
        "making the prompt ready took more than \(limit / .seconds(1)) s and was given up: the model's chat template is too costly for these messages, or the text is; shorten them, or use /v1/completions",
        code: "prompt_too_costly")

    /// Takes jobs for ever.
    private func work() {
        while true {
            wake.wait()
            guard let (client, job) = queue.withLock({ $0.next() }) else { continue }
            job.run(.now > job.latest)
            queue.withLock { $0.ended(client) }
            // For one that this one kept waiting.
            wake.signal()
        }
    }

    private func startThread() {
        let context = Unmanaged.passRetained(self).toOpaque()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Templates nest, and some systems give threads little.
        pthread_attr_setstacksize(&attributes, 8 << 20)
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let status = pthread_create(
            &thread, &attributes,
            { context in
                #if canImport(Darwin)
                let context: UnsafeMutableRawPointer? = context
                #endif
                Unmanaged<RequestThreads>.fromOpaque(context!).takeRetainedValue().work()
                return nil
            }, context)
        precondition(status == 0, "no thread can be started: error \(status)")
        pthread_attr_destroy(&attributes)
    }
}

/// Tells a job that nobody wants its result, whether it runs by then or not. Safe from any thread.
private final class Ending: Sendable {
    private struct State {
        var time: WorkTime?
        var isCancelled = false
    }

    private let state = Mutex(State())

    func begin(_ time: WorkTime) {
        let isCancelled = state.withLock { state in
            state.time = time
            return state.isCancelled
        }
        if isCancelled { time.cancel() }
    }

    func cancel() {
        let time = state.withLock { state in
            state.isCancelled = true
            return state.time
        }
        time?.cancel()
    }
}
