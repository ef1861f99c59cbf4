import Tokenizer

extension Coordinator {
    /// The bytes of text that a prompt can have at most: with more it has more tokens than the context has positions, whatever they are.
    ///
    /// Known before a text is cut into tokens. Where contexts are shifted a prompt may be longer than one; then it is four times as much.
    package var maximumPromptBytes: Int {
        let tokens = model.context * (configuration.contextShift == nil ? 1 : 4)
        return tokens.multipliedReportingOverflow(by: max(1, model.tokenizer?.longestTokenBytes ?? 1)).partialValue
    }
}
