#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import NIOCore
import NIOPosix

extension TransportError {
    /// What NIO says of a failed connect, with cause and mend.
    init(connecting error: any Error, to endpoint: Endpoint, timeout: TimeAmount) {
        let seconds = Double(timeout.nanoseconds) / 1e9
        let silent = TransportError(
            .timeout,
            "\(endpoint): no answer within \(seconds) s; is the device on, in this network, and port \(endpoint.port) let through?"
        )
        switch error {
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.first {
                self.init(connecting: failure.error, to: endpoint, timeout: timeout)
            } else if error.dnsAError != nil || error.dnsAAAAError != nil {
                self.init(
                    .unresolvedName,
                    "\(endpoint): no address is known for \"\(endpoint.host)\"; check the spelling, or give its IP address"
                )
            } else {
                self = silent
            }
        case ChannelError.connectTimeout:
            self = silent
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            self.init(
                .connectionRefused,
                "\(endpoint): connection refused; is `shoal worker` running on \(endpoint.host), on port \(endpoint.port)?"
            )
        case let error as IOError where error.errnoCode == ETIMEDOUT:
            self = silent
        case let error as IOError:
            self.init(
                .unreachable, "\(endpoint): cannot connect: \(Self.text(error)); is the device in this network?")
        default:
            self.init(.unreachable, "\(endpoint): cannot connect: \(error)")
        }
    }

    /// What NIO says of a failed bind, with cause and mend.
    init(listening error: any Error, on endpoint: Endpoint) {
        guard let error = error as? IOError else {
            let cause = error is SocketAddressError ? "no address is known for \"\(endpoint.host)\"" : "\(error)"
            self.init(.cannotListen, "cannot listen on \(endpoint): \(cause); choose another with --listen HOST:PORT")
            return
        }
        switch error.errnoCode {
        case EADDRINUSE:
            self.init(
                .portInUse,
                """
                cannot listen on \(endpoint): port \(endpoint.port) is in use by another program; stop it, or choose another \
                port with --listen HOST:PORT
                """)
        case EACCES:
            self.init(
                .cannotListen,
                "cannot listen on \(endpoint): not permitted; ports below 1024 are for root, choose another with --listen"
            )
        case EADDRNOTAVAIL:
            self.init(
                .cannotListen,
                "cannot listen on \(endpoint): this machine has no such address; 0.0.0.0 stands for all of its own")
        default:
            self.init(.cannotListen, "cannot listen on \(endpoint): \(Self.text(error))")
        }
    }

    private static func text(_ error: IOError) -> String {
        guard let message = strerror(error.errnoCode) else { return "errno \(error.errnoCode)" }
        return String(cString: message)
    }
}

extension Endpoint {
    /// The endpoint of a socket's address; nil for one without a port.
    init?(_ address: SocketAddress) {
        guard let host = address.ipAddress, let port = address.port else { return nil }
        self.init(host: host, port: port)
    }
}
