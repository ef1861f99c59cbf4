import GGUF

extension MergeTable {
    /// Reads `tokenizer.ggml.merges`: one text "left right" per merge, in order.
    init(metadata: GGUFMetadata, vocabulary: Vocabulary) throws(TokenizerError) {
        guard let array = metadata["tokenizer.ggml.merges"]?.array, array.elementType == .string,
            array.count <= Int(Int32.max / 4)
        else {
            throw TokenizerError(
                code: .metadata,
                message: "the file has no merges (tokenizer.ggml.merges): use a file that was converted with them")
        }
        self.init(capacity: array.count)
        var joined: [UInt8] = []
        var rank: UInt32 = 0
        try array.forEachStringBytes { (text: UnsafeRawBufferPointer) throws(TokenizerError) in
            defer { rank += 1 }
            // The left part may itself be a space in vocabularies that are not of the byte alphabet.
            guard let space = text.dropFirst().firstIndex(of: 0x20), space + 1 < text.count else {
                throw TokenizerError(
                    code: .invalidVocabulary,
                    message: "merge \(rank) of the file is not two texts and a space: download or convert it again")
            }
            let first = UnsafeRawBufferPointer(rebasing: text[..<space])
            let second = UnsafeRawBufferPointer(rebasing: text[(space + 1)...])
            joined.removeAll(keepingCapacity: true)
            joined.append(contentsOf: first)
            joined.append(contentsOf: second)
            // Merges of texts outside of the vocabulary can never lead to a token; into a control token none may lead.
            guard let left = vocabulary.token(text: first), let right = vocabulary.token(text: second),
                let token = vocabulary.token(text: joined), vocabulary.kinds[token] != .control
            else { return }
            insert(left: TokenID(left), right: TokenID(right), rank: rank, token: TokenID(token))
        }
    }
}
