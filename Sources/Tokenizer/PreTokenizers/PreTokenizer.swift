import GGUF

/// How a text is cut into pieces before byte-pair encoding; no token ever spans two pieces.
///
/// Models define these as regular expressions; here each is a scanner by hand that makes the same cuts in one pass.
struct PreTokenizer: Sendable, Hashable {
    /// Cuts that are made one within the other.
    let patterns: [SplitPattern]
    /// Whether a piece that is a token as a whole is taken as that, past the merges (`ignore_merges`).
    let takesWholePieces: Bool
    /// Whether texts begin with the token for that when the file does not say.
    let addsBeginningByDefault: Bool

    init(_ patterns: SplitPattern..., takesWholePieces: Bool = false, addsBeginningByDefault: Bool = false) {
        self.patterns = patterns
        self.takesWholePieces = takesWholePieces
        self.addsBeginningByDefault = addsBeginningByDefault
    }

    /// What a file's `tokenizer.ggml.pre` names, nil where it names none: such files are of the time before there were several.
    static func named(in metadata: GGUFMetadata) throws(TokenizerError) -> PreTokenizer? {
        guard let name = try TokenizerKeys(metadata: metadata).string("tokenizer.ggml.pre"), !name.isEmpty else {
            return nil
        }
        guard let known = families.first(where: { $0.names.contains(name) }) else {
            let supported = families.flatMap(\.names).sorted().joined(separator: ", ")
            throw TokenizerError(
                code: .unsupportedPreTokenizer,
                message:
                    "the pre-tokenizer \(name) (tokenizer.ggml.pre) is not known, and texts cut in another way would be other tokens than the model learned: use a newer version of this program or a file with one of \(supported)"
            )
        }
        return known.value
    }

    /// Calls `body` with the ranges of scalars of all pieces, in order and without gaps.
    func split(_ text: ClassifiedText, _ body: (Range<Int>) -> Void) {
        text.split(0..<text.scalars.count, by: patterns[...], body)
    }
}
