/// How fast the machine reads memory: the roof that decoding is held against.
///
/// Thread safety: none; used by the thread that uses the pool.
package final class ReadBandwidth {
    private let pool: ThreadPool
    private let buffer: AlignedBuffer

    /// Makes a buffer to read.
    ///
    /// - Parameter bytes: its size; several times the last-level cache.
    /// - Throws: `TensorError` when there is no memory for it.
    package init(pool: ThreadPool, bytes: Int = 1 << 29) throws(TensorError) {
        self.pool = pool
        buffer = try AlignedBuffer(byteCount: bytes)
        // Written first: pages that were never touched are all the same zero page.
        let words = buffer.bytes.bindMemory(to: UInt64.self)
        pool.run(chunks: 64) { chunk, _ in
            UnsafeMutableBufferPointer(rebasing: words[words.count * chunk / 64..<words.count * (chunk + 1) / 64])
                .update(repeating: 1)
        }
    }

    /// Reads the buffer with all of the pool's threads, and gives the best rate of several passes.
    ///
    /// - Returns: bytes per second.
    package func measure(passes: Int = 3) -> Double {
        let words = UnsafeBufferPointer(buffer.bytes.bindMemory(to: UInt64.self))
        let chunks = pool.threads * 8
        let perChunk = words.count / chunks
        var best = 0.0
        for _ in 0..<passes {
            let started = ContinuousClock.now
            pool.run(chunks: chunks) { chunk, _ in
                let sum = Self.sumOfWords(
                    UnsafeBufferPointer(rebasing: words[chunk * perChunk..<(chunk + 1) * perChunk]))
                precondition(sum == UInt64(perChunk), "the buffer changed while it was read")
            }
            best = max(best, Double(perChunk * chunks * 8) / ((ContinuousClock.now - started) / .seconds(1)))
        }
        return best
    }

    /// Reads the buffer again and again until `isDone`, which is asked after each pass, says so.
    ///
    /// - Returns: the bytes that were read.
    package func run(until isDone: () -> Bool) -> Int {
        var passes = 0
        repeat {
            _ = measure(passes: 1)
            passes += 1
        } while !isDone()
        return passes * (buffer.bytes.count / 8 / (pool.threads * 8)) * (pool.threads * 8) * 8
    }

    /// A sum of eight independent lanes, so that the loads and not the additions set the pace.
    private static func sumOfWords(_ words: UnsafeBufferPointer<UInt64>) -> UInt64 {
        var lanes = (SIMD8<UInt64>(), SIMD8<UInt64>(), SIMD8<UInt64>(), SIMD8<UInt64>())
        let vectors = UnsafeRawBufferPointer(words).bindMemory(to: SIMD8<UInt64>.self)
        var index = 0
        while index + 4 <= vectors.count {
            lanes.0 &+= vectors[index]
            lanes.1 &+= vectors[index + 1]
            lanes.2 &+= vectors[index + 2]
            lanes.3 &+= vectors[index + 3]
            index += 4
        }
        var sum = (lanes.0 &+ lanes.1 &+ lanes.2 &+ lanes.3).wrappedSum()
        for word in words[(index * 8)...] { sum &+= word }
        return sum
    }
}
