import CoordinatorCore
import Foundation
import Placement
import Synchronization
import Wire

/// Shows on standard error how a model is made ready: bars that redraw on a terminal, lines elsewhere (with `verbose`).
///
/// Safe from any thread.
final class StartupDisplay: Sendable {
    private let verbose: Bool
    private let bars = Mutex<Bars>(Bars())

    private struct Bars {
        /// Lines on the terminal that the next drawing replaces.
        var drawn = 0
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

    /// - Parameter verbose: tells of each stage also where standard error is no terminal.
    init(verbose: Bool) { self.verbose = verbose }

    func show(_ progress: StartupProgress) {
        switch progress {
        case .connecting(let device) where verbose && device != ClusterSession.ownDevice:
            line("connecting to \(device)")
        case .measuring(let device) where verbose: line("measuring \(device): three seconds, once")
        case .measuringLinks(let count) where verbose: line("measuring \(count) link\(count == 1 ? "" : "s")")
        case .identifying(let shards) where verbose: line("reading and hashing \(shards) shards")
        case .sending(let device, let bytes, let total): work("sending to \(device)", bytes, total)
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

    private func line(_ text: String) {
        end()
        Console.error(text)
    }

    private func work(_ label: String, _ done: Int, _ total: Int) {
        guard total > 0, Console.errorIsTerminal || verbose else { return }
        let label = label.printable(onOneLine: true)
        bars.withLock { bars in
            let now = ContinuousClock.now
            if bars.works[label] == nil { bars.order.append(label) }
            var work =
                bars.works[label]
                ?? Work(
                    line: ProgressLine(label: label, done: done, total: total, first: done, seconds: 0), started: now)
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
            if Console.errorIsTerminal { Self.draw(&bars) }
        }
    }

    private static func draw(_ bars: inout Bars) {
        var text = bars.drawn > 0 ? "\u{1b}[\(bars.drawn)A" : ""
        let width = bars.order.map(\.count).max() ?? 0
        for label in bars.order { text += "\u{1b}[2K\r" + bars.works[label]!.line.bar(labelWidth: width) + "\n" }
        bars.drawn = bars.order.count
        Console.errorUnescaped(text)
    }
}
