import CoordinatorCore
import Foundation
import Placement
import Synchronization
import Terminal
import Wire

/// Shows on standard error how a model is made ready: bars that redraw on a terminal, lines elsewhere (with `verbose`).
///
/// Safe from any thread.
final class StartupDisplay: Sendable {
    private let verbose: Bool
    private let bars = Mutex<Bars>(Bars())
    private let presence = Mutex<[String: Presence]>([:])

    private struct Bars {
        var lines = RedrawnLines()
        /// What was written to the terminal when the bars were drawn: they stand at its end as long as nothing else was.
        var written = 0
        var order: [String] = []
        var works: [String: Work] = [:]
    }

    private struct Work {
        var line: ProgressLine
        var started: ContinuousClock.Instant
        /// Quarters that a line was written for.
        var written = 0
        /// When the last one was, in seconds since the work began.
        var writtenAt = 0.0

        /// Whether a line is due: what is done in a moment is told once.
        var isDue: Bool {
            line.quarters > written && (line.done >= line.total || line.seconds - writtenAt >= 1)
        }
    }

    /// Whether a device that was met is still there.
    private enum Presence { case here, away }

    /// - Parameter verbose: tells of each stage also where standard error is no terminal.
    init(verbose: Bool) { self.verbose = verbose }

    func show(_ progress: StartupProgress) {
        switch progress {
        case .connecting(let device) where verbose && device != ClusterSession.ownDevice: connecting(to: device)
        case .connected(let device, _) where verbose && device != ClusterSession.ownDevice: connected(to: device)
        case .measuring(let device) where verbose: line("measuring \(device): three seconds, once")
        case .measuringLinks(let count) where verbose: line("measuring \(count) link\(count == 1 ? "" : "s")")
        case .identifying(let shards) where verbose:
            line("reading and hashing \(shards) shard\(shards == 1 ? "" : "s")")
        case .sending(let device, let bytes, let total):
            work("sending to \(device)", bytes, total, tellsFirst: true)
        case .brought(let sent, let passedOn) where verbose:
            line(
                "sent \(ByteCount(sent))"
                    + (passedOn > 0 ? ", devices gave each other \(ByteCount(passedOn))" : ""))
        case .repairing(let device, let reason): line("\(device): \(reason)")
        case .loading(let device, let done, let total): work("loading on \(device)", done, total)
        case .ready(let seconds):
            end()
            if verbose { line("ready in \(String(format: "%.1f", seconds)) s") }
        case .lost(let reason): line("answers wait: \(reason)")
        case .note(let text): line(text)
        case .waiting(let reason): line("no placement yet, trying again: \(reason)")
        default: break
        }
    }

    /// What comes next is no more of the work shown so far.
    func end() {
        bars.withLock { $0 = Bars() }
    }

    // MARK: Who is there

    /// One that was here before is tried again and again; it is told once.
    private func connecting(to device: String) {
        let text = presence.withLock { presence in
            switch presence[device] {
            case nil: return "connecting to \(device)" as String?
            case .here:
                presence[device] = .away
                return "\(device) is away, and is tried until it answers"
            case .away: return nil
            }
        }
        if let text { line(text) }
    }

    private func connected(to device: String) {
        let before = presence.withLock { $0.updateValue(.here, forKey: device) }
        if before == .away { line("\(device) is back") }
    }

    // MARK: Lines and bars

    private func line(_ text: String) {
        end()
        Console.error(text)
    }

    private func work(_ label: String, _ done: Int, _ total: Int, tellsFirst: Bool = false) {
        guard total > 0, Console.errorIsTerminal || verbose else { return }
        let label = label.printable(onOneLine: true)
        bars.withLock { bars in
            let now = ContinuousClock.now
            if bars.works[label] == nil { bars.order.append(label) }
            let new = ProgressLine(
                label: label, done: done, total: total, first: done, seconds: 0, tellsFirst: tellsFirst)
            var work = bars.works[label] ?? Work(line: new, started: now)
            // What is there from the start is nothing to tell of.
            if bars.works[label] == nil { work.written = work.line.quarters }
            work.line.done = done
            work.line.total = total
            work.line.seconds = (now - work.started) / .seconds(1)
            if !Console.errorIsTerminal, work.isDue {
                (work.written, work.writtenAt) = (work.line.quarters, work.line.seconds)
                Console.error(work.line.plain)
            }
            bars.works[label] = work
            if let size = TerminalWindow.size(of: STDERR_FILENO) { Self.draw(&bars, in: size) }
        }
    }

    private static func draw(_ bars: inout Bars, in size: TerminalWindow.Size) {
        // Something else stands below them: they go on there.
        if bars.lines.isDrawn, bars.written != Console.writtenCount { bars.lines.leave() }
        // Those that are done first, so that of more than the window holds the others are seen.
        let works = bars.order.compactMap { bars.works[$0] }
        let sorted = works.filter { $0.line.done >= $0.line.total } + works.filter { $0.line.done < $0.line.total }
        let shown = works.count < size.rows ? works : sorted
        let lines = ProgressLayout.lines(shown.map(\.line.layout), width: size.columns)
        Console.errorUnescaped(bars.lines.draw(lines, in: size))
        bars.written = Console.writtenCount
    }
}
