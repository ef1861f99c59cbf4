/// Control tokens by the texts that they have in the families of models in use (llama.cpp's `llama-vocab.cpp` lists most). Few
/// files name more than one token that ends an answer by its role, while models do answer with the others; and some files
/// type such tokens as plain text.
enum WellKnownTokens {
    /// Ends of a turn, a message or a text that nobody writes for themselves.
    static let ends = [
        "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|end|>", "<end_of_turn>",
        "<end_of_utterance>", "<|return|>", "<|call|>", "<|calls|>", "<|flush|>", "<turn|>", "<|tool_response>",
        "<｜end▁of▁sentence｜>", "[e~[",
    ]

    /// Ends of a part of code, after which a model that fills in code would invent the next file.
    static let endsOfCode = ["<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"]

    /// Texts that are ends in some vocabularies and text (such as HTML) in others.
    static let endsOrText = ["</s>", "<eos>", "[EOS]", "[EOT]", "<EOT>", "▁<EOT>"]

    /// Beginnings of a turn or a text that nobody writes for themselves.
    static let beginnings = [
        "<|im_start|>", "<start_of_turn>", "<|start_header_id|>", "<|end_header_id|>", "<|begin_of_text|>",
        "<｜begin▁of▁sentence｜>", "<|turn>",
    ]

    /// In which order the end of a sequence is sought in a file that does not name it.
    static let endsOfSequence = [
        "</s>", "<eos>", "<|end_of_text|>", "<|endoftext|>", "<｜end▁of▁sentence｜>", "[EOS]", "<|return|>",
        "<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<turn|>", "<|end|>",
    ]

    /// In which order the beginning of a sequence is sought in a file that does not name it.
    static let beginningsOfSequence = ["<|begin_of_text|>", "<s>", "<bos>", "<｜begin▁of▁sentence｜>", "<|startoftext|>"]
}

extension Vocabulary {
    /// Takes control tokens that the file types as text for what they are: neither may a user's text become one, nor may an
    /// answer show one.
    ///
    /// - Returns: a warning that names them, nil when there are none.
    mutating func retypeControlTokens() -> String? {
        var retyped: [String] = []
        func retypeAll(_ texts: [String], of kinds: Set<TokenKind>) {
            for text in texts {
                guard let token = token(text: Array(text.utf8)), kinds.contains(self.kinds[token]) else { continue }
                retype(token, as: .control)
                retyped.append(text)
            }
        }
        retypeAll(WellKnownTokens.ends, of: [.normal, .unused, .userDefined])
        // Gemma has the HTML tag of that name; Phi-3 the end of what "<s>" begins.
        let isTag = token(text: Array("<s>".utf8)).map { kinds[$0] != .control } ?? true
        retypeAll(WellKnownTokens.endsOrText.filter { $0 != "</s>" || !isTag }, of: [.userDefined])
        retypeAll(WellKnownTokens.beginnings + WellKnownTokens.endsOfCode, of: [.normal, .unused])
        guard !retyped.isEmpty else { return nil }
        return
            "the file types \(retyped.joined(separator: ", ")) as text (tokenizer.ggml.token_type): taken as control tokens"
    }

    /// Finds control tokens and tokens of bytes in a file that says of no token what it is for.
    ///
    /// - Returns: a warning.
    mutating func inferKinds(_ keys: TokenizerKeys) throws(TokenizerError) -> String {
        for role in ["bos", "eos", "eot", "eom", "unknown"] {
            guard let token = try keys.token(role, vocabularySize: count) else { continue }
            // Some converters wrote 0 for what they did not know, which may be any text.
            let text = text(of: Int(token))
            guard text.count > 2, "<[".utf8.contains(text.first ?? 0), ">]".utf8.contains(text.last ?? 0) else {
                continue
            }
            retype(Int(token), as: role == "unknown" ? .unknown : .control)
        }
        let bytes = ByteTokens(self)
        if bytes.isComplete {
            for byte in UInt8.min...UInt8.max { if let token = bytes[byte] { retype(Int(token), as: .byte) } }
        }
        return
            "the file does not say which tokens are control tokens (tokenizer.ggml.token_type): taken are those with roles and well-known texts"
    }

    /// All tokens that end an answer: those of the given roles and those known by their texts.
    func endOfGeneration(_ roles: [TokenID?]) -> Set<TokenID> {
        func token(_ text: String, of kinds: Set<TokenKind>) -> TokenID? {
            self.token(text: Array(text.utf8)).flatMap { kinds.contains(self.kinds[$0]) ? TokenID($0) : nil }
        }
        var ends = WellKnownTokens.ends
        // Harmony's and Solar's messages end so within an answer.
        if ["<|return|>", "<|call|>"].allSatisfy({ token($0, of: [.control]) != nil })
            || ["<|calls|>", "<|flush|>"].allSatisfy({ token($0, of: [.control]) != nil })
        {
            ends.removeAll { $0 == "<|end|>" }
        }
        var endsOrText = WellKnownTokens.endsOrText
        // Gemma 4 has it for strikethrough.
        if token("<|tool_response>", of: [.control]) != nil { endsOrText.removeAll { $0 == "</s>" } }
        var tokens = Set((ends + endsOrText).compactMap { token($0, of: [.control]) })
        tokens.formUnion(WellKnownTokens.endsOfCode.compactMap { token($0, of: [.control, .userDefined]) })
        return tokens.union(roles.compactMap(\.self))
    }

    /// The first control token with one of these texts.
    func controlToken(of texts: [String]) -> TokenID? {
        texts.lazy.compactMap { text in
            token(text: Array(text.utf8)).flatMap { self.kinds[$0] == .control ? TokenID($0) : nil }
        }.first
    }
}
