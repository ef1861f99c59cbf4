import GGUF
import Tokenizer

/// The number of a kind of token in `tokenizer.ggml.token_type`.
enum Kind: Int32 {
    case normal = 1
    case unknown, control, userDefined, unused, byte
}

/// Vocabularies small enough to encode with by hand.
struct SmallVocabulary {
    var tokens: [(text: String, kind: Kind, score: Float)] = []
    var merges: [String]?
    var entries: [String: GGUFValue] = [:]

    /// `<unk>`, `<s>`, `</s>` with ids 0 to 2, then where that is said the 256 bytes with ids from 3 on, then pieces, each
    /// less likely than the one before.
    static func pieces(_ model: String, _ pieces: [String], hasBytes: Bool) -> SmallVocabulary {
        var vocabulary = SmallVocabulary()
        vocabulary.entries["tokenizer.ggml.model"] = .string(model)
        vocabulary.tokens = [("<unk>", .unknown, 0), ("<s>", .control, 0), ("</s>", .control, 0)]
        if hasBytes {
            let digits = Array("0123456789ABCDEF")
            vocabulary.tokens += (0..<256).map { ("<0x\(digits[$0 / 16])\(digits[$0 % 16])>", .byte, 0) }
        }
        vocabulary.tokens += pieces.enumerated().map { ($1, .normal, -Float($0)) }
        return vocabulary
    }

    /// All printable ASCII characters and U+2581, less likely than any piece in a test.
    static let characters = (33..<127).map { String(Unicode.Scalar(UInt8($0))) } + ["▁"]

    func tokenizer() throws -> Tokenizer {
        var all = entries
        all["tokenizer.ggml.tokens"] = .array(GGUFArray(tokens.map(\.text)))
        all["tokenizer.ggml.token_type"] = .array(GGUFArray(tokens.map(\.kind.rawValue)))
        if merges == nil { all["tokenizer.ggml.scores"] = .array(GGUFArray(tokens.map(\.score))) }
        if let merges { all["tokenizer.ggml.merges"] = .array(GGUFArray(merges)) }
        return try Tokenizer(metadata: GGUFMetadata(entries: all.map { ($0.key, $0.value) }))
    }

    /// The id of a token.
    func id(_ text: String) -> TokenID {
        TokenID(tokens.firstIndex { $0.text == text } ?? Int(Int32.max))
    }
}

extension Tokenizer {
    /// A text's tokens as the vocabulary writes them.
    func pieces(_ text: String, parseSpecial: Bool = false) -> [String] {
        encode(text, parseSpecial: parseSpecial).map { self.text(of: $0) ?? "none" }
    }

    /// A text as it comes token by token.
    func streamed(_ ids: [TokenID], skipSpecial: Bool = false, after last: TokenID? = nil) -> [String] {
        var stream = StreamingDetokenizer(self, skipSpecial: skipSpecial, after: last)
        return ids.map { stream.append($0) } + [stream.finish()]
    }
}
