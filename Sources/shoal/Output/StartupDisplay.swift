import CoordinatorCore
import Foundation
import Placement
import Synchronization

/// Shows on standard error how a model is made ready: bars that redraw on a terminal, lines elsewhere (with `verbose`).
///
/// Safe from any thread.
final class StartupDisplay: Sendable {
    private let verbose: Bool
    private let bars = Mutex<Bars>(Bars())

    private struct Bars {
        var drawn = 0
        var order: [String] = []
        var values: [String: (done: Int, total: Int, started: ContinuousClock.Instant, first: Int)] = [:]
    }

    /// - Parameter verbose: tells of each stage also where standard error is no terminal.
    init(verbose: Bool) { self.verbose = verbose }

    func show(_ progress: StartupProgress) {
        switch progress {
        case .connecting(let device) where verbose && device != ClusterSession.ownDevice:
            line("connecting to \(device)")
        case .measuring(let device) where verbose: line("measuring \(device): five seconds, once")
        case .measuringLinks(let count) where verbose: line("measuring \(count) link\(count == 1 ? "" : "s")")
        case .identifying(let shards) where verbose: line("reading and hashing \(shards) shards")
        case .sending(let device, let bytes, let total): bar("sending to \(device)", bytes, total)
        case .loading(let device, let done, let total): bar("loading on \(device)", done, total)
        case .placed where verbose: break
        case .ready(let seconds):
            finishBars()
            if verbose { line("ready in \(String(format: "%.1f", seconds)) s") }
        case .lost(let reason): line("answers halted: \(reason)")
        case .waiting(let reason): line("no placement yet, trying again: \(reason)")
        default: break
        }
    }

    private func line(_ text: String) {
        finishBars()
        Console.error(text)
    }

    private func finishBars() {
        bars.withLock { $0 = Bars() }
    }

    private func bar(_ label: String, _ done: Int, _ total: Int) {
        guard Console.errorIsTerminal, total > 0 else { return }
        bars.withLock { bars in
            let now = ContinuousClock.now
            if bars.values[label] == nil { bars.order.append(label) }
            let known = bars.values[label]
            bars.values[label] = (done, total, known?.started ?? now, known?.first ?? done)
            var text = bars.drawn > 0 ? "\u{1b}[\(bars.drawn)A" : ""
            let width = bars.order.map(\.count).max() ?? 0
            for label in bars.order {
                let (done, total, started, first) = bars.values[label]!
                text +=
                    "\u{1b}[2K\r" + Self.line(label, width, done, total, first, (now - started) / .seconds(1)) + "\n"
            }
            bars.drawn = bars.order.count
            FileHandle.standardError.write(Data(text.utf8))
        }
    }

    private static func line(_ label: String, _ width: Int, _ done: Int, _ total: Int, _ first: Int, _ seconds: Double)
        -> String
    {
        let cells = 24
        let filled = min(cells, done * cells / max(1, total))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
        let rate = seconds > 0.2 ? Double(done - first) / seconds : 0
        var text = label.padding(toLength: width, withPad: " ", startingAt: 0)
        text += "  \(bar)  \(ByteCount(done)) of \(ByteCount(total))"
        if rate > 0 && done < total {
            text += "  \(ByteCount(Int(rate)))/s, \(Int((Double(total - done) / rate).rounded(.up))) s left"
        }
        return text
    }
}
