package import GGUF

/// The number of a token in its model's vocabulary.
package typealias TokenID = UInt32

/// Turns text into a model's tokens and back, by what the model's file says.
///
/// Thread safety: a value without mutable state, may be used from any thread.
package struct Tokenizer: Sendable {
    /// The token that begins a sequence, nil when the model has none.
    package let beginningOfSequence: TokenID?
    /// The token that ends a sequence, nil when the model has none.
    package let endOfSequence: TokenID?
    /// All tokens that end an answer: end of sequence, of turn and of message.
    package let endOfGeneration: Set<TokenID>
    /// The model's chat template (Jinja), nil when the file has none.
    package let chatTemplate: String?
    /// Whether `addSpecial` puts `beginningOfSequence` first.
    package let addsBeginningOfSequence: Bool
    /// Whether `addSpecial` puts `endOfSequence` last.
    package let addsEndOfSequence: Bool

    /// What the file leaves open or has wrong, and what was made of it: one sentence each, for people.
    package let warnings: [String]
    /// The bytes of the token that stands for the most.
    package let longestTokenBytes: Int
    /// Tokens that the file forbids as answers (`tokenizer.ggml.suppress_tokens`).
    let suppressedTokens: [TokenID]

    private let vocabulary: Vocabulary
    private let encoding: Encoding
    private let tokenBytes: TokenBytes
    private let userDefinedTokens: SpecialTokenFinder
    private let specialTokens: SpecialTokenFinder
    /// Tokens after which white space in a text is not text.
    private let tokensEatingSpace: Set<TokenID>

    /// Reads the tokenizer of a file.
    ///
    /// - Throws: `TokenizerError` when something is missing, contradictory, or not supported.
    package init(metadata: GGUFMetadata) throws(TokenizerError) {
        let keys = TokenizerKeys(metadata: metadata)
        var warnings: [String] = []
        let kind = try TokenizerKind(metadata: metadata, warnings: &warnings)
        var vocabulary = try Vocabulary(metadata: metadata)
        if !vocabulary.hasKinds { warnings.append(try vocabulary.inferKinds(keys)) }
        if let warning = vocabulary.retypeControlTokens() { warnings.append(warning) }
        let roles = try TokenRoles(keys, vocabulary, kind, warnings: &warnings)
        encoding = try Encoding(kind, keys, vocabulary, unknown: roles.unknown)
        beginningOfSequence = roles.beginning
        endOfSequence = roles.end
        endOfGeneration = roles.endOfGeneration
        addsBeginningOfSequence = roles.addsBeginning
        addsEndOfSequence = roles.addsEnd
        chatTemplate = try keys.string("tokenizer.chat_template")
        suppressedTokens =
            try keys.integers("tokenizer.ggml.suppress_tokens")?.compactMap { number in
                (0..<vocabulary.count).contains(number) ? TokenID(number) : nil
            } ?? []
        userDefinedTokens = SpecialTokenFinder(vocabulary, kinds: [.userDefined])
        specialTokens = SpecialTokenFinder(vocabulary, kinds: [.userDefined, .control, .unknown])
        tokensEatingSpace = try Self.tokensEatingSpace(keys, vocabulary, kind)
        tokenBytes = TokenBytes(vocabulary, kind)
        longestTokenBytes = tokenBytes.longest
        self.vocabulary = vocabulary
        self.warnings = warnings
    }

    /// How many tokens there are.
    package var vocabularySize: Int { vocabulary.count }

    /// The tokens of a text.
    ///
    /// - Parameters:
    ///   - parseSpecial: whether the texts of control tokens in `text` become those tokens. Never for text of users.
    ///   - addSpecial: whether to add the tokens that begin and end a sequence where the model wants them.
    ///   - goesOn: asked now and then; once it says no, what is given is of no use. Time is in proportion to n log n otherwise.
    package func encode(
        _ text: String, parseSpecial: Bool = false, addSpecial: Bool = false, goesOn: () -> Bool = { true }
    ) -> [TokenID] {
        var result: [TokenID] = []
        if addSpecial, addsBeginningOfSequence, let beginningOfSequence { result.append(beginningOfSequence) }
        let finder = parseSpecial ? specialTokens : userDefinedTokens
        let bytes = text.utf8
        var start = bytes.startIndex
        var offset = 0
        for match in finder.matches(in: Array(bytes)) {
            let first = bytes.index(start, offsetBy: match.range.lowerBound - offset)
            guard goesOn() else { return result }
            encodePlain(text[start..<first], into: &result, goesOn)
            result.append(match.token)
            start = bytes.index(first, offsetBy: match.range.count)
            offset = match.range.upperBound
            if tokensEatingSpace.contains(match.token) {
                while start < bytes.endIndex, Self.isSpace(bytes[start]) {
                    start = bytes.index(after: start)
                    offset += 1
                }
            }
        }
        encodePlain(text[start...], into: &result, goesOn)
        if addSpecial, addsEndOfSequence, let endOfSequence { result.append(endOfSequence) }
        return result
    }

    /// The text of tokens; bytes that are not UTF-8 become replacement characters, unknown ids become nothing.
    ///
    /// - Parameter skipSpecial: whether to leave out control tokens rather than write their names.
    package func decode(_ ids: some Sequence<TokenID>, skipSpecial: Bool = false) -> String {
        var bytes: [UInt8] = []
        var dropsSpace = encoding.addsSpace
        for id in ids where !(skipSpecial && isSpecial(id)) { append(id, to: &bytes, &dropsSpace) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the bytes of a token; if it begins a text, without the space that encoding puts before every text.
    func append(_ id: TokenID, to bytes: inout [UInt8], _ dropsSpace: inout Bool) {
        guard let token = index(id) else { return }
        var piece = tokenBytes[token]
        if dropsSpace, !piece.isEmpty {
            if piece.first == UInt8(ascii: " "), vocabulary.kinds[token] == .normal { piece = piece.dropFirst() }
            dropsSpace = false
        }
        bytes.append(contentsOf: piece)
    }

    /// Whether text after a token, nil for none, is one that encoding puts a space before.
    func addsSpace(after id: TokenID?) -> Bool {
        guard encoding.addsSpace else { return false }
        guard let id, let token = index(id) else { return true }
        return vocabulary.kinds[token] == .control || vocabulary.kinds[token] == .userDefined
            || vocabulary.kinds[token] == .unknown
    }

    /// The bytes a token stands for, which need not be whole characters; none for an id outside of the vocabulary.
    package func bytes(of id: TokenID) -> [UInt8] {
        index(id).map { Array(tokenBytes[$0]) } ?? []
    }

    /// A token as the vocabulary writes it, nil for an id outside of it.
    package func text(of id: TokenID) -> String? {
        index(id).map { String(decoding: vocabulary.text(of: $0), as: UTF8.self) }
    }

    /// Whether a token is control rather than text.
    package func isSpecial(_ id: TokenID) -> Bool {
        guard let token = index(id) else { return false }
        return vocabulary.kinds[token] == .control || vocabulary.kinds[token] == .unknown
    }

    /// The token with exactly that text in the vocabulary, such as "<|im_end|>"; nil when there is none.
    package func token(text: String) -> TokenID? {
        vocabulary.token(text: Array(text.utf8)).map { TokenID($0) }
    }

    private func index(_ id: TokenID) -> Int? {
        Int(id) < vocabulary.count ? Int(id) : nil
    }

    private func encodePlain(_ text: Substring, into result: inout [TokenID], _ goesOn: () -> Bool) {
        guard !text.isEmpty else { return }
        encoding.encode(text.utf8, into: &result, goesOn)
    }

    /// Phi-3's special tokens take the white space after them; only what the model is called tells.
    private static func tokensEatingSpace(
        _ keys: TokenizerKeys, _ vocabulary: Vocabulary, _ kind: TokenizerKind
    ) throws(TokenizerError) -> Set<TokenID> {
        let name = try keys.string("general.name")?.lowercased() ?? ""
        let isPhi3 =
            try keys.string("general.architecture") == "phi3" || name.contains("phi-3") || name.contains("phi3")
        guard kind == .sentencePiece, isPhi3 else { return [] }
        let others = ["<unk>", "<s>", "<|endoftext|>"].map { Array($0.utf8)[...] }
        return Set(
            (0..<vocabulary.count).lazy.filter { token in
                [.control, .unknown, .userDefined].contains(vocabulary.kinds[token])
                    && !others.contains(vocabulary.text(of: token))
            }.map { TokenID($0) })
    }

    /// C's `isspace`.
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}
