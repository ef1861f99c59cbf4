import GGUF

/// The metadata keys that rule a tokenizer, all under `tokenizer.`.
struct TokenizerKeys {
    let metadata: GGUFMetadata

    /// The algorithm, `tokenizer.ggml.model`.
    func model() throws(TokenizerError) -> String {
        try read { metadata throws(GGUFError) in try metadata.string("tokenizer.ggml.model") }
    }

    func string(_ key: String) throws(TokenizerError) -> String? {
        try read { metadata throws(GGUFError) in try metadata.string(ifPresent: key) }
    }

    func bool(_ key: String) throws(TokenizerError) -> Bool? {
        try read { metadata throws(GGUFError) in try metadata.bool(ifPresent: key) }
    }

    func integers(_ key: String) throws(TokenizerError) -> [Int]? {
        try read { metadata throws(GGUFError) in try metadata.integers(ifPresent: key) }
    }

    /// The score of each token, `tokenizer.ggml.scores`.
    func scores(count: Int) throws(TokenizerError) -> [Float] {
        let scores = try read { metadata throws(GGUFError) in try metadata.floats("tokenizer.ggml.scores") }
        guard scores.count == count else {
            throw TokenizerError(
                code: .invalidVocabulary,
                message: "the file has \(count) tokens but \(scores.count) scores: download or convert it again")
        }
        return scores
    }

    /// The bytes of a SentencePiece model's character map, nil when the file has none.
    func characterMap() throws(TokenizerError) -> CharacterMap? {
        guard let numbers = try integers("tokenizer.ggml.precompiled_charsmap"), !numbers.isEmpty else { return nil }
        return try CharacterMap(numbers.map { UInt8(truncatingIfNeeded: $0) })
    }

    /// Whether the file says which token has a role, be it none.
    func names(_ role: String) -> Bool { metadata["tokenizer.ggml.\(role)_token_id"] != nil }

    /// The token of a role, `tokenizer.ggml.ROLE_token_id`, nil when the model has none.
    func token(_ role: String, vocabularySize: Int) throws(TokenizerError) -> TokenID? {
        let key = "tokenizer.ggml.\(role)_token_id"
        let number = try read { metadata throws(GGUFError) in try metadata.integer(ifPresent: key) }
        // Converters write -1 for "none", as a signed or an unsigned number.
        guard let number, number != -1, number != Int(UInt32.max) else { return nil }
        guard (0..<vocabularySize).contains(number) else {
            throw TokenizerError(
                code: .invalidVocabulary,
                message:
                    "\(key) is \(number) but the vocabulary has \(vocabularySize) tokens: download or convert the file again"
            )
        }
        return TokenID(number)
    }

    private func read<T>(_ body: (GGUFMetadata) throws(GGUFError) -> T) throws(TokenizerError) -> T {
        do {
            return try body(metadata)
        } catch {
            throw TokenizerError(error)
        }
    }
}
