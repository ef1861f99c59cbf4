import GGUF
import TestSupport
import Tokenizer

/// Where pre-tokenizers cut, and tokenizers with any of them.
enum TokenizerPieces {
    /// The pieces of a short text, with `name` as `tokenizer.ggml.pre` (nil: no such key).
    ///
    /// All parts of the text are tokens and any two neighbouring ones can be merged, so every piece becomes one token.
    static func pieces(_ text: String, _ name: String?) throws -> [String] {
        let bytes = try GGUFMetadata(entries: TinyVocabulary.metadata(count: TinyVocabulary.minimumCount))
            .strings("tokenizer.ggml.tokens")[3..<259]
        let characters = text.utf8.map { bytes[3 + Int($0)] }
        var tokens = Set(bytes)
        var merges: Set<String> = []
        for start in characters.indices {
            for end in characters.indices where end > start {
                tokens.insert(characters[start...end].joined())
                for middle in start..<end {
                    let right = characters[(middle + 1)...end].joined()
                    merges.insert("\(characters[start...middle].joined()) \(right)")
                }
            }
        }
        var entries: [(key: String, value: GGUFValue)] = [
            ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.tokens", .array(GGUFArray(tokens.sorted()))),
            ("tokenizer.ggml.merges", .array(GGUFArray(merges.sorted()))),
        ]
        if let name { entries.append(("tokenizer.ggml.pre", .string(name))) }
        let tokenizer = try Tokenizer(metadata: GGUFMetadata(entries: entries))
        return tokenizer.encode(text).map { tokenizer.decode([$0]) }
    }

    /// The tiny vocabulary with a pre-tokenizer.
    static func tiny(_ name: String) throws -> Tokenizer {
        let entries = TinyVocabulary.metadata(count: TinyVocabulary.minimumCount)
        return try Tokenizer(
            metadata: GGUFMetadata(
                entries: entries.map { ($0.key, $0.key == "tokenizer.ggml.pre" ? .string(name) : $0.value) }))
    }
}
