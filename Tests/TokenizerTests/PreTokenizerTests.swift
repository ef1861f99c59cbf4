import GGUF
import TestSupport
import Testing
import Tokenizer

/// Where the pre-tokenizers cut, seen through a vocabulary that joins whatever is not cut.
@Suite("Pre-tokenizers")
struct PreTokenizerTests {
    private func pieces(_ text: String, _ name: String?) throws -> [String] {
        try TokenizerPieces.pieces(text, name)
    }

    @Test(
        "GPT-2 keeps one space with the word and splits contractions",
        arguments: [
            ("I'll  go", ["I", "'ll", " ", " go"]), ("x'LL", ["x", "'", "LL"]), ("a1 23", ["a", "1", " 23"]),
            ("a\n\n b", ["a", "\n\n", " b"]), ("a \n", ["a", " \n"]), ("a\t\tb", ["a", "\t", "\t", "b"]),
            (" ?! é", [" ?!", " é"]), ("'re're", ["'re", "'re"]), ("''s", ["''", "s"]), ("\u{A0}x", ["\u{A0}", "x"]),
            ("½Ⅷ٣", ["½Ⅷ٣"]), ("e\u{301}a", ["e", "\u{301}", "a"]),
        ] as [(String, [String])])
    func gpt2(text: String, expected: [String]) throws {
        #expect(try pieces(text, "gpt-2") == expected)
    }

    @Test(
        "smollm takes digits off one by one, before anything else",
        arguments: [
            ("a12", ["a", "1", "2"]), ("x  7", ["x", "  ", "7"]), ("x  y", ["x", " ", " y"]), (" 5", [" ", "5"]),
            ("'1s", ["'", "1", "s"]), ("it's½", ["it", "'s", "½"]),
        ] as [(String, [String])])
    func smollm(text: String, expected: [String]) throws {
        #expect(try pieces(text, "smollm") == expected)
    }

    @Test(
        "Llama 3 groups three digits and takes one sign before a word",
        arguments: [
            ("1234567", ["123", "456", "7"]), ("(word)", ["(word", ")"]), ("x'LL", ["x", "'LL"]),
            ("a \n\n b", ["a", " \n\n", " b"]), ("?!\n\nx", ["?!\n\n", "x"]), ("a  b", ["a", " ", " b"]),
            ("\tb", ["\tb"]), (" 1", [" ", "1"]), ("a \t ", ["a", " \t "]), ("\nb", ["\n", "b"]), ("''s", ["''", "s"]),
            ("'sa", ["'s", "a"]), ("'xa", ["'xa"]), (" ?x", [" ?", "x"]), ("\u{301}a", ["\u{301}a"]),
        ] as [(String, [String])])
    func llama3(text: String, expected: [String]) throws {
        #expect(try pieces(text, "llama-bpe") == expected)
    }

    @Test(
        "Qwen 2 cuts like Llama 3 but takes digits one by one",
        arguments: [("12", ["1", "2"]), ("(word)", ["(word", ")"]), ("a \n b", ["a", " \n", " b"])]
            as [(String, [String])])
    func qwen2(text: String, expected: [String]) throws {
        #expect(try pieces(text, "qwen2") == expected)
    }

    @Test(
        "files that name none cut punctuation off first and group three digits",
        arguments: [nil, "default"] as [String?])
    func standard(name: String?) throws {
        #expect(try pieces("a.b  c", name) == ["a", ".", "b", " ", " c"])
        #expect(try pieces("x 12345", name) == ["x", " ", "123", "45"])
        #expect(try pieces("it's", name) == ["it", "'", "s"])
        #expect(try pieces(".`x", name) == [".", "`", "x"])
        #expect(try pieces(" ++a", name) == [" ", "++", "a"])
    }
}
