import API
import ArgumentParser
import CoordinatorCore
import Foundation
import Terminal
import Wire

struct TopCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Shows the cluster live, on the whole terminal: devices, their work, speeds, what happens.",
        discussion: """
            Drawn once a second; q or Ctrl-C ends. Without colours where NO_COLOR is set. For programs: shoal status --json.
            Example: shoal top --server http://lap:8080
            """)

    @OptionGroup var server: ServerOptions

    /// What the screen is drawn of.
    private enum Input: Sendable {
        case screen(FullScreen.Event)
        case look(ClusterBody, at: ContinuousClock.Instant)
        case events([HistoryEvent])
        /// The coordinator does not answer, and why.
        case silence(String)
    }

    private static let period = Duration.seconds(1)
    private static let mostEvents = 200

    func run() async throws {
        let http = try HTTP(server)
        // What cannot be shown at all is said as other commands do.
        let first = try await Self.look(http)
        let screen = try FullScreen()
        let (inputs, continuation) = AsyncStream.makeStream(of: Input.self)
        continuation.yield(.look(first, at: .now))
        let relay = Task { for await event in screen.events { continuation.yield(.screen(event)) } }
        let looking = Task { await Self.look(http, until: continuation) }
        defer {
            relay.cancel()
            looking.cancel()
            screen.close()
        }
        if let signal = await show(inputs, on: screen) {
            screen.close()
            Foundation.signal(signal, SIG_DFL)
            // Threads of tasks have signals blocked.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, signal)
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            raise(signal)
        }
    }

    /// Draws until it is to end.
    ///
    /// - Returns: the signal that ended it, where that is one that is to be passed on.
    private func show(_ inputs: AsyncStream<Input>, on screen: FullScreen) async -> Int32? {
        let environment = ProcessInfo.processInfo.environment
        let usesColors = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        var looks: (before: ClusterBody?, now: ClusterBody, at: ContinuousClock.Instant, seconds: Double)?
        var events: [HistoryEvent] = []
        var silence: String?
        for await input in inputs {
            switch input {
            case .screen(.key(let key)):
                guard [UInt8(ascii: "q"), UInt8(ascii: "Q"), 3, 4].contains(key) else { continue }
                return nil
            case .screen(.ended(let signal)): return signal == SIGINT ? nil : signal
            case .screen(.resized): break
            case .look(let body, let at):
                looks = (looks?.now, body, at, looks.map { (at - $0.at) / .seconds(1) } ?? 0)
                silence = nil
            case .events(let new):
                events = (events + new).suffix(Self.mostEvents)
                continue
            case .silence(let reason): silence = reason
            }
            guard let looks else { continue }
            var facts = TopFacts(
                before: looks.before, now: looks.now, seconds: looks.seconds, events: events,
                time: Date().timeIntervalSince1970)
            if let silence {
                let seconds = HistoryEvent.duration((ContinuousClock.now - looks.at) / .seconds(1))
                facts.notes = ["as it was \(seconds) ago: \(silence)"]
                (facts.status, facts.state) = ("no answer", .bad)
            }
            let size = screen.size
            screen.draw(
                TopScreen(facts, columns: size.columns, rows: size.rows, usesColors: usesColors).lines)
        }
        return nil
    }

    /// Looks once a second, until cancelled.
    private static func look(_ http: HTTP, until continuation: AsyncStream<Input>.Continuation) async {
        var last: UInt64 = 0
        while !Task.isCancelled {
            do {
                let events = try JSONDecoder().decode(
                    EventsBody.self, from: try await http.get("/api/events?after=\(last)"))
                // A record that begins anew has lower numbers.
                last = events.last
                continuation.yield(.events(events.events))
                continuation.yield(.look(try await look(http), at: .now))
            } catch {
                continuation.yield(.silence("\(error)".printable(onOneLine: true)))
            }
            try? await Task.sleep(for: period)
        }
    }

    private static func look(_ http: HTTP) async throws -> ClusterBody {
        try JSONDecoder().decode(ClusterBody.self, from: try await http.get("/api/cluster"))
    }
}
