#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Lets one process of a machine measure at a time: several workers on one machine would else each find it as slow as if it were shared
/// all the time, and while one stream is decoded only one of them computes.
///
/// It is a lock on a file in the folder for temporary files; where that cannot be had, everyone measures when it likes.
struct MeasuringTurn: ~Copyable {
    private let file: CInt

    private static let path = "/tmp/shoal-measuring.lock"
    /// Whoever holds it longer is stopped or broken.
    private static let patience = Duration.seconds(60)

    /// Waits for the turn, blocking the calling thread, for as long as `goOn` says so.
    init(goOn: () -> Bool) {
        // For reading: the file may be another user's. No link is followed, since anyone may put one there.
        file = open(Self.path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
        guard file >= 0 else { return }
        let deadline = ContinuousClock.now + Self.patience
        while flock(file, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR, goOn(),
            ContinuousClock.now < deadline
        {
            usleep(20_000)
        }
    }

    deinit { if file >= 0 { close(file) } }
}
