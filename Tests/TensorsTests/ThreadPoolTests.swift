import Synchronization
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite struct ThreadPoolTests {
    @Test("every chunk is done exactly once, run after run", arguments: [1, 2, 3, 8])
    func everyChunkIsDoneExactlyOnce(threads: Int) {
        let pool = ThreadPool(threads: threads)
        #expect(pool.threads == threads)
        let counters = (0..<64).map { _ in Counter() }
        var expected = [Int](repeating: 0, count: 64)
        let wrongThreads = Counter()
        for run in 0..<500 {
            let chunks = run % 65
            pool.run(chunks: chunks) { chunk, thread in
                counters[chunk].add()
                if !(0..<threads).contains(thread) { wrongThreads.add() }
            }
            for chunk in 0..<chunks { expected[chunk] += 1 }
        }
        #expect(counters.map(\.value) == expected)
        #expect(wrongThreads.value == 0)
    }

    @Test("sleeping threads wake up for work")
    func sleepingThreadsWakeUpForWork() {
        let pool = ThreadPool(threads: 2), counter = Counter()
        for _ in 0..<3 {
            usleep(20000)  // longer than threads stay awake
            pool.run(chunks: 8) { _, _ in
                usleep(1000)
                counter.add()
            }
        }
        #expect(counter.value == 24)
    }
}

extension ThreadPoolTests {
    @Test(
        "a limit lets fewer threads work, at once and while they work, and nothing is left undone",
        .timeLimit(.minutes(1)))
    func aLimitLetsFewerThreadsWork() {
        let pool = ThreadPool(threads: 4)
        for limit in [1, 3, 2, 4, 1, 4] {
            pool.limit(to: limit)
            #expect(pool.activeThreads == limit)
            // Those that look for work when the limit comes may still take some; then none of them does.
            var strangers = Counter()
            repeat {
                let counter = Counter()
                strangers = Counter()
                pool.run(chunks: 33) { [strangers] _, thread in
                    counter.add()
                    if thread >= limit { strangers.add() }
                }
                #expect(counter.value == 33)
            } while strangers.value > 0
        }
        let counter = Counter()
        for run in 0..<400 {
            pool.run(chunks: 16) { chunk, _ in
                if chunk == 7 { pool.limit(to: 1 + run % 4) }
                counter.add()
            }
        }
        #expect(counter.value == 6400)
        pool.limit(to: 0)
        #expect(pool.activeThreads == 1)
        pool.limit(to: 99)
        #expect(pool.activeThreads == 4)
    }
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func add() { count.wrappingAdd(1, ordering: .sequentiallyConsistent) }
}
