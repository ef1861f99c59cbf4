/// Lines of a terminal that are written again in their place, whatever its size is by then.
package struct RedrawnLines: Sendable {
    /// Widths of the lines that stand there.
    private var drawn: [Int] = []

    package init() {}

    /// Whether the next lines take the place of others.
    package var isDrawn: Bool { !drawn.isEmpty }

    /// The lines in place of those before.
    ///
    /// - Parameters:
    ///   - lines: none is wider than the terminal.
    ///   - size: of the terminal as it is now. A narrower one has broken the lines of before.
    /// - Returns: what is to be written. Of more lines than the terminal has, the last are shown.
    package mutating func draw(_ lines: [String], in size: TerminalWindow.Size) -> String {
        let shown = lines.suffix(max(1, size.rows - 1))
        let columns = max(1, size.columns)
        let before = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
        var text = before > 0 ? "\r\u{1b}[\(min(before, max(1, size.rows - 1)))A" : "\r"
        for line in shown { text += "\(line)\u{1b}[K\n" }
        drawn = shown.map(\.displayWidth)
        return text + "\u{1b}[J"
    }

    /// What comes next stands below them.
    package mutating func leave() { drawn = [] }
}
