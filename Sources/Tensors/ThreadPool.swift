/// Threads for the compute loop. They stay awake for some microseconds after each piece of work, because the next follows at once
/// while a step is computed, and then sleep, so that an idle pool uses no processor time.
///
/// Thread safety: `run` is called by one thread at a time (the compute thread, which takes part in the work); the pool may be handed
/// from thread to thread. Several stages may share it if they take turns.
package final class ThreadPool: Sendable {
    /// How many threads may work, the calling one included.
    package let threads: Int
    /// The processor of each thread, where they are pinned.
    package let processors: [Int]?
    private let work: SharedWork

    /// Starts `threads - 1` threads (nil: as many threads as there are usable physical cores).
    ///
    /// - Parameter pinned: every thread stays on a physical core of its own, as far as there are enough, spread evenly over the memory
    ///   nodes; the thread that will call `run` has to ask for it by `pinCaller`.
    package init(threads: Int? = nil, pinned: Bool = false) {
        let count = min(max(1, threads ?? ProcessorCount.usable), 1024)
        self.threads = count
        let cores = pinned ? ProcessorCount.cores : []
        processors = cores.isEmpty ? nil : (0..<count).map { ProcessorCount.core($0, of: count, among: cores) }
        work = SharedWork(threads: count)
        // A thread that the system does not start is not missed: whoever is there claims the chunks.
        for thread in 1..<max(count, 1) { work.start(thread: thread, processor: processors?[thread]) }
    }

    deinit { work.stop() }

    /// From the next run on at most so many threads work, the calling one included; the others sleep until there may be more.
    ///
    /// Safe from any thread, also during a run.
    package func limit(to count: Int) { work.setActive(min(max(1, count), threads)) }

    /// How many may work now.
    package var activeThreads: Int { work.activeThreads }

    /// Pins the calling thread as the pool's first, where the pool is pinned.
    package func pinCaller() {
        if let processors { ProcessorCount.pin(to: processors[0]) }
    }

    /// Calls `body(chunk, thread)` for every chunk in `0..<chunks`, and returns when all are done. `thread` < `threads` tells whose scratch
    /// to use. The order is not defined: chunks must not depend on each other.
    ///
    /// Thread t begins with the chunks from `chunks * t / threads` on, in order, so that equal calls find equal data in its caches and its
    /// memory node; who is done takes over what slower threads have not begun.
    package func run(chunks: Int, _ body: (_ chunk: Int, _ thread: Int) -> Void) {
        guard chunks > 1, threads > 1 else {
            for chunk in 0..<chunks { body(chunk, 0) }
            return
        }
        precondition(chunks < 1 << 31, "\(chunks) chunks")
        work.run(chunks: chunks, body)
    }
}
