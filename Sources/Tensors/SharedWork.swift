import CKernels
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the threads of a pool share.
///
/// Every thread has a range of chunks that nobody has claimed yet, first and end in the halves of one word. It claims from the front of
/// its own range and, when that is empty, from the end of the others'. A claim is one compare-exchange of a word that says all, so a
/// thread that comes late claims a chunk of the run that is on, or none; the caller waits for chunks, never for threads.
final class SharedWork: @unchecked Sendable {
    private let threads: Int
    /// Threads that take part; the others wait until it is raised.
    private let active: Atomic<Int>
    /// The ranges, a cache line apart.
    private let ranges: UnsafeMutablePointer<Atomic<UInt64>>
    private static var stride: Int { 16 }
    /// Counts the runs: what waiting threads watch.
    private let run = Atomic<Int>(0)
    private let completed = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let callerSleeps = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    // Written before the ranges are; read only by threads that hold a claimed chunk, which the caller waits for.
    private var body: UnsafePointer<shoal_chunks>?
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let raised = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Turns of a waiting loop before a thread sleeps: some 50 microseconds.
    private static let spins = 2000

    init(threads: Int) {
        self.threads = threads
        active = Atomic(threads)
        ranges = .allocate(capacity: threads * Self.stride)
        for index in 0..<threads * Self.stride { (ranges + index).initialize(to: Atomic(0)) }
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
        pthread_cond_init(done, nil)
        pthread_cond_init(raised, nil)
    }

    deinit {
        pthread_cond_destroy(done)
        pthread_cond_destroy(raised)
        pthread_cond_destroy(wake)
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        wake.deallocate()
        done.deallocate()
        raised.deallocate()
        ranges.deinitialize(count: threads * Self.stride)
        ranges.deallocate()
    }

    /// Performs all chunks, without allocating anything: the other threads borrow the closure.
    func run(chunks: Int, _ body: (_ chunk: Int, _ thread: Int) -> Void) {
        lend(body, Unmanaged.passUnretained(self).toOpaque(), chunks) { work, chunks, body in
            Unmanaged<SharedWork>.fromOpaque(work).takeUnretainedValue().run(chunks: chunks, lent: body)
        }
    }

