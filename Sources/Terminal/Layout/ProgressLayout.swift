/// How far one long work is, on one line of a terminal, which it never exceeds: where there is less room the bar becomes shorter, then
/// the label loses its middle, then facts are left out.
package struct ProgressLayout: Sendable {
    package var label: String
    /// What is done of it, from 0 to 1.
    package var share: Double
    /// The more important ones first.
    package var facts: [String]

    private static let (mostCells, leastCells, shortLabel) = (24, 8, 20)

    package init(label: String, share: Double, facts: [String]) {
        self.label = label
        self.share = share.isFinite ? max(0, min(1, share)) : 0
        self.facts = facts
    }

    /// With a bar, for terminals.
    ///
    /// - Parameters:
    ///   - labelWidth: to which the label is padded, so that bars are below each other.
    ///   - width: columns of the terminal.
    package func line(labelWidth: Int, width: Int) -> String {
        for count in stride(from: facts.count, through: 0, by: -1) {
            let text = facts.prefix(count).joined(separator: ", ")
            let rest = width - (count > 0 ? text.displayWidth + 2 : 0)
            // Facts are worth more than the end of a label.
            let least = min(max(labelWidth, label.displayWidth), Self.shortLabel)
            guard rest >= least else { continue }
            let cells = min(Self.mostCells, rest - least - 2)
            let bar = cells >= Self.leastCells ? cells : 0
            let room = min(max(labelWidth, label.displayWidth), rest - (bar > 0 ? bar + 2 : 0))
            let parts = [padded(to: room), bar > 0 ? self.bar(cells: bar) : nil, count > 0 ? text : nil]
            return parts.compactMap(\.self).joined(separator: "  ")
        }
        return label.shortened(to: width)
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
