import CoordinatorCore
import Testing

struct StopMatcherTests {
    /// What goes out for pieces of text, joined, and whether a stop text was met.
    private func run(_ pieces: [String], stops: [String]) -> (text: String, stopped: Bool) {
        var matcher = StopMatcher(stops)
        var text = ""
        for piece in pieces {
            let (out, stopped) = matcher.append(piece)
            #expect(!out.contains("\u{fffd}"), "half a character went out of \(pieces)")
            text += out
            if stopped { return (text, true) }
        }
        return (text + matcher.finish(), false)
    }

    /// All ways to cut a text between its characters.
    private func splits(_ text: String) -> [[String]] {
        let scalars = Array(text.unicodeScalars)
        return (0..<1 << max(0, scalars.count - 1)).map { cuts in
            var pieces = [""]
            for (index, scalar) in scalars.enumerated() {
                pieces[pieces.count - 1].unicodeScalars.append(scalar)
                if index < scalars.count - 1, cuts >> index & 1 == 1 { pieces.append("") }
            }
            return pieces
        }
    }

    @Test(arguments: [
        ("one END two", ["END"], "one ", true),
        ("no stop here", ["END"], "no stop here", false),
        ("EEEND", ["END"], "EE", true),
        ("ENENDEND", ["END"], "EN", true),
        ("ends in EN", ["END"], "ends in EN", false),
        ("aabaab!", ["aabaab"], "", true),
        ("aaabaab", ["aab", "b"], "a", true),
        ("xabcd", ["abcd", "bc"], "xa", true),
        ("xabc", ["bc", "abc"], "x", true),
        ("ababac", ["abac"], "ab", true),
        ("é è ê", ["ê"], "é è ", true),
        ("éèê", ["ëa"], "éèê", false),
        ("日本語です", ["語"], "日本", true),
        ("日本日本語", ["本語"], "日本日", true),
        ("a👍🏽b", ["👍🏽b"], "a", true),
        ("👍👎", ["👍🏽"], "👍👎", false),
        ("", ["x"], "", false),
        ("text", [], "text", false),
        ("text", [""], "text", false),
    ]) func `the same goes out however the text is cut`(text: String, stops: [String], out: String, stopped: Bool) {
        for pieces in splits(text) {
            let result = run(pieces, stops: stops)
            #expect(result.text == out, "\(pieces)")
            #expect(result.stopped == stopped, "\(pieces)")
        }
    }

    @Test func `text that cannot become a stop text goes out at once`() {
        var matcher = StopMatcher(["</s>"])
        #expect(matcher.append("abc<") == ("abc", false))
        #expect(matcher.append("/") == ("", false))
        #expect(matcher.append("p") == ("</p", false))
        #expect(matcher.append("q</s") == ("q", false))
        #expect(matcher.finish() == "</s")
        #expect(matcher.finish() == "")
    }

    @Test func `what follows a stop text in the same piece is dropped`() {
        var matcher = StopMatcher(["stop"])
        #expect(matcher.append("go stop and more") == ("go ", true))
        #expect(matcher.finish() == "")
    }
}
