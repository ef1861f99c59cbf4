/// What a token is for; the raw value is the number in `tokenizer.ggml.token_type` (GGUF specification).
enum TokenKind: UInt8, Sendable {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6

    /// Whether text can become such a token.
    var isText: Bool { self == .normal || self == .userDefined || self == .unused }
}
