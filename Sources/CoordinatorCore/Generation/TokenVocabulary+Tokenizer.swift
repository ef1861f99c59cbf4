package import Grammar
package import Tokenizer

extension TokenVocabulary {
    /// A model's tokens: none of those that are control, that the file forbids, or that end an answer is text.
    package init(_ tokenizer: Tokenizer) {
        let hidden = Set(tokenizer.forbiddenTokens(embeddingRows: tokenizer.vocabularySize)).union(
            tokenizer.endOfGeneration)
        self.init(
            (0..<TokenID(tokenizer.vocabularySize)).map { token in
                tokenizer.isSpecial(token) || hidden.contains(token) ? [] : tokenizer.bytes(of: token)
            }, endTokens: tokenizer.endOfGeneration)
    }
}
