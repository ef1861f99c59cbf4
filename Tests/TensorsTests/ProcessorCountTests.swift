import CKernels
import Foundation
import Synchronization
import Tensors
import Testing

@Suite struct ProcessorCountTests {
    @Test(
        "the kernel's lists of processors are read",
        arguments: [
            ("0-3,8", [0, 1, 2, 3, 8]), ("0", [0]), ("5,2-2", [5, 2]), ("", []), ("3-1,4", [4]), ("x,7", [7]),
            ("0-99999999", []),
        ])
    func theKernelsListsOfProcessorsAreRead(list: String, expected: [Int]) {
        #expect(ProcessorCount.processors(in: list) == expected)
    }

    @Test(
        "threads spread evenly over the cores, and share them when there are more",
        arguments: [
            (1, [10]), (2, [10, 14]), (4, [10, 12, 14, 16]), (5, [10, 11, 13, 14, 16]),
            (8, [10, 11, 12, 13, 14, 15, 16, 17]), (10, [10, 11, 12, 13, 14, 15, 16, 17, 10, 11]),
        ])
    func threadsSpreadEvenlyOverTheCores(threads: Int, expected: [Int]) {
        let cores = Array(10..<18)
        #expect((0..<threads).map { ProcessorCount.core($0, of: threads, among: cores) } == expected)
    }

    @Test("there is at least one processor and not more than are online")
    func thereIsAtLeastOneProcessor() {
        #expect((1...ProcessInfo.processInfo.processorCount).contains(ProcessorCount.usable))
    }

    @Test("the threads of a pinned pool may run on their own processor alone", arguments: [1, 2, 3, 5])
    func theThreadsOfAPinnedPool(threads: Int) async throws {
        let cores = ProcessorCount.cores
        guard !cores.isEmpty else { return }  // a system that does not tell
        let (found, processors) = await onOwnThread {
            let pool = ThreadPool(threads: threads, pinned: true)
            pool.pinCaller()
            return (affinities(in: pool), pool.processors)
        }
        let expected = (0..<threads).map { ProcessorCount.core($0, of: threads, among: cores) }
        #expect(processors == expected)
        #expect(found == expected.map { [$0] })
    }

    @Test("the threads of another pool may run everywhere")
    func theThreadsOfAnotherPool() async throws {
        let (found, processors) = await onOwnThread {
            let pool = ThreadPool(threads: 3)
            pool.pinCaller()
            return (affinities(in: pool), pool.processors)
        }
        #expect(processors == nil)
        #expect(found == [[Int]](repeating: affinity(), count: 3))
    }

    /// The processors that each thread of a pool may run on: no thread goes on before all have begun.
    private func affinities(in pool: ThreadPool) -> [[Int]] {
        let found = Mutex([[Int]](repeating: [], count: pool.threads)), begun = Atomic(0)
        pool.run(chunks: pool.threads) { _, thread in
            begun.wrappingAdd(1, ordering: .sequentiallyConsistent)
            while begun.load(ordering: .sequentiallyConsistent) < pool.threads { Thread.sleep(forTimeInterval: 1e-4) }
            found.withLock { $0[thread] = affinity() }
        }
        return found.withLock { $0 }
    }

    private func affinity() -> [Int] {
        var processors = [Int32](repeating: -1, count: 4096)
        let count = shoal_affinity(&processors, processors.count)
        return processors.prefix(count).map(Int.init)
    }

    /// What `body` gives on a thread of its own, so that nobody else's is pinned.
    private func onOwnThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: body()) }.start()
        }
    }
}
