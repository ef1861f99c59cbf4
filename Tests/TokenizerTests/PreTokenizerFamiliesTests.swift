import GGUF
import TestSupport
import Testing
import Tokenizer

/// One text or two for each family, cut by hand as its regular expression says.
@Suite("Families of pre-tokenizers")
struct PreTokenizerFamiliesTests {
    private static let cuts: [(String, String, [String])] = [
        ("falcon", "a`b 1234", ["a", "`", "b", " ", "123", "4"]),
        ("starcoder", "x12 y", ["x", "1", "2", " y"]), ("refact", "it's 7", ["it", "'s", " ", "7"]),
        ("command-r", "a  b", ["a", " ", " b"]), ("codeshell", "½", ["½"]), ("exaone", "a12", ["a", "1", "2"]),
        ("minerva-7b", "a12", ["a", "1", "2"]), ("phi-2", "a 12", ["a", " 12"]), ("mpt", "a 12", ["a", " 12"]),
        ("olmo", "I'd x", ["I", "'d", " x"]), ("jais", "a 12", ["a", " 12"]),
        ("granite-docling", "a 12", ["a", " 12"]),
        ("glm4", "1234 (a)", ["123", "4", " (", "a", ")"]), ("chatglm-bpe", "1234", ["123", "4"]),
        ("dbrx", "a'LL 1234", ["a", "'LL", " ", "123", "4"]), ("stablelm2", "12(a", ["1", "2", "(a"]),
        ("hunyuan", "12", ["1", "2"]), ("megrez", "12", ["1", "2"]), ("deepseek-r1-qwen", "12", ["1", "2"]),
        // Marks belong to words.
        ("qwen35", "a\u{301}b 1\u{301}", ["a\u{301}b", " ", "1", "\u{301}"]),
        ("qwen35", "!\u{301}?", ["!\u{301}", "?"]), ("qwen2", "a\u{301}b", ["a", "\u{301}b"]),
        // Words end before a capital letter after a small one.
        ("tekken", "helloWorld", ["hello", "World"]), ("tekken", "HTTPServer 12", ["HTTPServer", " ", "1", "2"]),
        ("tekken", "aB日C", ["a", "B日", "C"]), ("tekken", "it's", ["it", "'s"]),
        ("tekken", "//\n/x", ["//\n/", "x"]),
        ("gpt-4o", "it's 1234", ["it's", " ", "123", "4"]), ("gpt-4o", "DON'T!", ["DON'T", "!"]),
        ("gpt-4o", "e\u{301}x", ["e\u{301}x"]), ("llama4", "aB", ["a", "B"]),
        ("kimi-k2", "a日本b's", ["a", "日本", "b's"]), ("kimi-k2", " 日", [" ", "日"]),
        ("youtu", "한글日ㄅ！a12", ["한글", "日", "ㄅ", "！", "a", "1", "2"]),
        ("tiny_aya", "1234567 1234a", ["1", "234", "567", " ", "123", "4", "a"]),
        ("cohere2moe", "12345", ["12", "345"]),
        ("deepseek-llm", "ab 12\n", ["ab", " ", "12", "\n"]), ("deepseek-llm", "日a本", ["日", "a", "本"]),
        ("deepseek-llm", " (a)  ", [" (", "a", ")", "  "]),
        ("deepseek-coder", "ab 12 (x", ["ab", " ", "1", "2", " (", "x"]),
        ("deepseek-coder", "a\n\nb", ["a", "\n", "\n", "b"]),
        ("deepseek-v3", "1234日本(ab!", ["123", "4", "日本", "(ab", "!"]),
        ("deepseek-v3", "a\u{301} ++\n\n b", ["a\u{301}", " ++\n\n", " b"]),
        ("deepseek-v3", "\u{1}\u{1}a", ["\u{1}", "\u{1}a"]),
        ("spark2_5", "!\n\n", ["!", "\n", "\n"]), ("afmoe", "1234한日!a", ["1", "234", "한日", "!a"]),
        ("seed-coder", "!\n12", ["!", "\n", "1", "2"]), ("ufakzeka", "a'nın", ["a", "'nın"]),
        ("exaone-moe", "ab cd  e", ["ab cd", " ", " e"]), ("exaone-moe", "!\n\n", ["!\n", "\n"]),
        ("minicpm5", "1234", ["123", "4"]), ("laguna", "a!\n\nb", ["a", "!", "\n\n", "b"]),
        ("jais-2", "a       b", ["a", "    ", "  ", " b"]), ("jais-2", "a   ", ["a", "  ", " "]),
        ("bailingmoe", "a \n\n b", ["a", " \n\n", " b"]),
        ("bloom", "ab cd.  e", ["ab", " cd", ". ", " e"]), ("poro-chat", "a。b", ["a", "。", "b"]),
        ("viking", "ab12", ["ab", "1", "2"]), ("superbpe", "is 12345 x", ["is ", "12", "345", " x"]),
        ("superbpe", "x 12 y", ["x ", "12", " y"]),
        ("chameleon", "a  (1)", ["a", "  ", "(", "1", ")"]), ("chameleon", "\t\tx", ["\t", "\t", "x"]),
    ]

    @Test("texts are cut as the expression says", arguments: cuts)
    func cut(name: String, text: String, expected: [String]) throws {
        #expect(try TokenizerPieces.pieces(text, name) == expected, "\(name)")
    }

    private static let names =
        cuts.map(\.0) + ["llama3", "llama-v3", "llama-bpe", "default", "gpt-2", "smollm", "qwen2", "lfm2", "grok-2"]

    @Test("any text comes back as it was, whatever the pre-tokenizer", arguments: Set(names).sorted())
    func roundTrip(name: String) throws {
        var generator = SeededGenerator(seed: 7)
        let tokenizer = try TokenizerPieces.tiny(name)
        #expect(tokenizer.warnings == [])
        for _ in 0..<50 {
            let text = generator.text(upTo: 60)
            #expect(tokenizer.decode(tokenizer.encode(text)) == text, "\(name): \(generator)")
        }
    }

    @Test("long texts of few kinds of characters come back as they were", arguments: Set(names).sorted())
    func longTexts(name: String) throws {
        let tokenizer = try TokenizerPieces.tiny(name)
        for part in ["a", "A", " ", "1", "!", "\n", "日", "\u{301}", "aA", " a", "ßé1! ", "\u{1}"] {
            let text = String(repeating: part, count: 20_000 / part.utf8.count)
            #expect(tokenizer.decode(tokenizer.encode(text)) == text)
        }
    }

    @Test(
        "white space is cut into powers of two and what comes before text", arguments: [1, 2, 3, 511, 512, 513, 1300])
    func powersOfTwo(count: Int) throws {
        let tokenizer = try TokenizerPieces.tiny("jais-2")
        let text = String(repeating: "\t", count: count)
        #expect(tokenizer.decode(tokenizer.encode(text + "1")) == text + "1")
        #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }
}