    private func run(chunks: Int, lent body: UnsafePointer<shoal_chunks>) {
        self.body = body
        completed.store(0, ordering: .relaxed)
        let active = active.load(ordering: .relaxed)
        for thread in 0..<active {
            let first = UInt64(chunks * thread / active), end = UInt64(chunks * (thread + 1) / active)
            ranges[thread * Self.stride].store(first << 32 | end, ordering: .releasing)
        }
        run.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
            pthread_mutex_lock(mutex)
            pthread_cond_broadcast(wake)
            pthread_mutex_unlock(mutex)
        }
        work(thread: 0)
        var turns = 0
        while completed.load(ordering: .acquiring) < chunks {
            turns += 1
            if turns <= Self.spins { shoal_pause() } else { sleepUntilDone(chunks) }
        }
        self.body = nil
    }

    /// Performs chunks until none is left unclaimed.
    private func work(thread: Int) {
        while let chunk = claim(rangeOf: thread, fromEnd: false) { perform(chunk, thread: thread) }
        for distance in 1..<max(threads, 1) {
            let other = (thread + distance) % threads
            while let chunk = claim(rangeOf: other, fromEnd: true) { perform(chunk, thread: thread) }
        }
    }

    private func claim(rangeOf owner: Int, fromEnd: Bool) -> Int? {
        let place = ranges + owner * Self.stride
        var seen = place.pointee.load(ordering: .acquiring)
        while seen >> 32 < seen & 0xffff_ffff {
            let (exchanged, original) = place.pointee.compareExchange(
                expected: seen, desired: fromEnd ? seen - 1 : seen + 1 << 32, ordering: .acquiringAndReleasing)
            if exchanged { return Int(fromEnd ? (seen & 0xffff_ffff) - 1 : seen >> 32) }
            seen = original
        }
        return nil
    }

    private func sleepUntilDone(_ chunks: Int) {
        pthread_mutex_lock(mutex)
        callerSleeps.store(true, ordering: .sequentiallyConsistent)
        while completed.load(ordering: .sequentiallyConsistent) < chunks { pthread_cond_wait(done, mutex) }
        callerSleeps.store(false, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }

    private func perform(_ chunk: Int, thread: Int) {
        shoal_chunks_perform(body, chunk, thread)
        completed.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if thread > 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
            pthread_mutex_lock(mutex)
            pthread_cond_signal(done)
            pthread_mutex_unlock(mutex)
        }
    }

    private func serve(thread: Int) {
        var seen = 0
        while !stopping.load(ordering: .acquiring) {
            if thread >= active.load(ordering: .relaxed) {
                waitUntilActive(thread)
                continue
            }
            let current = run.load(ordering: .sequentiallyConsistent)
            if current == seen {
                waitForRun(after: seen)
            } else {
                seen = current
                work(thread: thread)
            }
        }
    }

    private func isWaiting(after seen: Int) -> Bool {
        run.load(ordering: .sequentiallyConsistent) == seen && !stopping.load(ordering: .sequentiallyConsistent)
    }

    private func waitForRun(after seen: Int) {
        for _ in 0..<Self.spins {
            if !isWaiting(after: seen) { return }
            shoal_pause()
        }
        pthread_mutex_lock(mutex)
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while isWaiting(after: seen) { pthread_cond_wait(wake, mutex) }
        sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }

    private func waitUntilActive(_ thread: Int) {
        pthread_mutex_lock(mutex)
        while thread >= active.load(ordering: .relaxed), !stopping.load(ordering: .sequentiallyConsistent) {
            pthread_cond_wait(raised, mutex)
        }
        pthread_mutex_unlock(mutex)
    }

    var activeThreads: Int { active.load(ordering: .relaxed) }

    /// Those that are no longer to take part end the chunk that they have; a range that was theirs is taken over by others.
    ///
    /// - Precondition: from 1 to all threads.
    func setActive(_ count: Int) {
        precondition((1...threads).contains(count), "\(count) of \(threads) threads")
        pthread_mutex_lock(mutex)
        active.store(count, ordering: .relaxed)
        pthread_cond_broadcast(raised)
        pthread_mutex_unlock(mutex)
    }

    func stop() {
        pthread_mutex_lock(mutex)
        stopping.store(true, ordering: .sequentiallyConsistent)
        pthread_cond_broadcast(raised)
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
    }

    private final class Start {
        let thread: Int
        let processor: Int?
        let work: SharedWork

        init(thread: Int, processor: Int?, work: SharedWork) {
            self.thread = thread
            self.processor = processor
            self.work = work
        }

        func serve() {
            if let processor { ProcessorCount.pin(to: processor) }
            work.serve(thread: thread)
        }
    }

    /// Starts one detached thread; it keeps `self` alive until the pool stops.
    func start(thread: Int, processor: Int?) {
        let context = Unmanaged.passRetained(Start(thread: thread, processor: processor, work: self))
        #if canImport(Darwin)
        var handle: pthread_t?
        let result = pthread_create(
            &handle, nil,
            { argument in
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().serve()
                return nil
            }, context.toOpaque())
        if let handle { pthread_detach(handle) }
        #else
        var handle = pthread_t()
        let result = pthread_create(
            &handle, nil,
            { argument in
                Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue().serve()
                return nil
            }, context.toOpaque())
        if result == 0 { pthread_detach(handle) }
        #endif
        if result != 0 { context.release() }
    }
}

/// `shoal_chunks_lend`, whose first two parameters are the words of a closure.
@_silgen_name("shoal_chunks_lend")
private func lend(
    _ body: (Int, Int) -> Void, _ work: UnsafeMutableRawPointer, _ chunks: Int,
    _ run: @convention(c) (UnsafeMutableRawPointer, Int, UnsafePointer<shoal_chunks>) -> Void)
