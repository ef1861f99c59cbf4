/// How far one long work is, on one line of a terminal, which it never exceeds: where there is less room the bar becomes shorter, then
/// the label loses its middle, then the bar goes, then facts.
package struct ProgressLayout: Sendable {
    package var label: String
    /// What is done of it, from 0 to 1.
    package var share: Double
    /// The more important ones first.
    package var facts: [String]

    private static let (mostCells, leastCells, shortLabel) = (24, 8, 24)

    package init(label: String, share: Double, facts: [String]) {
        self.label = label
        self.share = share.isFinite ? max(0, min(1, share)) : 0
        self.facts = facts
    }

    /// Lines with bars, for terminals: labels, bars and facts are below each other.
    ///
    /// - Parameter width: columns of the terminal.
    package static func lines(_ works: [ProgressLayout], width: Int) -> [String] {
        let labels = works.map(\.label.displayWidth).max() ?? 0
        let most = works.map(\.facts.count).max() ?? 0
        for count in stride(from: most, through: 0, by: -1) {
            let facts = works.map { $0.facts.prefix(count).joined(separator: ", ") }
            let factsWidth = facts.map(\.displayWidth).max() ?? 0
            let rest = width - (factsWidth > 0 ? factsWidth + 2 : 0)
            // Facts are worth more than the middle of a label.
            let least = min(labels, shortLabel)
            guard rest >= least else { continue }
            let cells = min(mostCells, max(leastCells, rest - labels - 2))
            let bar = rest - least - 2 >= cells ? cells : 0
            let label = min(labels, rest - (bar > 0 ? bar + 2 : 0))
            return zip(works, facts).map { work, facts in
                let parts = [work.padded(to: label), bar > 0 ? work.bar(cells: bar) : "", facts]
                return parts.filter { !$0.isEmpty }.joined(separator: "  ")
            }
        }
        return works.map { $0.label.shortened(to: width) }
    }

    /// Without one, for files.
    package var plain: String { facts.isEmpty ? label : "\(label): \(facts.joined(separator: ", "))" }

    private func padded(to width: Int) -> String {
        let text = label.shortened(to: width)
        return text + String(repeating: " ", count: max(0, width - text.displayWidth))
    }

    private func bar(cells: Int) -> String {
        let filled = Int(share * Double(cells))
        return String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
    }
}
