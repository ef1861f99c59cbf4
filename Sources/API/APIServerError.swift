import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why the API cannot listen.
package struct APIServerError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case portInUse, notAllowed, addressUnavailable, certificate, other
    }

    package let code: Code
    /// The cause and the mend.
    package let description: String

    init(code: Code, description: String) {
        self.code = code
        self.description = description
    }

    /// What an error of opening a port means; nil for errors of another kind.
    init?(_ error: any Error, host: String, port: Int) {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE:
            code = .portInUse
            description =
                "port \(port) on \(host) is in use by another program; choose another with --listen \(host):PORT, or stop that program"
        case EACCES, EPERM:
            code = .notAllowed
            description =
                "this user may not listen on \(host):\(port); choose a port above 1023 with --listen \(host):PORT"
        case EADDRNOTAVAIL:
            code = .addressUnavailable
            description =
                "\(host) is not an address of this machine; choose one with --listen HOST:PORT (127.0.0.1, or 0.0.0.0 for all)"
        case .some:
            code = .other
            description = "cannot listen on \(host):\(port): \(error)"
        case nil:
            guard error is SocketAddressError else { return nil }
            code = .addressUnavailable
            description =
                "cannot listen on \(host):\(port), the name is not known: \(error); choose an address of this machine with --listen HOST:PORT"
        }
    }
}
