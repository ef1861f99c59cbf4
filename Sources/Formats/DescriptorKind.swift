#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What an open descriptor leads to.
package enum DescriptorKind: Sendable, Hashable {
    case file, pipe
    /// A terminal, another device, a socket; or it is not open.
    case other

    package init(of descriptor: CInt) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            self = .other
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFIFO: self = .pipe
        default: self = .other
        }
    }
}
