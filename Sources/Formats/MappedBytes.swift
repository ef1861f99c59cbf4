import CMappings

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A range of a mapped file (or of a copy in memory) that keeps what it lies in alive. Copying it copies no bytes.
///
/// Thread safety: immutable, may be read from any thread.
package struct MappedBytes: Sendable {
    /// Where the range begins, in bytes from the start of the file.
    package let offset: Int
    /// The length of the range in bytes.
    package let count: Int
    private let storage: ByteStorage

    init(storage: ByteStorage, offset: Int, count: Int) {
        self.storage = storage
        self.offset = offset
        self.count = count
    }

    /// A copy of `bytes` in memory, aligned to 64 bytes; for data that is in no file.
    package init(copying bytes: [UInt8]) {
        self.init(storage: ByteStorage(copying: bytes), offset: 0, count: bytes.count)
    }

    /// The `count` bytes from `offset` (relative to this range), or nil when they are not all inside.
    package func slice(offset: Int, count: Int) -> MappedBytes? {
        guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else { return nil }
        return MappedBytes(storage: storage, offset: self.offset + offset, count: count)
    }

    /// Calls `body` with the bytes, which must not be used after it returns.
    ///
    /// - Throws: what `body` throws.
    package func withUnsafeBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        let range = UnsafeRawBufferPointer(rebasing: storage.buffer[offset..<offset + count])
        defer { withExtendedLifetime(storage) {} }
        return try body(range)
    }

    /// Whether a part of the file was gone when something read it. Takes no system call.
    package var isDamaged: Bool { storage.isDamaged }

    /// To be called after the bytes were read, before anything comes of them.
    ///
    /// - Throws: `FileError` (damaged) when the file was made shorter or written to since it was mapped.
    package func check() throws(FileError) {
        guard isDamaged || storage.isChanged else { return }
        throw FileError(
            code: .damaged, path: storage.path,
            message:
                "was made shorter or changed while it was in use: leave the files of models and stores alone, and copy it here again"
        )
    }

    /// Whether both lie in the same mapping.
    package func sharesMapping(with other: MappedBytes) -> Bool { storage === other.storage }

    /// How often anything that is mapped was found to be gone when it was read. As long as it stays the same, none of what was whole
    /// is damaged.
    package static var damages: UInt64 { shoal_mapping_damages() }

    /// Lets the kernel drop the pages that lie wholly in this range; they are read from the file again when needed.
    ///
    /// Does nothing for a copy in memory.
    package func discardResidentPages() {
        storage.advise(offset: offset, count: count, advice: CInt(MADV_DONTNEED), wholePagesOnly: true)
    }

    /// As `discardResidentPages`, with the pages around it that came with the first touch of one: Linux maps up to 64 KiB then
    /// (`fault_around_bytes`). For small ranges that are read once.
    package func discardResidentNeighbourhood() {
        let around = 65536
        let first = offset / around * around
        let last = min((offset + count + around - 1) / around * around, storage.buffer.count)
        storage.advise(offset: first, count: last - first, advice: CInt(MADV_DONTNEED), wholePagesOnly: true)
    }

    /// Asks the kernel to read this range ahead. Does nothing for a copy in memory.
    package func adviseWillNeed() {
        storage.advise(offset: offset, count: count, advice: CInt(MADV_WILLNEED), wholePagesOnly: false)
    }

    /// Tells the kernel that this range is read here and there: what is touched is read from the file without what lies around it. Does
    /// nothing for a copy in memory.
    package func adviseRandom() {
        storage.advise(offset: offset, count: count, advice: CInt(MADV_RANDOM), wholePagesOnly: true)
    }

    /// Has the kernel begin to read this range from the file, as far as it is not in memory, and does not wait for it. Does nothing for a copy
    /// in memory.
    package func readAhead() {
        // The kernel cuts a longer range off at what the disk's queue takes (`force_page_cache_ra` in Linux); 128 KiB is the least of defaults.
        let piece = 128 << 10
        for start in stride(from: 0, to: count, by: piece) {
            storage.advise(
                offset: offset + start, count: min(piece, count - start), advice: CInt(MADV_WILLNEED),
                wholePagesOnly: false)
        }
    }

    /// Asks for large pages, before the range is first touched: a file that is not in memory yet is then read into such, on file systems
    /// that can. Does nothing for a copy in memory.
    package func adviseLargePages() {
        #if os(Linux)
        storage.advise(offset: offset, count: count, advice: CInt(MADV_HUGEPAGE), wholePagesOnly: false)
        #endif
    }

    /// Reads this range in and maps its pages, so that the first use waits for none; returns when that is done, or where the system
    /// cannot do so only asks for it. Does nothing for a copy in memory.
    package func populate() {
        #if os(Linux)
        // MADV_POPULATE_READ (Linux 5.14, <asm-generic/mman-common.h>); older kernels refuse it. Asking to read ahead before would fill
        // small pages.
        if storage.advise(offset: offset, count: count, advice: 22, wholePagesOnly: false) { return }
        #endif
        adviseWillNeed()
    }
}

extension MappedBytes: Hashable {
    /// Whether both ranges hold the same bytes, wherever they lie.
    package static func == (left: MappedBytes, right: MappedBytes) -> Bool {
        guard left.count == right.count else { return false }
        return left.withUnsafeBytes { leftBytes in
            right.withUnsafeBytes { rightBytes in
                guard let first = leftBytes.baseAddress, let second = rightBytes.baseAddress else { return true }
                return memcmp(first, second, leftBytes.count) == 0
            }
        }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
