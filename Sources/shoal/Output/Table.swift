import Foundation
import Terminal
import Wire

/// Rows of text in columns, for people: as wide as it needs in files and pipes, fitted to the window on a terminal.
struct Table: CustomStringConvertible {
    enum Alignment { case left, right }

    typealias Column = (title: String, alignment: Alignment)

    private var layout: TableLayout

    /// - Parameter spare: titles of columns that may be left out where they have no room, the least needed first.
    init(_ columns: [Column], spare: [String] = []) {
        layout = TableLayout(
            columns.map { TableLayout.Column($0.title, $0.alignment == .left ? .left : .right) }, spare: spare)
    }

    /// - Precondition: a cell per column.
    mutating func add(_ cells: [String]) { layout.add(cells.map { $0.printable(onOneLine: true) }) }

    /// Lines of text beside tables: broken between words on a terminal.
    static func beside(_ text: String) -> String {
        guard let columns = TerminalWindow.columns(of: STDOUT_FILENO) else { return text }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.flatMap { $0.displayWidth > columns ? WordWrap.lines(of: $0, columns: columns) : [String($0)] }
            .joined(separator: "\n")
    }

    var description: String { layout.text(width: TerminalWindow.columns(of: STDOUT_FILENO)) }
}
