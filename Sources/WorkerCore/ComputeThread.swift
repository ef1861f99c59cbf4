import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The one thread that computes: jobs run in the order given, never on the cooperative pool or an event loop.
///
/// `run` is safe from any thread. Between jobs the thread sleeps.
final class ComputeThread: Sendable {
    private let queue = Queue()

    private final class Queue: Sendable {
        let jobs = Mutex<[(@Sendable () -> Void)?]>([])
        let available = DispatchSemaphore(value: 0)

        func push(_ job: (@Sendable () -> Void)?) {
            jobs.withLock { $0.append(job) }
            available.signal()
        }

        /// Takes all jobs there are, until one is `nil`.
        func work() {
            while true {
                available.wait()
                guard let job = jobs.withLock({ $0.removeFirst() }) else { return }
                job()
            }
        }
    }

    init() {
        let context = Unmanaged.passRetained(queue).toOpaque()
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let status = pthread_create(
            &thread, nil,
            { context in
                #if canImport(Darwin)
                let context: UnsafeMutableRawPointer? = context
                #endif
                Unmanaged<Queue>.fromOpaque(context!).takeRetainedValue().work()
                return nil
            }, context)
        precondition(status == 0, "no thread can be started: error \(status)")
        // Nobody waits for its end: what it took is given back by itself.
        #if canImport(Darwin)
        pthread_detach(thread!)
        #else
        pthread_detach(thread)
        #endif
    }

    /// Adds a job behind the others.
    func run(_ job: @escaping @Sendable () -> Void) { queue.push(job) }

    /// What `work` gives behind the others, for tasks that must not block.
    func result<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { done in run { done.resume(returning: work()) } }
    }

    /// Ends the thread once the jobs given so far are done.
    deinit { queue.push(nil) }
}
