import Dispatch
import Synchronization
import Transport

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The one thread that computes: jobs run in the order given, never on the cooperative pool or an event loop.
///
/// `run` is safe from any thread. Between jobs the thread sleeps, or waits for a step at the link that it has borrowed the reading of.
final class ComputeThread: Sendable {
    private let queue = Queue()

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
    ///
    /// - Parameter isLoneStep: whether it is such a step as a link's reading is lent for.
    func run(isLoneStep: Bool = false, _ job: @escaping @Sendable () -> Void) {
        queue.push(job, isLoneStep: isLoneStep)
    }

    /// For how long jobs have run so far; one that runs now counts when it has ended.
    var busy: Duration { queue.busy }

    /// What `work` gives behind the others, for tasks that must not block.
    func result<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { done in run { done.resume(returning: work()) } }
    }

    /// Ends the thread once the jobs given so far are done.
    deinit { queue.push(nil) }
}

extension ComputeThread: LinkReader {
    /// Beside one that takes longer it does not count what it costs to be woken for it.
    private static let longestStep = Duration.milliseconds(50)

    func borrow(_ reading: LentReading) -> Bool {
        guard let usual = queue.loneStepTakes, usual < Self.longestStep else { return false }
        // Behind the step that has come just now.
        run { [queue] in queue.take(reading) }
        return true
    }

    func returnReading() { queue.interrupt() }
}

extension ComputeThread {
    /// The jobs, and what the thread does when there are none.
    fileprivate final class Queue: Sendable {
        private struct State {
            var jobs: [Job] = []
            /// Whether the thread is at a link's socket, or on its way there.
            var isAtSocket = false
        }

        private struct Job {
            /// `nil` ends the thread.
            var work: (@Sendable () -> Void)?
            /// Whether the thread gave it to itself.
            var isOwn: Bool
            var isLoneStep: Bool
        }

        private let state = Mutex(State())
        private let available = DispatchSemaphore(value: 0)
        private let pipe = WakePipe()
        private let lastLoneStep = Mutex<Duration?>(nil)
        private let busyNanoseconds = Atomic<Int64>(0)
        private let thread = Atomic<UInt>(0)
        /// Of the thread.
        private nonisolated(unsafe) var reading: LentReading?
        /// After which it is no more than likely that a step follows.
        private static let patienceMilliseconds: CInt = 100

        /// What the last lone step took.
        var loneStepTakes: Duration? { lastLoneStep.withLock { $0 } }

        var busy: Duration { .nanoseconds(busyNanoseconds.load(ordering: .relaxed)) }

        private static var caller: UInt {
            #if canImport(Glibc)
            pthread_self()
            #else
            UInt(bitPattern: pthread_self())
            #endif
        }

        func push(_ work: (@Sendable () -> Void)?, isLoneStep: Bool = false) {
            let isOwn = Self.caller == thread.load(ordering: .relaxed)
            let isAtSocket = state.withLock { state in
                state.jobs.append(Job(work: work, isOwn: isOwn, isLoneStep: isLoneStep))
                return state.isAtSocket
            }
            available.signal()
            if isAtSocket { pipe?.ring() }
        }

        func interrupt() { if state.withLock({ $0.isAtSocket }) { pipe?.ring() } }

        /// On the thread: reads the link between jobs.
        func take(_ new: LentReading) {
            if pipe == nil { return new.giveBack() }
            reading = new
        }

        func work() {
            thread.store(Self.caller, ordering: .relaxed)
            while true {
                if let reading, goesToSocket() {
                    if !readStep(reading) { giveBack() }
                    continue
                }
                available.wait()
                let job = state.withLock { $0.jobs.removeFirst() }
                // Others' may take long, and who knows what else the link brings.
                if !job.isOwn { giveBack() }
                guard let work = job.work else { return }
                let began = ContinuousClock.now
                work()
                let took = ContinuousClock.now - began
                busyNanoseconds.wrappingAdd(Int64(took / .nanoseconds(1)), ordering: .relaxed)
                if job.isLoneStep { lastLoneStep.withLock { $0 = took } }
            }
        }

        /// Whether there is no job; whoever wants the thread from here on rings.
        private func goesToSocket() -> Bool {
            state.withLock { state in
                state.isAtSocket = state.jobs.isEmpty
                return state.isAtSocket
            }
        }

        /// Waits at the socket.
        ///
        /// - Returns: whether a step came, whose job is in the queue now.
        private func readStep(_ reading: LentReading) -> Bool {
            guard let pipe else { return false }
            let arrival = reading.wait(or: pipe, milliseconds: Self.patienceMilliseconds)
            state.withLock { $0.isAtSocket = false }
            if arrival == .interruption { pipe.silence() }
            return arrival == .bytes && reading.deliver()
        }

        private func giveBack() {
            reading?.giveBack()
            reading = nil
        }
    }
}
