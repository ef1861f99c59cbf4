import Crypto
import Dispatch
import Formats
import Wire

/// The SHA-256 of mapped files. Reads all of it: seconds for gigabytes, so neither for the cooperative pool nor for an event loop.
enum ShardDigest {
    /// Bytes hashed at a time, whose pages are let go before the next ones are read.
    private static let window = 8 << 20

    static func add(_ bytes: MappedBytes, to digest: inout SHA256) {
        for start in stride(from: 0, to: bytes.count, by: window) {
            let part = bytes.slice(offset: start, count: min(window, bytes.count - start))!
            part.withUnsafeBytes { digest.update(bufferPointer: $0) }
            part.discardResidentPages()
        }
    }

    static func id(of bytes: MappedBytes) -> ShardID {
        var digest = SHA256()
        add(bytes, to: &digest)
        return ShardID(Array(digest.finalize()))!
    }

    /// Which of several contents are not what their ids say; all cores look, at the largest first so that none is left for the end.
    static func damaged(_ shards: [(id: ShardID, bytes: MappedBytes)]) -> Set<ShardID> {
        let shards = shards.sorted { $0.bytes.count > $1.bytes.count }
        var isRight = [Bool](repeating: false, count: shards.count)
        isRight.withUnsafeMutableBufferPointer { results in
            // Each iteration writes an element of its own.
            nonisolated(unsafe) let results = results
            DispatchQueue.concurrentPerform(iterations: shards.count) { index in
                results[index] = id(of: shards[index].bytes) == shards[index].id
            }
        }
        return Set(zip(shards, isRight).filter { !$1 }.map(\.0.id))
    }
}
