import Terminal
import TestSupport
import Testing

@Suite("A text that is broken between words while it comes")
struct StreamWrapTests {
    private func whole(_ text: String, columns: Int) -> String {
        var wrap = StreamWrap(columns: columns)
        let written = wrap.take(text)
        return written + wrap.end()
    }

    private static let texts = [
        "one two three four five six seven eight nine ten",
        "A list:\n- the first of the things that there are\n- the second\n\n  an indented line that is longer than the others\n",
        "Code:\n```swift\nlet answer = [1, 2, 3].map { $0 * 2 }  // as it is\n```\nand `inline code` in words that go on",
        "``not a block`` of code, ` nor this, and ~~ nor that ~~~ here",
        "日本語の文章は、空白なしで続きます。それでも行は折り返されます。",
        "한국어는 낱말 사이에 공백이 있으므로 그곳에서 줄을 바꿉니다",
        "e\u{301}te\u{301} 👩‍👩‍👧 🇫🇷🇩🇪 ❤\u{fe0f} naïve — tab\there",
        "https://example.org/a/very/long/address/that/fits/no/line then words that go on after it",
        "\n\n\r\n  \n",
    ]

    @Test("What is written does not depend on how the text is cut", arguments: texts, [5, 12, 20, 80])
    func cuts(_ text: String, _ columns: Int) {
        let expected = whole(text, columns: columns)
        let scalars = Array(text.unicodeScalars)
        func joined(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            return String(text)
        }
        // In two at every place, and scalar by scalar.
        for cut in scalars.indices {
            var wrap = StreamWrap(columns: columns)
            let written = wrap.take(joined(scalars[..<cut])) + wrap.take(joined(scalars[cut...]))
            #expect(written + wrap.end() == expected, "cut at \(cut)")
        }
        var wrap = StreamWrap(columns: columns)
        let written = scalars.map { wrap.take(String($0)) }.joined()
        #expect(written + wrap.end() == expected)
    }

    @Test("Nothing is lost but the spaces where lines are broken", arguments: texts, [5, 12, 20, 80])
    func complete(_ text: String, _ columns: Int) {
        let bare = { (text: String) in text.filter { !$0.isWhitespace } }
        #expect(bare(whole(text, columns: columns)) == bare(text))
    }

    @Test("Lines of words are no wider than the terminal", arguments: [0, 4, 5], [12, 20, 80])
    func widths(_ text: Int, _ columns: Int) {
        for line in whole(Self.texts[text], columns: columns).split(separator: "\n") {
            #expect(line.displayWidth <= columns, "\(line)")
        }
    }

    @Test("Lines are broken at spaces")
    func words() {
        #expect(whole("one two three four", columns: 9) == "one two\nthree\nfour")
        #expect(whole("one  two", columns: 80) == "one  two")
        #expect(whole("123456789 1", columns: 9) == "123456789\n1")
    }

    @Test("Code and lines that begin with spaces stay as they are")
    func verbatim() {
        for text in ["```\nlet a = 1 + 2 + 3 + 4\n```", "    a line with a b c d e f", "~~~\n a b c d e f g h\n~~~\n"] {
            #expect(whole(text, columns: 8) == text)
        }
        // After the block words are wrapped again.
        #expect(whole("```\na b c d e f\n```\none two three", columns: 8) == "```\na b c d e f\n```\none two\nthree")
        #expect(whole("`a` bcd efg", columns: 8) == "`a` bcd\nefg")
    }

    @Test("No line begins with a closing mark")
    func closing() {
        #expect(whole("日本語。", columns: 6) == "日本\n語。")
    }
}
