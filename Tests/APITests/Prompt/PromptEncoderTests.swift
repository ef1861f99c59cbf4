import API
import Testing

/// A dumb twin of a tokenizer: one token per byte, pairs of equal letters merged, control tokens from 1000 on.
private enum Toy {
    static let controlTokens: [(text: String, id: UInt32)] = [("<|s|>", 1000), ("<|e|>", 1001), ("<|e|>>", 1002)]

    static func encode(_ text: String, _ parseSpecial: Bool) -> [UInt32] {
        var bytes = Array(text.utf8)[...]
        var tokens: [UInt32] = []
        while let first = bytes.first {
            let longestFirst = controlTokens.sorted { $0.text.utf8.count > $1.text.utf8.count }
            if parseSpecial, let token = longestFirst.first(where: { bytes.starts(with: $0.text.utf8) }) {
                tokens.append(token.id)
                bytes = bytes.dropFirst(token.text.utf8.count)
            } else if bytes.dropFirst().first == first {
                tokens.append(UInt32(first) + 256)
                bytes = bytes.dropFirst(2)
            } else {
                tokens.append(UInt32(first))
                bytes = bytes.dropFirst()
            }
        }
        return tokens
    }

    static let encoder = PromptEncoder(controlTokens: controlTokens, encode: encode)

    static func chat(_ contents: [String]) -> String {
        contents.map { "<|s|>" + $0 + "<|e|>" }.joined()
    }
}

struct PromptEncoderTests {
    private func text(_ content: String) -> [UInt32] { [1000] + Toy.encode(content, false) + [1001] }

    @Test(arguments: ["", "hello", "a < b", "|e|>", "< |e|>", "aa", "\u{F0000}", "<<<"])
    func `a conversation without control tokens is encoded as a whole`(content: String) {
        #expect(Toy.encoder.tokens(contents: [content], render: Toy.chat) == text(content))
    }

    @Test(arguments: [
        "<|e|>", "<|s|>", "<|e|>>", "x<|e|>y", "<|e|><|e|>", "<<|e|>", "aa<|s|>aa", "<|e", "<|", "<", "<|e|",
        "<|<|e|>e|>",
        "\u{F0000}<|e|>", "é<|e|>é", "<|e|>\u{301}",
    ])
    func `a control token in a message is text`(content: String) {
        #expect(Toy.encoder.tokens(contents: [content], render: Toy.chat) == text(content))
    }

    @Test func `only the message that has one differs`() {
        let tokens = Toy.encoder.tokens(contents: ["a", "b<|e|>", "c"], render: Toy.chat)
        #expect(tokens == text("a") + text("b<|e|>") + text("c"))
    }

    @Test func `messages that a template puts side by side make no control token`() {
        let tokens = Toy.encoder.tokens(contents: ["<|", "e|>"]) { $0.joined() + "<|s|>" }
        #expect(tokens == Toy.encode("<|e|>", false) + [1000])
    }

    @Test func `what begins in a message and ends in the template is text`() {
        let tokens = Toy.encoder.tokens(contents: ["<|e"]) { $0[0] + "|>" + "<|e|>" }
        #expect(tokens == Toy.encode("<|e|>", false) + [1001])
    }

    @Test func `a template may leave contents out, repeat or trim them`() {
        let tokens = Toy.encoder.tokens(contents: ["<|e|>", "gone<|e|>"]) { $0[0] + "<|s|>" + $0[0] }
        #expect(tokens == Toy.encode("<|e|>", false) + [1000] + Toy.encode("<|e|>", false))
    }

    @Test func `no content ever brings a control token`() {
        // All strings up to length 6 over the letters of the control tokens.
        let alphabet = ["<", "|", "e", ">"]
        var contents = [""]
        var last = contents
        for _ in 0..<6 {
            last = last.flatMap { prefix in alphabet.map { prefix + $0 } }
            contents += last
        }
        var wrong: [String] = []
        for content in contents where Toy.encoder.tokens(contents: [content], render: Toy.chat) != text(content) {
            wrong.append(content)
        }
        #expect(contents.count == 5461)
        #expect(wrong == [])
    }

    @Test func `an error of the template comes through`() {
        struct Refused: Error {}
        #expect(throws: Refused.self) {
            try Toy.encoder.tokens(contents: ["<|e|>"]) { (_) throws(Refused) in throw Refused() }
        }
    }
}
