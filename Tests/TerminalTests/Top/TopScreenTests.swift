import Terminal
import Testing

@Suite("The full screen of shoal top")
struct TopScreenTests {
    private static func device(_ index: Int) -> TopFacts.Device {
        let trouble = index == 3 ? "the link to it ended: nothing was heard for 5 s" : ""
        return TopFacts.Device(
            name: "kitchen-shelf-pi-\(index)", holds: "layers \(index * 10)-\(index * 10 + 9)",
            busy: 0.25 * Double(index), memory: "1.2 of 3.4 GiB", celsius: "61", link: "0.42 ms 94 MB/s",
            trouble: trouble)
    }

    private static func event(_ index: Int) -> TopFacts.Event {
        TopFacts.Event(
            time: "21:03:\(index + 10)", device: "pi\(index)", words: "is back after \(index) s",
            isBad: index % 2 == 0)
    }

    private static let facts = TopFacts(
        title: "llama-2-13b.Q4_0", status: "answers", state: .good,
        facts: ["12.3 tokens/s", "2 running, 1 waiting", "40 layers on 5 stages", "power 31.5 W"],
        devices: (1...4).map { device($0) }, events: (1...30).map { event($0) })

    /// What is drawn, without colours.
    private func plain(_ line: String) -> String {
        var text = ""
        var isEscape = false
        for character in line {
            if character == "\u{1b}" { isEscape = true }
            if !isEscape { text.append(character) }
            if character == "m" { isEscape = false }
        }
        return text
    }

    @Test(
        "Lines fill the window exactly, whatever its size",
        arguments: [1, 5, 19, 20, 40, 60, 61, 79, 80, 100, 120, 250])
    func size(columns: Int) {
        for rows in [1, 2, 3, 4, 5, 10, 24, 40, 100] {
            for usesColors in [false, true] {
                let lines = TopScreen(Self.facts, columns: columns, rows: rows, usesColors: usesColors).lines
                #expect(lines.count == rows)
                #expect(lines.allSatisfy { plain($0).count == columns }, "\(columns) x \(rows)")
            }
        }
    }

    @Test("Without colours there is not one escape")
    func noColors() {
        let lines = TopScreen(Self.facts, columns: 80, rows: 24, usesColors: false).lines
        #expect(!lines.joined().contains("\u{1b}"))
        #expect(TopScreen(Self.facts, columns: 80, rows: 24, usesColors: true).lines.joined().contains("\u{1b}["))
    }

    @Test("Sixty columns show model, devices, layers, busy share and memory, and the latest event")
    func sixty() {
        let text = TopScreen(Self.facts, columns: 60, rows: 24, usesColors: false).lines.joined(separator: "\n")
        for piece in [
            "llama-2-13b.Q4_0", "answers", "12.3 tokens/s", "layers 10-19", "25%", "1.2 of 3.4 GiB",
            "is back after 30 s",
        ] {
            #expect(text.contains(piece), "\(piece)")
        }
    }

    @Test("A wide window has all columns, with bars")
    func wide() {
        let lines = TopScreen(Self.facts, columns: 120, rows: 40, usesColors: false).lines
        #expect(
            lines.contains {
                $0.contains("kitchen-shelf-pi-2") && $0.contains("█████░░░░░  50%") && $0.contains("0.42 ms 94 MB/s")
            })
        #expect(lines.contains { $0.contains("nothing was heard for 5 s") })
    }

    @Test("What is of no sense is drawn as nothing, and never fails")
    func nonsense() {
        var facts = Self.facts
        facts.devices[0].busy = .nan
        facts.devices[1].busy = -3
        facts.devices[2].busy = .infinity
        facts.devices[3].name = "日本語の名前がとても長い装置"
        let lines = TopScreen(facts, columns: 60, rows: 24, usesColors: false).lines
        #expect(lines.count == 24)
        // Wide characters take two cells each.
        let wide = lines.first { $0.contains("日") }
        #expect(wide.map { $0.count < 60 } == true)
    }

    @Test("Devices that do not fit are counted")
    func manyDevices() {
        var facts = Self.facts
        facts.devices = (1...50).map {
            TopFacts.Device(name: "d\($0)", holds: "", busy: nil, memory: "–", celsius: "–", link: "–", trouble: "")
        }
        let lines = TopScreen(facts, columns: 80, rows: 24, usesColors: false).lines
        let shown = lines.count { $0.hasPrefix("d") && !$0.hasPrefix("device") }
        let more = lines.first { $0.hasPrefix("… ") }
        #expect(more?.hasPrefix("… \(50 - shown) more") == true, "\(more ?? "") \(shown)")
        #expect(lines.contains { $0.contains("is back after 30 s") })
    }
}
