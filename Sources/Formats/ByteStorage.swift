import CMappings

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

    /// The file that is mapped, empty for a copy.
    let path: String
    /// What the file was when it was mapped.
    private let identity: FileIdentity?
    /// Its own state is atomic.
    private nonisolated(unsafe) let guarded: OpaquePointer?

    /// Takes over a mapping made by `mmap`.
    init(mapping: UnsafeRawBufferPointer, path: String, identity: FileIdentity) {
        kind = .mapping
        buffer = mapping
        self.path = path
        self.identity = identity
        guarded = shoal_mapping_guard(mapping.baseAddress, mapping.count)
    }

    /// Copies `bytes`, aligned as a mapped file's tensors would be.
    init(copying bytes: [UInt8]) {
        kind = .allocation
        path = ""
        identity = nil
        guarded = nil
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        copy.copyBytes(from: bytes)
        buffer = UnsafeRawBufferPointer(copy)
    }

    deinit {
        switch kind {
        case .mapping:
            shoal_mapping_release(guarded)
            if let base = buffer.baseAddress {
                munmap(UnsafeMutableRawPointer(mutating: base), buffer.count)
            }
        case .allocation:
            buffer.deallocate()
        }
    }

    /// Whether a page of it was gone when it was read.
    var isDamaged: Bool { shoal_mapping_is_damaged(guarded) }

    /// Whether the file was written to since it was mapped. One that was removed or replaced lives on in the mapping.
    var isChanged: Bool {
        guard let identity, let present = fileStatus(path)?.identity, present.inode == identity.inode else {
            return false
        }
        return present != identity
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
