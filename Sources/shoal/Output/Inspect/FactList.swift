import Terminal
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
        let indent = (facts.map(\.name.displayWidth).max() ?? 0) + 2
        return facts.flatMap { name, text in
            WordWrap.lines(of: text, columns: max(20, width - indent)).enumerated().map { index, line in
                let label = index == 0 ? name : ""
                return label + String(repeating: " ", count: indent - label.displayWidth) + line
            }
        }.joined(separator: "\n")
    }
}
