#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Zeroed memory for scratch, packed weights and caches; the only place here that allocates it.
///
/// Buffers of 64 KiB and more are anonymous mappings: pages that are never touched cost nothing, and freeing gives the memory back
/// to the system at once.
///
/// Thread safety: the buffer itself is immutable; who writes to the memory it points to sees to exclusion.
package final class AlignedBuffer: @unchecked Sendable {
    /// The memory, aligned to 64 bytes.
    package let bytes: UnsafeMutableRawBufferPointer
    private let isMapped: Bool

    /// Allocates `byteCount` zeroed bytes (0 is allowed).
    ///
    /// - Throws: `TensorError.outOfMemory`.
    package init(byteCount: Int) throws(TensorError) {
        precondition(byteCount >= 0, "negative size \(byteCount)")
        isMapped = byteCount >= 65536
        if isMapped {
            let flags = MAP_PRIVATE | CInt(MAP_ANONYMOUS)
            guard let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
                throw .outOfMemory(bytes: byteCount)
            }
            #if os(Linux)
            if byteCount >= 4 << 20 { _ = madvise(base, byteCount, CInt(MADV_HUGEPAGE)) }
            #endif
            bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
        } else {
            bytes = .allocate(byteCount: max(byteCount, 64), alignment: 64)
            _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
        }
    }

    deinit {
        if isMapped { munmap(bytes.baseAddress, bytes.count) } else { bytes.deallocate() }
    }

    /// The address of the first byte.
    package var base: UnsafeMutableRawPointer { bytes.baseAddress! }

    /// The memory as floats.
    package var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }

    /// Allocates `count` zeroed floats.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    package convenience init(floats count: Int) throws(TensorError) {
        try self.init(byteCount: count * MemoryLayout<Float>.stride)
    }
}
