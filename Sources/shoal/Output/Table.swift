import Wire

/// Rows of text in columns, for people.
struct Table: CustomStringConvertible {
    enum Alignment { case left, right }

    typealias Column = (title: String, alignment: Alignment)

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// - Precondition: a cell per column.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count)
        rows.append(cells.map { $0.printable(onOneLine: true) })
    }

    var description: String {
        let lines = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            var text = ""
            for (column, cell) in line.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                text +=
                    (column == 0 ? "" : "  ") + (columns[column].alignment == .right ? padding + cell : cell + padding)
            }
            while text.last == " " { text.removeLast() }
            return text
        }.joined(separator: "\n")
    }
}
