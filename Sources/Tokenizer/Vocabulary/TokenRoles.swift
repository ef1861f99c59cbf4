import GGUF

/// Which tokens begin and end sequences and answers, and whether they are added to a text.
struct TokenRoles: Sendable {
    let beginning: TokenID?
    let end: TokenID?
    let unknown: TokenID?
    let endOfGeneration: Set<TokenID>
    let addsBeginning: Bool
    let addsEnd: Bool

    /// Reads `tokenizer.ggml.*_token_id` and `add_*_token`; warns where the file leaves a role open.
    init(
        _ keys: TokenizerKeys, _ vocabulary: Vocabulary, _ kind: TokenizerKind, warnings: inout [String]
    ) throws(TokenizerError) {
        let count = vocabulary.count
        func usual(_ token: Int?) -> TokenID? { token.flatMap { $0 < count ? TokenID($0) : nil } }
        func named(_ roles: [String]) throws(TokenizerError) -> TokenID? {
            for role in roles { if let token = try keys.token(role, vocabularySize: count) { return token } }
            return nil
        }
        // BERT's sequences begin with a class and end with a separator; the key of that is misspelt in the convention.
        let isWordPiece = kind == .wordPiece
        let beginningRoles = isWordPiece ? ["bos", "cls"] : ["bos"]
        let endRoles = isWordPiece ? ["seperator", "eos"] : ["eos"]
        var beginning = try named(beginningRoles)
        var end = try named(endRoles)
        var unknown = try named(["unknown"])
        if unknown == nil, !keys.names("unknown") { unknown = usual(kind.usualTokens.unknown) }

        if end == nil, !endRoles.contains(where: keys.names) {
            end = vocabulary.controlToken(of: WellKnownTokens.endsOfSequence) ?? usual(kind.usualTokens.end)
            let text = end.map { String(decoding: vocabulary.text(of: Int($0)), as: UTF8.self) }
            if let text {
                warnings.append(
                    "the file names no token that ends a text (tokenizer.ggml.eos_token_id): taken is \(text)")
            }
        }
        let wantsBeginning = try keys.bool("tokenizer.ggml.add_bos_token")
        // Gemma 4 is of no use without, and there are files that say otherwise.
        let mustBegin = kind == .characterPair(takesNewlineRuns: true)
        addsBeginning = mustBegin || wantsBeginning ?? kind.addsBeginning
        if beginning == nil, !beginningRoles.contains(where: keys.names) {
            beginning = usual(kind.usualTokens.beginning)
            if beginning == nil, addsBeginning {
                beginning = vocabulary.controlToken(of: WellKnownTokens.beginningsOfSequence)
            }
        }
        if addsBeginning, beginning == nil {
            warnings.append(
                "texts are to begin with a token (tokenizer.ggml.add_bos_token), but the file does not name it (tokenizer.ggml.bos_token_id): none is added"
            )
        }
        addsEnd = try keys.bool("tokenizer.ggml.add_eos_token") ?? kind.addsEnd
        endOfGeneration = vocabulary.endOfGeneration([end, try named(["eot"]), try named(["eom"])])
        if endOfGeneration.isEmpty {
            warnings.append(
                "the vocabulary has no token that ends an answer: answers end at their longest length or a stop text")
        }
        (self.beginning, self.end, self.unknown) = (beginning, end, unknown)
    }
}
