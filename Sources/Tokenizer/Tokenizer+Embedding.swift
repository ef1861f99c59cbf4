/// A vocabulary beside the model's matrices, which have one row per token or more: converters and hardware like round numbers.
extension Tokenizer {
    /// Holds the vocabulary against the rows of the model's embedding.
    ///
    /// - Returns: a warning where there are rows without a token, nil where all is equal.
    /// - Throws: `TokenizerError` where there are tokens without a row.
    package func check(embeddingRows: Int) throws(TokenizerError) -> String? {
        guard embeddingRows >= vocabularySize else {
            throw TokenizerError(
                code: .invalidVocabulary,
                message:
                    "the vocabulary has \(vocabularySize) tokens but the model \(embeddingRows) rows for them: the file was put together from two models, download or convert it again"
            )
        }
        guard embeddingRows > vocabularySize else { return nil }
        return
            "the model has \(embeddingRows) rows for \(vocabularySize) tokens: ids from \(vocabularySize) on are never chosen"
    }

    /// The ids below `embeddingRows` that no answer may hold: rows without a token, and tokens that the file forbids.
    package func forbiddenTokens(embeddingRows: Int) -> [TokenID] {
        suppressedTokens.filter { Int($0) < embeddingRows }
            + (vocabularySize..<max(vocabularySize, embeddingRows)).map { TokenID($0) }
    }
}
