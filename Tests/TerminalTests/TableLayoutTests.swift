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
                                                                                              ms
                                                                                             per
                stage  device                holds                      weights  KV cache   step
                    0  raspberry-pi-kitchen  embedding, layers 0-19,  123.4 MiB  12.0 MiB  12.34
                                             head
                    1  lap                   layers 20-29               3.4 GiB   1.0 KiB   1.00
                """)
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

    @Test("Long names lose their middle where columns cannot be spared")
    func names() {
        var table = TableLayout([.init("from", .left), .init("to", .left), .init("MB/s", .right)])
        table.add(["raspberry-pi-in-the-kitchen-1", "raspberry-pi-in-the-living-room-2", "118"])
        #expect(
            table.text(width: 50).split(separator: "\n").last == "raspberry-…-kitchen-1  raspberry-…ing-room-2   118")
    }

    @Test("A column without any text is left out")
    func empty() {
        var table = TableLayout([.init("device", .left), .init("holds", .left), .init("n", .right)])
        table.add(["pi", "", "1"])
        #expect(table.text(width: nil) == "device  n\npi      1")
    }

    @Test("Wide characters take two columns")
    func wide() {
        var table = TableLayout([.init("device", .left), .init("n", .right)])
        table.add(["日本", "1"])
        table.add(["pi", "22"])
        #expect(table.text(width: nil) == "device   n\n日本     1\npi      22")
    }
}
