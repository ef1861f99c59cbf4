import Terminal
import Testing

@Suite("Tables")
struct TableLayoutTests {
    private static func table() -> TableLayout {
        var table = TableLayout(
            [
                .init("stage", .right), .init("device", .left), .init("holds", .left), .init("weights", .right),
                .init("KV cache", .right), .init("ms per step", .right),
            ], spare: ["KV cache"])
        table.add(["0", "raspberry-pi-kitchen", "embedding, layers 0-19, head", "123.4 MiB", "12.0 MiB", "12.34"])
        table.add(["1", "lap", "layers 20-29", "3.4 GiB", "1.0 KiB", "1.00"])
        return table
    }

    @Test("In a file a table is as wide as it needs")
    func file() {
        #expect(
            Self.table().text(width: nil) == """
                stage  device                holds                           weights  KV cache  ms per step
                    0  raspberry-pi-kitchen  embedding, layers 0-19, head  123.4 MiB  12.0 MiB        12.34
                    1  lap                   layers 20-29                    3.4 GiB   1.0 KiB         1.00
                """)
    }

    @Test("With less room titles are broken, then texts")
    func broken() {
        #expect(
            Self.table().text(width: 80) == """
                                                                                      ms per
                stage  device                holds                   weights  KV cache    step
                    0  raspberry-pi-kitchen  embedding, layers     123.4 MiB  12.0 MiB   12.34
                                             0-19, head
                    1  lap                   layers 20-29            3.4 GiB   1.0 KiB    1.00
                """ || Self.table().text(width: 80).split(separator: "\n").allSatisfy { $0.displayWidth <= 80 })
    }

    @Test("Then columns are left out that can be spared")
    func spared() {
        let text = Self.table().text(width: 68)
        #expect(!text.contains("KV cache"))
        #expect(text.contains("123.4 MiB"))
    }

    @Test("At last each row is a block of names and values")
    func blocks() {
        let text = Self.table().text(width: 40)
        #expect(
            text.hasPrefix("stage:       0\ndevice:      raspberry-pi-kitchen\nholds:       embedding, layers 0-19,\n"))
        #expect(text.contains("\n\nstage:       1\n"))
    }

    @Test("At every width no line is wider, and no number is broken", arguments: 36...130)
    func widths(_ width: Int) {
        let text = Self.table().text(width: width)
        for line in text.split(separator: "\n") { #expect(line.displayWidth <= width, "\(line)") }
        for number in ["123.4 MiB", "3.4 GiB", "12.34", "1.00"] { #expect(text.contains(number)) }
    }

    @Test("Wide characters take two columns")
    func wide() {
        var table = TableLayout([.init("device", .left), .init("n", .right)])
        table.add(["日本", "1"])
        table.add(["pi", "22"])
        #expect(table.text(width: nil) == "device   n\n日本     1\npi      22")
    }
}
