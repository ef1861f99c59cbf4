import Formats
import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How fast the disk of a folder is read, past what the system keeps of it in memory.
///
/// A file of random bytes is written there, brought to the disk, read and removed. Blocks the calling thread.
struct DiskSpeed {
    let folder: String
    let plan: DeviceMeasurementPlan

    /// Bytes that are written or read at a time.
    private static let piece = 4 << 20

    /// - Returns: bytes per second; 0 where it cannot be measured.
    func measure(goOn: () -> Bool) -> Double {
        guard (try? Folder.make(folder)) != nil else { return 0 }
        let path = "\(folder)/measuring.\(getpid()).draft"
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0, let buffer = try? AlignedBuffer(byteCount: Self.piece) else { return 0 }
        unlink(path)
        defer { close(file) }
        // Straight to the disk where the file system can, else through the page cache and out of it again.
        let isDirect = Self.bypassCache(file)
        guard let bytes = write(file, buffer, goOn), bytes > 0 else { return 0 }
        if !isDirect { Self.dropCache(file) }
        return read(file, buffer, bytes: bytes, goOn)
    }

    private func write(_ file: CInt, _ buffer: AlignedBuffer, _ goOn: () -> Bool) -> Int? {
        var random = SystemRandomNumberGenerator()
        let words = buffer.bytes.bindMemory(to: UInt64.self)
        // Random, as weights nearly are: file systems and disks that compress would be too fast with anything else.
        for index in words.indices { words[index] = random.next() }
        let end = ContinuousClock.now + .seconds(plan.diskWritingSeconds)
        var written = 0
        repeat {
            // Each piece differs from the one before, for disks that keep equal ones once.
            words[written / Self.piece] &+= 1
            guard pwrite(file, buffer.base, Self.piece, off_t(written)) == Self.piece, fsync(file) == 0 else {
                return written > 0 ? written : nil
            }
            written += Self.piece
        } while written < plan.diskBytes && ContinuousClock.now < end && goOn()
        return written
    }

    private func read(_ file: CInt, _ buffer: AlignedBuffer, bytes: Int, _ goOn: () -> Bool) -> Double {
        let began = ContinuousClock.now
        let end = began + .seconds(plan.diskReadingSeconds)
        var done = 0
        while done < bytes, done == 0 || (ContinuousClock.now < end && goOn()) {
            guard pread(file, buffer.base, Self.piece, off_t(done)) == Self.piece else { return 0 }
            done += Self.piece
        }
        return Double(done) / ((.now - began) / .seconds(1))
    }

    private static func bypassCache(_ file: CInt) -> Bool {
        #if canImport(Darwin)
        return fcntl(file, F_NOCACHE, 1) != -1
        #else
        let flags = fcntl(file, F_GETFL)
        return flags != -1 && fcntl(file, F_SETFL, flags | direct) != -1
        #endif
    }

    #if !canImport(Darwin)
    #if arch(arm64) || arch(arm)
    /// O_DIRECT, which Swift's modules of the C libraries leave out: <asm/fcntl.h> of Arm.
    private static let direct: CInt = 0o200000
    #else
    /// O_DIRECT, which Swift's modules of the C libraries leave out: <asm-generic/fcntl.h>.
    private static let direct: CInt = 0o40000
    #endif
    #endif

    private static func dropCache(_ file: CInt) {
        #if !canImport(Darwin)
        _ = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
        #endif
    }
}
