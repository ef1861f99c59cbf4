import Terminal
import Testing

@Suite("Columns of a terminal")
struct DisplayWidthTests {
    @Test(
        "A text takes as many columns as a terminal gives it",
        arguments: [
            ("", 0), ("pi 4", 4), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("한국어", 6), ("\u{1112}\u{1161}\u{11ab}", 2),
            ("ｶﾅ", 2), ("👍", 2), ("👩‍👩‍👧", 2), ("🇫🇷", 2), ("❤", 1), ("❤\u{fe0f}", 2), ("…–°█", 4), ("a\u{200b}b", 2),
            ("ไทย", 3), ("√2", 2),
        ])
    func width(_ text: String, _ columns: Int) { #expect(text.displayWidth == columns) }

    @Test("What does not fit loses its middle, and takes no more than the columns that there are")
    func shortened() {
        #expect("kitchen".shortened(to: 7) == "kitchen")
        #expect("raspberry-pi-in-the-kitchen-1".shortened(to: 13) == "raspbe…chen-1")
        #expect("日本語日本語".shortened(to: 8).displayWidth <= 8)
        for columns in 0...30 { #expect("日a本b語c日d本e語f".shortened(to: columns).displayWidth <= columns) }
    }
}
