import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Announces a worker by DNS-SD, or finds those that are announced, by the machine's avahi-daemon, for as long as it is not stopped.
///
/// It speaks to the daemon over the system's message bus, on a thread of its own. Where no daemon runs, it waits for one. Safe from any
/// thread.
package final class DiscoveryClient: Sendable {
    /// How often the machine's interfaces are looked at, in milliseconds.
    private static let interval: Int32 = 5000
    /// How long until a bus is looked for again.
    private static let longestPause: Int32 = 30_000

    private let service: AnnouncedService?
    private let browsing: InterfaceChoice?
    private let tell: @Sendable (DiscoveryEvent) -> Void
    private let queue = DispatchQueue(label: "shoal.discovery")
    private let ending: EndPipe

    /// Begins; events come on its thread, until `stop`.
    ///
    /// - Parameters:
    ///   - announcing: what is announced, if anything.
    ///   - browsing: over which interfaces workers are looked for; `nil` is not at all.
    ///   - tell: must return quickly.
    package init(
        announcing: AnnouncedService? = nil, browsing: InterfaceChoice? = nil,
        tell: @escaping @Sendable (DiscoveryEvent) -> Void
    ) {
        service = announcing
        self.browsing = browsing
        self.tell = tell
        ending = EndPipe()
        queue.async { [self] in run() }
    }

    /// Ends it: what was announced is taken back. Returns at once.
    package func stop() { ending.end() }

    private func run() {
        #if os(Linux)
        var pause: Int32 = 1000
        var told: String?
        while true {
            do throws(DBusError) {
                let began = ContinuousClock.now
                defer { if ContinuousClock.now - began > .seconds(10) { pause = 1000 } }
                told = nil
                guard try serve() else { return }
            } catch {
                if told != error.description { tell(.unavailable(error.description)) }
                told = error.description
            }
            if ending.isEnded(within: pause) { return }
            pause = min(2 * pause, Self.longestPause)
        }
        #else
        tell(.unavailable("on this system workers are not found by themselves: name them with --worker"))
        #endif
    }

    #if os(Linux)
    /// Serves one connection to the bus.
    ///
    /// - Returns: false where it was stopped.
    /// - Throws: `DBusError` when the connection is gone.
    private func serve() throws(DBusError) -> Bool {
        var socket = try DBusSocket.open()
        var session = AvahiSession(announcing: service, browsing: browsing)
        defer { for output in session.ended() { if case .tell(let event) = output { tell(event) } } }
        try carryOut(session.begin(), socket)
        while true {
            var waiting = [
                pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: ending.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&waiting, 2, Self.interval)
            if waiting[1].revents != 0 { return false }
            try carryOut(session.look(at: NetworkInterface.all()), socket)
            guard waiting[0].revents != 0 else { continue }
            for message in try socket.receive() { try carryOut(session.received(message), socket) }
        }
    }

    private func carryOut(_ outputs: [AvahiSession.Output], _ socket: borrowing DBusSocket) throws(DBusError) {
        for output in outputs {
            switch output {
            case .send(let message): try socket.send(message.bytes)
            case .tell(let event): tell(event)
            }
        }
    }
    #endif
}

/// Wakes a thread that waits in `poll`, once and for all.
private final class EndPipe: Sendable {
    let descriptor: Int32
    private let writer: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe: \(String(cString: strerror(errno)))")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (descriptor, writer) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writer)
    }

    func end() {
        var byte: UInt8 = 1
        _ = write(writer, &byte, 1)
    }

    /// Waits for the end.
    ///
    /// - Parameter milliseconds: at most.
    func isEnded(within milliseconds: Int32) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, milliseconds) > 0
    }
}
