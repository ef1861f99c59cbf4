/// The full screen of `shoal top`: facts in, lines out. Each line has exactly as many cells as the window, and there are as many lines as it
/// has, so that drawing over what was there needs no clearing. A pure value.
package struct TopScreen: Sendable {
    /// Below that there is no room for anything that helps.
    package static let leastColumns = 20
    package static let leastRows = 4

    private let facts: TopFacts
    private let columns: Int
    private let rows: Int
    private let usesColors: Bool

    package init(_ facts: TopFacts, columns: Int, rows: Int, usesColors: Bool) {
        self.facts = facts
        self.columns = max(columns, 1)
        self.rows = max(rows, 1)
        self.usesColors = usesColors
    }

    /// The window's lines, from above, without line breaks.
    package var lines: [String] {
        guard columns >= Self.leastColumns, rows >= Self.leastRows else {
            return filled(["too small".fitted(to: columns)])
        }
        let head = heading + [blank]
        let footer = [styled("q or Ctrl-C ends".fitted(to: columns), .faint)]
        let room = rows - head.count - footer.count
        let notes = facts.notes.prefix(max(0, min(2, room - 3))).map { styled($0.fitted(to: columns), .bad) }
        // Devices first, but a few lines for what happened.
        let table = deviceLines(room: room - notes.count - min(eventRoom, max(0, room / 3)))
        let events = eventLines(room: room - notes.count - table.count)
        return filled(head + notes + table + events, footer: footer)
    }

    // MARK: Parts

    private var blank: String { String(repeating: " ", count: columns) }

    /// Model and state, then as many facts as fit.
    private var heading: [String] {
        let state = facts.status.fitting(columns: max(0, columns / 2))
        let title = facts.title.fitted(to: columns - state.displayWidth - 1)
        let first = styled(title, .title) + " " + styled(state, style(of: facts.state))
        var line = ""
        for fact in facts.facts {
            let next = line.isEmpty ? fact : line + "   " + fact
            if next.displayWidth > columns { break }
            line = next
        }
        return [first, line.fitted(to: columns)]
    }

    /// What events would take at least, with their title.
    private var eventRoom: Int { facts.events.isEmpty ? 0 : 2 + min(facts.events.count, 6) }

    private func eventLines(room: Int) -> [String] {
        guard room >= 3, !facts.events.isEmpty else { return [] }
        let shown = facts.events.suffix(room - 2)
        let device = min(16, max(6, shown.map(\.device.displayWidth).max() ?? 0))
        let time = shown.map(\.time.displayWidth).max() ?? 0
        return [blank, styled("events".fitted(to: columns), .title)]
            + shown.map { event in
                let head = "\(event.time.fitted(to: time))  \(event.device.fitted(to: device))  "
                return styled((head + event.words).fitted(to: columns), event.isBad ? .bad : .plain)
            }
    }

    private func deviceLines(room: Int) -> [String] {
        guard room >= 2, !facts.devices.isEmpty else { return [] }
        let parts = Part.fitting(facts.devices, columns: columns)
        let header = styled(
            parts.map { $0.part.title.fitted(to: $0.width, right: $0.part.isRight) }
                .joined(separator: Part.gap).fitted(to: columns), .title)
        var lines = [header]
        for (index, device) in facts.devices.enumerated() {
            let line = parts.map { part, width in part.text(of: device, width: width) }.joined(separator: Part.gap)
            var group = [styled(line.fitted(to: columns), device.trouble.isEmpty ? .plain : .bad)]
            if !device.trouble.isEmpty { group.append(styled("  \(device.trouble)".fitted(to: columns), .bad)) }
            let left = facts.devices.count - index
            guard lines.count + group.count + (left > 1 ? 1 : 0) <= room else {
                return lines + [styled("… \(left) more, in a taller window".fitted(to: columns), .faint)]
            }
            lines += group
        }
        return lines
    }

    private func filled(_ lines: [String], footer: [String] = []) -> [String] {
        let body = lines.prefix(max(0, rows - footer.count))
        return body + Array(repeating: blank, count: max(0, rows - footer.count - body.count)) + footer
    }

    // MARK: Colours

    private enum Style { case plain, title, faint, good, waiting, bad }

    private func style(of state: TopFacts.State) -> Style {
        switch state {
        case .good: .good
        case .waiting: .waiting
        case .bad: .bad
        }
    }

    private func styled(_ text: String, _ style: Style) -> String {
        guard usesColors else { return text }
        let code: String? =
            switch style {
            case .plain: nil
            case .title: "1"
            case .faint: "2"
            case .good: "32"
            case .waiting: "33"
            case .bad: "31"
            }
        return code.map { "\u{1b}[\($0)m\(text)\u{1b}[0m" } ?? text
    }
}

/// A column of the table of devices.
private enum Part: CaseIterable {
    case name, holds, busy, memory, celsius, link

    static let gap = "  "
    private static let barCells = 10

    var title: String {
        switch self {
        case .name: "device"
        case .holds: "holds"
        case .busy: "busy"
        case .memory: "memory"
        case .celsius: "°C"
        case .link: "link"
        }
    }

    var isRight: Bool { self == .memory || self == .celsius }

    private func raw(_ device: TopFacts.Device) -> String {
        switch self {
        case .name: device.name
        case .holds: device.holds.isEmpty ? "–" : device.holds
        case .busy: Self.percent(device.busy)
        case .memory: device.memory
        case .celsius: device.celsius
        case .link: device.link
        }
    }

    func text(of device: TopFacts.Device, width: Int) -> String {
        guard self == .busy, width > Self.barCells, let busy = device.busy else {
            return raw(device).fitted(to: width, right: isRight)
        }
        let share = busy.isFinite ? max(0, min(1, busy)) : 0
        let filled = Int((share * Double(Self.barCells)).rounded())
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barCells - filled)
        return (bar + Self.percent(busy).fitted(to: 5, right: true)).fitted(to: width)
    }

    private static func percent(_ share: Double?) -> String {
        guard let share, share.isFinite else { return "–" }
        return "\(Int((max(0, min(1, share)) * 100).rounded()))%"
    }

    /// The columns that fit, with their widths: texts are cut first, then the bar goes, then the link and the degrees.
    static func fitting(_ devices: [TopFacts.Device], columns: Int) -> [(part: Part, width: Int)] {
        for (left, hasBar) in [
            (allCases, true), (allCases, false), ([.name, .holds, .busy, .memory, .celsius], false),
            ([.name, .holds, .busy, .memory], false), ([.name, .busy], false),
        ] {
            var widths = left.map { part in
                part == .busy && hasBar
                    ? barCells + 5 : devices.reduce(part.title.displayWidth) { max($0, part.raw($1).displayWidth) }
            }
            var excess = widths.reduce(0, +) + gap.count * (left.count - 1) - columns
            // Names and layers may lose some of their ends.
            for (index, least) in [(1, 12), (0, 10)] where excess > 0 && index < left.count && left[index] != .busy {
                let taken = min(excess, max(0, widths[index] - least))
                widths[index] -= taken
                excess -= taken
            }
            if excess <= 0 { return Array(zip(left, widths)) }
        }
        return [(.name, columns)]
    }
}
