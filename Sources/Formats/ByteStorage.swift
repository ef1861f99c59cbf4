#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The memory behind `MappedFile` and `MappedBytes`: a read-only mapping or a private copy, freed with its last owner.
///
/// Thread safety: immutable after creation, so any thread may read it.
final class ByteStorage: Sendable {
    /// What has to be done with the memory at the end, and which advice to the kernel makes sense before.
    enum Kind: Sendable {
        case mapping
        case allocation
    }

    let kind: Kind
    /// Never written after `init`, which is what makes sharing it between threads safe.
    nonisolated(unsafe) let buffer: UnsafeRawBufferPointer

    /// Takes over a mapping made by `mmap`.
    init(mapping: UnsafeRawBufferPointer) {
        kind = .mapping
        buffer = mapping
    }

    /// Copies `bytes`, aligned as a mapped file's tensors would be.
    init(copying bytes: [UInt8]) {
        kind = .allocation
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        copy.copyBytes(from: bytes)
        buffer = UnsafeRawBufferPointer(copy)
    }

    deinit {
        switch kind {
        case .mapping:
            if let base = buffer.baseAddress {
                munmap(UnsafeMutableRawPointer(mutating: base), buffer.count)
            }
        case .allocation:
            buffer.deallocate()
        }
    }

    /// Tells the kernel about the coming use of a range; only mappings listen, and failure is harmless.
    ///
    /// - Parameter wholePagesOnly: leave out pages that are only partly in the range.
    /// - Returns: whether it listened, or there was nothing to tell.
    @discardableResult
    func advise(offset: Int, count: Int, advice: CInt, wholePagesOnly: Bool) -> Bool {
        guard case .mapping = kind, count > 0, let base = buffer.baseAddress else { return true }
        let page = Int(sysconf(CInt(_SC_PAGESIZE)))
        let end = offset + count
        // The mapping's last page belongs to nobody else, however little of it the file fills.
        let reachesEnd = end == buffer.count
        let first = (wholePagesOnly ? offset + page - 1 : offset) / page * page
        let last = (wholePagesOnly && !reachesEnd ? end : end + page - 1) / page * page
        guard last > first else { return true }
        return madvise(UnsafeMutableRawPointer(mutating: base + first), last - first, advice) == 0
    }
}
