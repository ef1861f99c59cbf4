import Wire

/// Names with texts beside them, for people. Long texts go on below; very long ones, which files can hold, are cut.
struct FactList: CustomStringConvertible {
    private let width: Int
    private var facts: [(name: String, text: String)] = []
    /// Characters of a text that are shown.
    private static let limit = 2000

    /// - Parameter width: columns of all of it.
    init(width: Int) { self.width = width }

    /// Adds a fact; nil is none. A fact without a name belongs to the one before it.
    mutating func add(_ name: String, _ text: String?) {
        guard let text else { return }
        let shown = text.count > Self.limit ? "\(text.prefix(Self.limit))…" : text
        facts.append((name, shown.printable(onOneLine: true)))
    }

    var description: String {
        let indent = (facts.map(\.name.count).max() ?? 0) + 2
        return facts.flatMap { name, text in
            Self.lines(of: text, width: max(20, width - indent)).enumerated().map { index, line in
                let label = index == 0 ? name : ""
                return label + String(repeating: " ", count: indent - label.count) + line
            }
        }.joined(separator: "\n")
    }

    /// Breaks a text at spaces; a word that is longer than a line, such as a path, stays whole.
    private static func lines(of text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.isEmpty ? [""] : lines
    }
}
