package import GGUF

/// The number of a token in its model's vocabulary.
package typealias TokenID = UInt32

/// Turns text into a model's tokens and back, by what the model's file says.
///
/// Thread safety: a value without mutable state, may be used from any thread.
package struct Tokenizer: Sendable {
    /// How text between special tokens becomes tokens; one case per algorithm.
    private enum Algorithm: Sendable {
        case bytePair(BytePairEncoding)
    }

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

    /// The bytes of the token that stands for the most.
    package let longestTokenBytes: Int

    private let vocabulary: Vocabulary
    private let algorithm: Algorithm
    /// What every token stands for, one after the other.
    private let tokenBytes: [UInt8]
    private let tokenByteOffsets: [Int]
    private let userDefinedTokens: SpecialTokenFinder
    private let specialTokens: SpecialTokenFinder

    /// Reads the tokenizer of a file.
    ///
    /// - Throws: `TokenizerError` when something is missing, contradictory, or not supported.
    package init(metadata: GGUFMetadata) throws(TokenizerError) {
        let keys = TokenizerKeys(metadata: metadata)
        let model = try keys.model()
        guard model == "gpt2" else {
            throw TokenizerError(
                code: .unsupportedModel,
                message:
                    "the tokenizer \(model) (tokenizer.ggml.model) is not supported, supported is gpt2 (byte-level BPE): use a model with that"
            )
        }
        let vocabulary = try Vocabulary(metadata: metadata)
        let unknown = try keys.token("unknown", vocabularySize: vocabulary.count)
        let encoding = try BytePairEncoding(metadata: metadata, vocabulary: vocabulary, unknown: unknown)
        algorithm = .bytePair(encoding)
        beginningOfSequence = try keys.token("bos", vocabularySize: vocabulary.count)
        endOfSequence = try keys.token("eos", vocabularySize: vocabulary.count)
        endOfGeneration = try keys.endOfGeneration(vocabulary)
        chatTemplate = try keys.string("tokenizer.chat_template")
        addsBeginningOfSequence =
            try keys.bool("tokenizer.ggml.add_bos_token") ?? encoding.addsBeginningByDefault
        addsEndOfSequence = try keys.bool("tokenizer.ggml.add_eos_token") ?? false
        userDefinedTokens = SpecialTokenFinder(vocabulary, kinds: [.userDefined])
        specialTokens = SpecialTokenFinder(vocabulary, kinds: [.userDefined, .control, .unknown])
        (tokenBytes, tokenByteOffsets) = Self.tokenBytes(vocabulary)
        longestTokenBytes = zip(tokenByteOffsets, tokenByteOffsets.dropFirst()).lazy.map { $1 - $0 }.max() ?? 0
        self.vocabulary = vocabulary
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
        for id in ids where !(skipSpecial && isSpecial(id)) { bytes.append(contentsOf: self.bytes(of: id)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes a token stands for, which need not be whole characters; none for an id outside of the vocabulary.
    package func bytes(of id: TokenID) -> [UInt8] {
        guard let token = index(id) else { return [] }
        return Array(tokenBytes[tokenByteOffsets[token]..<tokenByteOffsets[token + 1]])
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
        switch algorithm {
        case .bytePair(let encoding): encoding.encode(text.utf8, into: &result, goesOn)
        }
    }

    private static func tokenBytes(_ vocabulary: Vocabulary) -> ([UInt8], [Int]) {
        var bytes: [UInt8] = []
        var offsets = [0]
        offsets.reserveCapacity(vocabulary.count + 1)
        for token in 0..<vocabulary.count {
            switch vocabulary.kinds[token] {
            case .normal, .unused, .byte:
                BytePairEncoding.append(bytesOfText: vocabulary.text(of: token), to: &bytes)
            case .control, .userDefined, .unknown: bytes += vocabulary.text(of: token)
            }
            offsets.append(bytes.count)
        }
        return (bytes, offsets)
    }
}
