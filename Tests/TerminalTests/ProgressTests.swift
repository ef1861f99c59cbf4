import Terminal
import Testing

@Suite("Progress on a terminal")
struct ProgressTests {
    private let progress = ProgressLayout(
        label: "sending to raspberry-pi-in-the-kitchen", share: 0.5,
        facts: ["1.2 GiB of 3.1 GiB", "2 min 3 s left", "12.0 MiB/s", "1.0 GiB already there"])

    private let other = ProgressLayout(label: "loading on lap", share: 1, facts: ["3.1 GiB of 3.1 GiB"])

    private func lines(_ width: Int) -> [String] { ProgressLayout.lines([progress, other], width: width) }

    @Test("No line is wider than the terminal", arguments: 1...160)
    func widths(_ width: Int) {
        for line in lines(width) { #expect(line.displayWidth <= width) }
    }

    @Test("With less room the bar is shorter, the label loses its middle, the bar goes, and facts from the last")
    func lessRoom() {
        let facts = "1.2 GiB of 3.1 GiB, 2 min 3 s left, 12.0 MiB/s, 1.0 GiB already there"
        let padding = String(repeating: " ", count: 24)
        #expect(
            lines(160) == [
                "sending to raspberry-pi-in-the-kitchen  ████████████░░░░░░░░░░░░  \(facts)",
                "loading on lap\(padding)  ████████████████████████  3.1 GiB of 3.1 GiB",
            ])
        #expect(lines(124)[0] == "sending to raspberry-pi-in-the-kitchen  ██████░░░░░░░  \(facts)")
        #expect(lines(110)[0] == "sending to ras…in-the-kitchen  ████░░░░  \(facts)")
        #expect(lines(100)[0] == "sending to ras…in-the-kitchen  \(facts)")
        #expect(lines(60)[0] == "sending to r…the-kitchen  1.2 GiB of 3.1 GiB, 2 min 3 s left")
        #expect(lines(20)[0] == "sending to…e-kitchen")
    }

    @Test("In a file there is no bar")
    func plain() {
        #expect(progress.plain.hasPrefix("sending to raspberry-pi-in-the-kitchen: 1.2 GiB of 3.1 GiB, 2 min"))
    }

    @Test("Lines are drawn again in their place")
    func redrawn() {
        var lines = RedrawnLines()
        let size = TerminalWindow.Size(columns: 20, rows: 10)
        #expect(lines.draw(["one", "two"], in: size) == "\rone\u{1b}[K\ntwo\u{1b}[K\n\u{1b}[J")
        #expect(lines.draw(["one", "two"], in: size).hasPrefix("\r\u{1b}[2A"))
        // A window that became narrower has broken each line in two.
        _ = lines.draw(["12345678901234567890", "x"], in: size)
        #expect(lines.draw(["a"], in: .init(columns: 10, rows: 10)).hasPrefix("\r\u{1b}[3A"))
        lines.leave()
        #expect(!lines.isDrawn)
        #expect(lines.draw(["a"], in: size) == "\ra\u{1b}[K\n\u{1b}[J")
    }

    @Test("Of more lines than the window has the last are drawn, and no more are drawn over than it has")
    func manyLines() {
        var lines = RedrawnLines()
        let size = TerminalWindow.Size(columns: 20, rows: 4)
        #expect(lines.draw((1...9).map { "\($0)" }, in: size) == "\r7\u{1b}[K\n8\u{1b}[K\n9\u{1b}[K\n\u{1b}[J")
        #expect(lines.draw(["a"], in: size).hasPrefix("\r\u{1b}[3A"))
    }
}
