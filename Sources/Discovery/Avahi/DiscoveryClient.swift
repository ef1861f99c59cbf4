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
/// It speaks to the daemon by libavahi-client, on a thread of its own, which alone has the library's objects. Where no daemon runs, it
/// waits for one. Safe from any thread.
package final class DiscoveryClient: Sendable {
    /// How often the machine's interfaces are looked at, in milliseconds.
    private static let interval: Int32 = 5000
    /// How long until a bus or a daemon that was lost is looked for again.
    private static let shortestPause: Int32 = 500
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
        #if canImport(CAvahi)
        var session = AvahiSession(announcing: service, browsing: browsing)
        var pause = Self.shortestPause
        var told: String?
        repeat {
            let began = ContinuousClock.now
            do throws(AvahiError) {
                try serve(&session)
                told = nil
            } catch {
                if told != error.description { tell(.unavailable(error.description)) }
                told = error.description
            }
            for case .tell(let event) in session.ended() { tell(event) }
            let isLasting = ContinuousClock.now - began > .seconds(10)
            pause = isLasting ? Self.shortestPause : min(2 * pause, Self.longestPause)
        } while !ending.isEnded(within: pause)
        #else
        tell(.unavailable("on this system workers are not found by themselves: name them with --worker"))
        #endif
    }

    #if canImport(CAvahi)
    /// Serves one connection, until it is stopped or the daemon is gone.
    ///
    /// - Throws: `AvahiError` where there is no way to a daemon.
    private func serve(_ session: inout AvahiSession) throws(AvahiError) {
        let connection = try AvahiConnection(publishing: service, wokenBy: ending.descriptor)
        var looked: ContinuousClock.Instant?
        while !ending.isEnded(within: 0) {
            let events = try connection.wait(milliseconds: looked == nil ? 0 : Self.interval)
            // Before what was said of interfaces that may be new.
            let now = ContinuousClock.now
            if !events.isEmpty || looked.map({ now - $0 >= .milliseconds(Self.interval) }) ?? true {
                looked = now
                for action in session.look(at: NetworkInterface.all()) where !carryOut(action, connection) { return }
            }
            for event in events {
                for action in session.received(event) where !carryOut(action, connection) { return }
            }
        }
    }

    /// - Returns: false where the connection is to end.
    private func carryOut(_ action: AvahiAction, _ connection: AvahiConnection) -> Bool {
        switch action {
        case .browse: connection.browse()
        case .publish(let name, let interfaces, let attempt):
            connection.publish(as: name, on: interfaces, attempt: attempt)
        case .withdraw: connection.withdraw()
        case .resolve(let sighting): connection.resolve(sighting)
        case .release(let sighting): connection.release(sighting)
        case .reconnect: return false
        case .tell(let event): tell(event)
        }
        return true
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
