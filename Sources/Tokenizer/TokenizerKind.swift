import GGUF

/// The kinds of tokenizers (`tokenizer.ggml.model`) and what they do where a file does not say.
enum TokenizerKind: Sendable, Hashable {
    /// "gpt2": byte-level byte-pair encoding.
    case bytePair(PreTokenizer)
    /// "gemma4": byte-pair encoding over characters.
    case characterPair(takesNewlineRuns: Bool)
    /// "llama": SentencePiece's byte-pair encoding.
    case sentencePiece
    /// "t5": SentencePiece's unigram model.
    case unigram
    /// "bert": WordPiece.
    case wordPiece

    /// Reads `tokenizer.ggml.model` and `tokenizer.ggml.pre`; warns where they leave something open.
    init(metadata: GGUFMetadata, warnings: inout [String]) throws(TokenizerError) {
        let keys = TokenizerKeys(metadata: metadata)
        switch try keys.model() {
        case "gpt2":
            switch try keys.string("tokenizer.ggml.pre") {
            case "granite-embed-multi-311m", "gemma4": self = .characterPair(takesNewlineRuns: true)
            case "sarvam-moe": self = .characterPair(takesNewlineRuns: false)
            default:
                let named = try PreTokenizer.named(in: metadata)
                if named == nil {
                    warnings.append(
                        "the file names no pre-tokenizer (tokenizer.ggml.pre): texts are split the default way, which may not be the model's; answers can suffer, convert the model again"
                    )
                }
                self = .bytePair(named ?? .standard)
            }
        case "gemma4": self = .characterPair(takesNewlineRuns: true)
        case "llama": self = .sentencePiece
        case "t5": self = .unigram
        case "bert": self = .wordPiece
        case let other:
            throw TokenizerError(
                code: .unsupportedModel,
                message:
                    "the tokenizer \(other) (tokenizer.ggml.model) is not supported: use a model with gpt2 (byte-level BPE), llama (SentencePiece), gemma4, t5 (unigram) or bert (WordPiece)"
            )
        }
    }

    /// Whether texts begin with the token for that when the file does not say.
    var addsBeginning: Bool {
        switch self {
        case .bytePair(let preTokenizer): preTokenizer.addsBeginningByDefault
        case .characterPair(let isGemma): isGemma
        case .sentencePiece, .wordPiece: true
        case .unigram: false
        }
    }

    /// Whether texts end with the token for that when the file does not say.
    var addsEnd: Bool {
        switch self {
        case .bytePair, .characterPair, .sentencePiece: false
        case .unigram, .wordPiece: true
        }
    }

    /// The tokens of roles in vocabularies of this kind that do not name them: those of the first models.
    var usualTokens: (beginning: Int?, end: Int?, unknown: Int?) {
        switch self {
        case .bytePair, .characterPair: (nil, nil, nil)
        case .sentencePiece: (1, 2, 0)
        case .unigram: (nil, 1, 2)
        case .wordPiece: (101, 102, 100)
        }
    }
}
