/// How fast the machine reads memory: the roof that decoding is held against.
package enum ReadBandwidth {
    /// Reads a buffer that no cache holds, with all of the pool's threads, and gives the best rate of several passes.
    ///
    /// - Parameter bytes: the buffer's size; several times the last-level cache.
    /// - Returns: bytes per second.
    /// - Throws: `TensorError` when there is no memory for the buffer.
    package static func measure(pool: ThreadPool, bytes: Int = 1 << 29, passes: Int = 5) throws(TensorError) -> Double {
        let buffer = try AlignedBuffer(byteCount: bytes)
        let words = UnsafeBufferPointer(start: buffer.base.assumingMemoryBound(to: UInt64.self), count: bytes / 8)
        // Written first: pages that were never touched are all the same zero page.
        UnsafeMutableBufferPointer(mutating: words).update(repeating: 1)
        let chunks = pool.threads * 8
        let perChunk = words.count / chunks
        var best = 0.0
        for _ in 0..<passes {
            let started = ContinuousClock.now
            pool.run(chunks: chunks) { chunk, _ in
                let sum = sumOfWords(UnsafeBufferPointer(rebasing: words[chunk * perChunk..<(chunk + 1) * perChunk]))
                precondition(sum == UInt64(perChunk), "the buffer changed while it was read")
            }
            best = max(best, Double(perChunk * chunks * 8) / ((ContinuousClock.now - started) / .seconds(1)))
        }
        return best
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
