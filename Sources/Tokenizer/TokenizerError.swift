package import GGUF

/// Why a file's tokenizer cannot be used.
package struct TokenizerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable, Hashable {
        /// The file's metadata lack something or hold it in another type.
        case metadata
        /// `tokenizer.ggml.model` names an algorithm that is not built.
        case unsupportedModel
        /// `tokenizer.ggml.pre` names a way to split text that is not built.
        case unsupportedPreTokenizer
        /// The vocabulary contradicts itself.
        case invalidVocabulary
    }

    /// The kind of failure.
    package let code: Code
    /// What went wrong and what to do about it.
    package let message: String

    /// Makes an error.
    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// What the metadata lack.
    package init(_ error: GGUFError) {
        self.init(code: .metadata, message: "\(error)")
    }

    package var description: String { message }
}
