import GGUF

/// How a text is cut into pieces before byte-pair encoding; no token ever spans two pieces.
///
/// Models define these as regular expressions; here each is a scanner by hand that makes the same cuts in one pass.
enum PreTokenizer: Sendable, Hashable {
    case gpt2
    case smollm
    case llama3
    case qwen2
    case standard

    /// The names in `tokenizer.ggml.pre` that are understood.
    private static let names: [(name: String, value: PreTokenizer)] = [
        ("smollm", .smollm), ("gpt-2", .gpt2), ("gpt2", .gpt2), ("llama-bpe", .llama3), ("llama3", .llama3),
        ("llama-v3", .llama3), ("qwen2", .qwen2), ("default", .standard),
    ]

    /// Reads `tokenizer.ggml.pre`; files without it are of the time before there were several.
    init(metadata: GGUFMetadata) throws(TokenizerError) {
        let name: String
        do {
            name = try metadata.string(ifPresent: "tokenizer.ggml.pre") ?? "default"
        } catch {
            throw TokenizerError(error)
        }
        guard let known = Self.names.first(where: { $0.name == name }) else {
            let supported = Self.names.map(\.name).joined(separator: ", ")
            throw TokenizerError(
                code: .unsupportedPreTokenizer,
                message:
                    "the pre-tokenizer \(name) (tokenizer.ggml.pre) is not supported: use a model with one of \(supported)"
            )
        }
        self = known.value
    }

    /// Whether a piece that is a token as a whole is taken as that, past the merges (Llama 3's `ignore_merges`).
    var takesWholePieces: Bool { self == .llama3 }

    /// Whether texts begin with the token for that when the file does not say.
    var addsBeginningByDefault: Bool { self == .llama3 }

    /// Calls `body` with the ranges of scalars of all pieces, in order and without gaps.
    func split(_ text: ClassifiedText, _ body: (Range<Int>) -> Void) {
        let all = 0..<text.scalars.count
        switch self {
        case .gpt2:
            text.splitLikeGPT2(all, body)
        case .smollm:
            // Digits come off one by one first; what is between is a text of its own for the second split.
            text.split(all, by: { start, _ in text.classes[start] == .number ? start + 1 : nil }) {
                text.splitLikeGPT2($0, body)
            }
        case .llama3:
            text.splitLikeLlama3(all, maximumDigits: 3, body)
        case .qwen2:
            text.splitLikeLlama3(all, maximumDigits: 1, body)
        case .standard:
            text.splitLikeDefault(all, body)
        }
    }
}

extension ClassifiedText {
    /// Calls `body` with every match and with what lies between matches.
    ///
    /// - Parameter match: the end of the match that begins at a place, nil when none does.
    func split(_ range: Range<Int>, by match: (_ start: Int, _ end: Int) -> Int?, _ body: (Range<Int>) -> Void) {
        var gap = range.lowerBound
        var index = range.lowerBound
        while index < range.upperBound {
            guard let end = match(index, range.upperBound) else {
                index += 1
                continue
            }
            if gap < index { body(gap..<index) }
            body(index..<end)
            index = end
            gap = end
        }
        if gap < range.upperBound { body(gap..<range.upperBound) }
    }
}
