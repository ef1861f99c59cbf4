import ChatTemplate
import GGUF
import Tokenizer

/// A file's tokenizer, as far as it can be read.
struct InspectTokenizer: Encodable {
    struct Token: Encodable {
        var id: TokenID
        var text: String
    }

    /// `tokenizer.ggml.model` and `tokenizer.ggml.pre`.
    var model: String
    var preTokenizer: String?
    /// Tokens in the list.
    var vocabulary: Int
    /// Rows of the embedding; nil in a file without.
    var embeddingRows: Int?
    var beginningOfSequence: Token?
    var endOfSequence: Token?
    /// All tokens that end an answer.
    var endOfGeneration: [Token]
    var addsBeginningOfSequence: Bool?
    /// What the file leaves open or has wrong, and what is made of it.
    var warnings: [String]

    /// nil for a file without a tokenizer.
    init?(_ file: GGUFFile, _ findings: InspectFindings) {
        guard let model = file.metadata["tokenizer.ggml.model"]?.string else { return nil }
        self.model = model
        preTokenizer = file.metadata["tokenizer.ggml.pre"]?.string
        let tokenizer = findings.tokenizer
        vocabulary = tokenizer?.vocabularySize ?? file.metadata["tokenizer.ggml.tokens"]?.array?.count ?? 0
        embeddingRows = Self.embeddingRows(file)
        func token(_ id: TokenID) -> Token? { tokenizer?.text(of: id).map { Token(id: id, text: $0) } }
        beginningOfSequence = tokenizer?.beginningOfSequence.flatMap(token)
        endOfSequence = tokenizer?.endOfSequence.flatMap(token)
        endOfGeneration = tokenizer?.endOfGeneration.sorted().compactMap(token) ?? []
        addsBeginningOfSequence = tokenizer?.addsBeginningOfSequence
        warnings = findings.warnings
    }

    static func embeddingRows(_ file: GGUFFile) -> Int? { file.tensor(named: TensorNames.embeddingMatrix)?.rows }
}

/// A file's chat template.
struct InspectTemplate: Encodable {
    var bytes: Int
    var readable: Bool
    /// Whether it tells the model of functions that may be called; nil where it cannot be read.
    var takesTools: Bool?
    /// Why it cannot be read.
    var error: String?

    /// nil for a file without a template.
    init?(_ metadata: GGUFMetadata) {
        guard let value = metadata["tokenizer.chat_template"] else { return nil }
        guard let text = value.string else {
            (bytes, readable) = (0, false)
            error = "tokenizer.chat_template is \(value.typeName), not a text"
            return
        }
        bytes = text.utf8.count
        do throws(TemplateError) {
            _ = try ChatTemplate(source: text)
            takesTools = try ChatTemplate.source(text, names: "tools")
            readable = true
        } catch {
            readable = false
            self.error = "the model's chat template cannot be read: line \(error.line): \(error.message)"
        }
    }
}
