import GGUF

/// The metadata keys that rule a tokenizer.
struct TokenizerKeys {
    let metadata: GGUFMetadata

    /// The algorithm, `tokenizer.ggml.model`.
    func model() throws(TokenizerError) -> String {
        do {
            return try metadata.string("tokenizer.ggml.model")
        } catch {
            throw TokenizerError(error)
        }
    }

    func string(_ key: String) throws(TokenizerError) -> String? {
        do {
            return try metadata.string(ifPresent: key)
        } catch {
            throw TokenizerError(error)
        }
    }

    func bool(_ key: String) throws(TokenizerError) -> Bool? {
        do {
            return try metadata.bool(ifPresent: key)
        } catch {
            throw TokenizerError(error)
        }
    }

    /// The token of a role, `tokenizer.ggml.ROLE_token_id`, nil when the model has none.
    func token(_ role: String, vocabularySize: Int) throws(TokenizerError) -> TokenID? {
        let key = "tokenizer.ggml.\(role)_token_id"
        let number: Int?
        do {
            number = try metadata.integer(ifPresent: key)
        } catch {
            throw TokenizerError(error)
        }
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

    /// Texts of tokens that end a turn, a message or a text in the families of models in use. Few files name more than
    /// one such token by its role, while models do answer with the others.
    private static let endingTexts = [
        "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|end|>", "<end_of_turn>",
        "<end_of_utterance>",
    ]

    /// All tokens that end an answer.
    func endOfGeneration(_ vocabulary: Vocabulary) throws(TokenizerError) -> Set<TokenID> {
        var tokens: Set<TokenID> = []
        for role in ["eos", "eot", "eom"] {
            if let token = try token(role, vocabularySize: vocabulary.count) { tokens.insert(token) }
        }
        for text in Self.endingTexts {
            guard let token = vocabulary.token(text: Array(text.utf8)) else { continue }
            // Where the text is an ordinary token it is no more than that text.
            if vocabulary.kinds[token] == .control || vocabulary.kinds[token] == .userDefined {
                tokens.insert(TokenID(token))
            }
        }
        return tokens
    }
}
