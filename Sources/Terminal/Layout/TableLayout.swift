/// Rows of text in columns, for people.
///
/// Where it does not fit, titles and texts are broken at spaces first, then columns that can be spared are left out, then long names lose
/// their middle, and at last each row becomes a block of lines `name: value`. Numbers stay whole. Columns without any text are left out.
package struct TableLayout: Sendable {
    package enum Alignment: Sendable { case left, right }

    package struct Column: Sendable {
        package var title: String
        package var alignment: Alignment

        package init(_ title: String, _ alignment: Alignment) {
            self.title = title
            self.alignment = alignment
        }
    }

    private let columns: [Column]
    /// Indices of columns that can be spared, the first to go first.
    private let spare: [Int]
    private var rows: [[String]] = []
    private static let gap = "  "

    /// - Parameter spare: titles of columns that may be left out, the least needed first.
    package init(_ columns: [Column], spare: [String] = []) {
        self.columns = columns
        self.spare = spare.compactMap { title in columns.firstIndex { $0.title == title } }
    }

    /// - Precondition: a cell per column.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "\(cells.count) cells for \(columns.count) columns")
        rows.append(cells)
    }

    /// - Parameter width: columns of the terminal; nil is as wide as it needs, as in a file.
    package func text(width: Int?) -> String {
        let all = columns.indices.filter { column in rows.isEmpty || rows.contains { !$0[column].isEmpty } }
        guard let width else { return lines(all, widths: naturalWidths(all)).joined(separator: "\n") }
        for count in 0...spare.count {
            let left = all.filter { !spare.prefix(count).contains($0) }
            if let widths = widths(left, width: width) { return lines(left, widths: widths).joined(separator: "\n") }
        }
        let left = all.filter { !spare.contains($0) }
        if let widths = widths(left, width: width, cutsNames: true) {
            return lines(left, widths: widths).joined(separator: "\n")
        }
        return blocks(width: width)
    }

    // MARK: Widths

    private func naturalWidths(_ shown: [Int]) -> [Int] {
        shown.map { column in
            rows.reduce(columns[column].title.displayWidth) { max($0, $1[column].displayWidth) }
        }
    }

    /// The widths with which it fits; nil where there are none.
    private func widths(_ shown: [Int], width: Int, cutsNames: Bool = false) -> [Int]? {
        let room = width - Self.gap.count * max(0, shown.count - 1)
        var widths = naturalWidths(shown)
        guard widths.reduce(0, +) > room else { return widths }
        breakTitles(of: shown, &widths, room: room)
        guard widths.reduce(0, +) > room else { return widths }
        // Then texts: the widest gives way until it is as narrow as its longest word, and no narrower than can be read.
        let least = shown.enumerated().map { index, column in
            columns[column].alignment == .right
                ? widths[index] : leastWidth(column, natural: widths[index], cutsNames: cutsNames)
        }
        guard least.reduce(0, +) <= room else { return nil }
        while widths.reduce(0, +) > room {
            let candidates = widths.indices.filter { widths[$0] > least[$0] }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return nil }
            widths[widest] -= 1
        }
        return widths
    }

    /// Breaks titles that are wider than what stands below them, one line more of the one that gains most, until there is room.
    private func breakTitles(of shown: [Int], _ widths: inout [Int], room: Int) {
        let cells = shown.map { column in rows.reduce(0) { max($0, $1[column].displayWidth) } }
        while widths.reduce(0, +) > room {
            let broken = widths.enumerated().map { index, width in
                let lines = WordWrap.lines(of: columns[shown[index]].title, columns: width - 1)
                return min(width, max(cells[index], lines.map(\.displayWidth).max() ?? 0))
            }
            let gains = zip(widths, broken).map { $0 - $1 }
            guard let most = gains.indices.max(by: { gains[$0] < gains[$1] }), gains[most] > 0 else { return }
            widths[most] = broken[most]
        }
    }

    private static let readable = 16

    private func leastWidth(_ column: Int, natural: Int, cutsNames: Bool) -> Int {
        if cutsNames { return min(natural, Self.readable) }
        let words = (rows.map { $0[column] } + [columns[column].title]).flatMap { WordWrap.words(of: $0) }
        return min(natural, max(Self.readable, words.map(\.displayWidth).max() ?? 0))
    }

    // MARK: Lines

    private func lines(_ shown: [Int], widths: [Int]) -> [String] {
        let titles = row(columns.map(\.title), shown, widths, isHead: true)
        return titles + rows.flatMap { row($0, shown, widths, isHead: false) }
    }

    /// The lines of a row; titles end on the last of them.
    private func row(_ cells: [String], _ shown: [Int], _ widths: [Int], isHead: Bool) -> [String] {
        let broken = zip(shown, widths).map { column, width in WordWrap.fitted(cells[column], columns: width) }
        let height = broken.map(\.count).max() ?? 1
        return (0..<height).map { line in
            var text = ""
            for (index, column) in shown.enumerated() {
                let skipped = isHead ? height - broken[index].count : 0
                let at = line - skipped
                let cell = broken[index].indices.contains(at) ? broken[index][at] : ""
                let padding = String(repeating: " ", count: max(0, widths[index] - cell.displayWidth))
                if index > 0 { text += Self.gap }
                text += columns[column].alignment == .right ? padding + cell : cell + padding
            }
            while text.last == " " { text.removeLast() }
            return text
        }
    }

    /// Each row as lines of a name and a value.
    private func blocks(width: Int) -> String {
        let indent = (columns.map(\.title.displayWidth).max() ?? 0) + 2
        return rows.map { row in
            zip(columns, row).flatMap { column, cell -> [String] in
                guard !cell.isEmpty else { return [] }
                let lines = WordWrap.lines(of: cell, columns: max(Self.readable, width - indent))
                return lines.enumerated().map { index, line in
                    let name = index > 0 || column.title.isEmpty ? "" : "\(column.title):"
                    return name + String(repeating: " ", count: indent - name.displayWidth) + line
                }
            }.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }
}

extension WordWrap {
    /// The lines of a text; one that fits stays as it is, with all its spaces, and a word that does not loses its middle.
    static func fitted(_ text: String, columns: Int) -> [String] {
        text.displayWidth <= columns ? [text] : lines(of: text, columns: columns).map { $0.shortened(to: columns) }
    }
}
