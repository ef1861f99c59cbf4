import Terminal
import Testing

@Suite("Lines broken between words")
struct WordWrapTests {
    @Test("Lines end at spaces, and no line is longer than it may be")
    func lines() {
        #expect(WordWrap.lines(of: "one two three four", columns: 9) == ["one two", "three", "four"])
        #expect(WordWrap.lines(of: "", columns: 9) == [""])
        #expect(WordWrap.lines(of: "a /very/long/path b", columns: 5) == ["a", "/very/long/path", "b"])
    }

    @Test("A number stays with its unit")
    func units() {
        #expect(
            WordWrap.lines(of: "it holds 1.2 GiB, of 3.1 GiB", columns: 14) == ["it holds", "1.2 GiB, of", "3.1 GiB"])
        #expect(WordWrap.lines(of: "takes 12 ms.", columns: 9) == ["takes", "12 ms."])
        // No number, and no unit.
        #expect(WordWrap.lines(of: "pi4 s", columns: 4) == ["pi4", "s"])
    }
}
