import GGUF

/// The tokens of a file: their texts as written there, and the index from text to token.
struct Vocabulary: Sendable {
    /// One kind per token.
    private(set) var kinds: [TokenKind]
    /// Whether the file says of what kind its tokens are.
    let hasKinds: Bool
    /// All texts, one after the other.
    private let texts: [UInt8]
    /// Where each text begins in `texts`, and at the end where the last one ends.
    private let offsets: [Int]
    /// An open hash table of tokens, -1 where free; its size is a power of two, at most half full.
    private let table: [Int32]

    var count: Int { kinds.count }

    /// Reads `tokenizer.ggml.tokens` and `tokenizer.ggml.token_type`.
    init(metadata: GGUFMetadata) throws(TokenizerError) {
        guard let tokens = metadata["tokenizer.ggml.tokens"]?.array, tokens.elementType == .string, tokens.count > 0,
            tokens.count <= Int(Int32.max / 4)
        else {
            throw TokenizerError(
                code: .metadata,
                message: "the file has no vocabulary (tokenizer.ggml.tokens): use a file that was converted with one")
        }
        var texts: [UInt8] = []
        var offsets = [0]
        offsets.reserveCapacity(tokens.count + 1)
        tokens.forEachStringBytes { bytes in
            texts.append(contentsOf: bytes)
            offsets.append(texts.count)
        }
        hasKinds = metadata["tokenizer.ggml.token_type"] != nil
        kinds = try Self.kinds(metadata, count: tokens.count)
        table = Self.makeTable(texts: texts, offsets: offsets)
        self.texts = texts
        self.offsets = offsets
    }

    /// Takes a token for another kind than the file says.
    mutating func retype(_ token: Int, as kind: TokenKind) { kinds[token] = kind }

    /// Bytes of the longest text of a token that text can become.
    var longestText: Int {
        (0..<count).lazy.filter { kinds[$0].isText }.map { text(of: $0).count }.max() ?? 0
    }

    /// The text of a token as the file writes it.
    func text(of token: Int) -> ArraySlice<UInt8> {
        texts[offsets[token]..<offsets[token + 1]]
    }

    /// The token with exactly that text, the first one when there are several.
    func token(text: [UInt8]) -> Int? {
        text.withUnsafeBytes { token(text: $0) }
    }

    /// The token with exactly that text, the first one when there are several.
    func token(text: UnsafeRawBufferPointer) -> Int? {
        let mask = table.count - 1
        var slot = Self.hash(text) & mask
        return texts.withUnsafeBytes { texts in
            while table[slot] >= 0 {
                let token = Int(table[slot])
                if Self.areEqual(texts, offsets[token]..<offsets[token + 1], text) { return token }
                slot = (slot + 1) & mask
            }
            return nil
        }
    }

    private static func makeTable(texts: [UInt8], offsets: [Int]) -> [Int32] {
        let count = offsets.count - 1
        var size = 16
        while size < count * 2 { size *= 2 }
        let mask = size - 1
        var table = [Int32](repeating: -1, count: size)
        texts.withUnsafeBytes { raw in
            for token in 0..<count {
                let text = UnsafeRawBufferPointer(rebasing: raw[offsets[token]..<offsets[token + 1]])
                var slot = hash(text) & mask
                var isNew = true
                while table[slot] >= 0, isNew {
                    let other = Int(table[slot])
                    isNew = !areEqual(raw, offsets[other]..<offsets[other + 1], text)
                    slot = (slot + 1) & mask
                }
                if isNew { table[slot] = Int32(token) }
            }
        }
        return table
    }

    private static func areEqual(
        _ texts: UnsafeRawBufferPointer, _ range: Range<Int>, _ text: UnsafeRawBufferPointer
    ) -> Bool {
        guard range.count == text.count else { return false }
        for index in 0..<text.count where texts[range.lowerBound + index] != text[index] { return false }
        return true
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        // Swift seeds its hashes anew in every process, so that no file can be made to put all texts into one slot.
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }

    private static func kinds(_ metadata: GGUFMetadata, count: Int) throws(TokenizerError) -> [TokenKind] {
        let numbers: [Int]?
        do {
            numbers = try metadata.integers(ifPresent: "tokenizer.ggml.token_type")
        } catch {
            throw TokenizerError(error)
        }
        guard let numbers else { return [TokenKind](repeating: .normal, count: count) }
        guard numbers.count == count else {
            throw TokenizerError(
                code: .invalidVocabulary,
                message:
                    "the file has \(count) tokens but \(numbers.count) token types: download or convert it again")
        }
        // Kind 0 is "undefined", which other readers treat as normal text; so are kinds yet to be invented.
        return numbers.map { UInt8(exactly: $0).flatMap(TokenKind.init(rawValue:)) ?? .normal }
    }
}
