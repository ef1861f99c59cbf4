import CKernels
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Threads for the compute loop. They stay awake for some microseconds after each piece of work, because the next follows at once
/// while a step is computed, and then sleep, so that an idle pool uses no processor time.
///
/// Thread safety: `run` is called by one thread at a time (the compute thread, which takes part in the work); the pool may be handed
/// from thread to thread. Several stages may share it if they take turns.
package final class ThreadPool: Sendable {
    /// How many threads may work, the calling one included.
    package let threads: Int
    private let work = SharedWork()

    /// Starts `threads - 1` threads (nil: as many threads as there are usable physical cores).
    package init(threads: Int? = nil) {
        self.threads = min(max(1, threads ?? ProcessorCount.usable), 1024)
        // A thread that the system does not start is not missed: whoever is there claims the chunks.
        for thread in 1..<max(self.threads, 1) { work.start(thread: thread) }
    }

    deinit { work.stop() }

    /// Calls `body(chunk, thread)` for every chunk in `0..<chunks`, spread over the threads, and returns when all are done.
    /// `thread` < `threads` tells whose scratch to use. The order is not defined: chunks must not depend on each other.
    package func run(chunks: Int, _ body: (_ chunk: Int, _ thread: Int) -> Void) {
        guard chunks > 1, threads > 1 else {
            for chunk in 0..<chunks { body(chunk, 0) }
            return
        }
        precondition(chunks < 1 << 31, "\(chunks) chunks")
        withoutActuallyEscaping(body) { work.run(chunks: chunks, body: $0) }
    }
}

/// What the threads share.
///
/// `state` holds the number of the run in its upper and the chunks not yet claimed in its lower half. Claiming is one
/// compare-exchange, so a thread that comes late cannot claim from another run, and the caller waits for chunks, never for threads.
private final class SharedWork: @unchecked Sendable {
    typealias Body = (Int, Int) -> Void

    private let state = Atomic<UInt64>(0)
    private let completed = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let callerSleeps = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    // Written before `state` is published; read only by threads that hold a claimed chunk, which the caller waits for.
    private var chunks = 0
    private var body: Body?
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Turns of a waiting loop before a thread sleeps: some 50 microseconds.
    private static let spins = 2000

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
        pthread_cond_init(done, nil)
    }

    deinit {
        pthread_cond_destroy(done)
        pthread_cond_destroy(wake)
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        wake.deallocate()
        done.deallocate()
    }

    func run(chunks: Int, body: @escaping Body) {
        self.chunks = chunks
        self.body = body
        completed.store(0, ordering: .relaxed)
        let run = (state.load(ordering: .relaxed) >> 32) &+ 1
        state.store(run << 32 | UInt64(chunks), ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
            pthread_mutex_lock(mutex)
            pthread_cond_broadcast(wake)
            pthread_mutex_unlock(mutex)
        }
        while let chunk = claim() { perform(chunk, thread: 0) }
        var turns = 0
        while completed.load(ordering: .acquiring) < chunks {
            turns += 1
            if turns <= Self.spins { shoal_pause() } else { sleepUntilDone(chunks) }
        }
        self.body = nil
    }

    private func sleepUntilDone(_ chunks: Int) {
        pthread_mutex_lock(mutex)
        callerSleeps.store(true, ordering: .sequentiallyConsistent)
        while completed.load(ordering: .sequentiallyConsistent) < chunks { pthread_cond_wait(done, mutex) }
        callerSleeps.store(false, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }

    /// How many chunks were unclaimed when one was taken, or nil when there are none.
    private func claim() -> Int? {
        var seen = state.load(ordering: .acquiring)
        while seen & 0xffff_ffff != 0 {
            let (exchanged, original) = state.compareExchange(
                expected: seen, desired: seen - 1, ordering: .acquiringAndReleasing)
            if exchanged { return Int(seen & 0xffff_ffff) }
            seen = original
        }
        return nil
    }

    private func perform(_ unclaimed: Int, thread: Int) {
        call(chunk: chunks - unclaimed, thread: thread)
        completed.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if thread > 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
            pthread_mutex_lock(mutex)
            pthread_cond_signal(done)
            pthread_mutex_unlock(mutex)
        }
    }

    /// Not inlined, so that no reference to the closure outlives the call: the caller's frame ends when all chunks are done.
    @inline(never)
    private func call(chunk: Int, thread: Int) {
        body?(chunk, thread)
    }

    private func serve(thread: Int) {
        while !stopping.load(ordering: .acquiring) {
            if let chunk = claim() { perform(chunk, thread: thread) } else { waitForWork() }
        }
    }

    private var hasNoWork: Bool {
        state.load(ordering: .sequentiallyConsistent) & 0xffff_ffff == 0
            && !stopping.load(ordering: .sequentiallyConsistent)
    }

    private func waitForWork() {
        for _ in 0..<Self.spins {
            if !hasNoWork { return }
            shoal_pause()
        }
        pthread_mutex_lock(mutex)
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while hasNoWork { pthread_cond_wait(wake, mutex) }
        sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }

    func stop() {
        pthread_mutex_lock(mutex)
        stopping.store(true, ordering: .sequentiallyConsistent)
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
    }

    private final class Start {
        let thread: Int
        let work: SharedWork

        init(thread: Int, work: SharedWork) {
            self.thread = thread
            self.work = work
        }
    }

    /// Starts one detached thread; it keeps `self` alive until the pool stops.
    func start(thread: Int) {
        let context = Unmanaged.passRetained(Start(thread: thread, work: self))
        #if canImport(Darwin)
        var handle: pthread_t?
        let result = pthread_create(
            &handle, nil,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.work.serve(thread: start.thread)
                return nil
            }, context.toOpaque())
        if let handle { pthread_detach(handle) }
        #else
        var handle = pthread_t()
        let result = pthread_create(
            &handle, nil,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                start.work.serve(thread: start.thread)
                return nil
            }, context.toOpaque())
        if result == 0 { pthread_detach(handle) }
        #endif
        if result != 0 { context.release() }
    }
}
