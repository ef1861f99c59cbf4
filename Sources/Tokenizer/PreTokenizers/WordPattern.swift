/// What a regular expression of the kind of Llama 3's consists of. In the order of its alternatives:
///
/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)` (contraction), `[^\r\n\p{L}\p{N}]?\p{L}+` (word), `\p{N}{1,3}` (numbers),
/// ` ?[^\s\p{L}\p{N}]+[\r\n]*` (signs), `\s*[\r\n]+`, `\s+(?!\S)`, `\s+` (white space).
struct WordPattern: Sendable, Hashable {
    /// Where `'s` and the like go.
    enum Contractions: Sendable, Hashable {
        /// They are pieces of their own.
        case apart
        /// They end the word before them.
        case attached
        /// They are nothing special.
        case ignored
    }

    /// What a word consists of.
    enum Words: Sendable, Hashable {
        /// `\p{L}+`.
        case letters
        /// `[\p{L}\p{M}]+`; then marks are no signs.
        case lettersAndMarks
        /// `U*W+|U+W*`, with U = `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, W = `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`: cut where a capital
        /// letter follows a small one.
        case cased
        /// The same without Chinese characters, whose runs (`\p{Han}+`) are pieces of their own.
        case casedExceptHan
        /// `(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+`: several words with single spaces.
        case phrases
    }

    /// What may follow signs and stays with them.
    enum SignEnd: Sendable, Hashable {
        case nothing
        /// `[\r\n]*`.
        case newlines
        /// `[\r\n/]*`.
        case newlinesAndSlashes
        /// `[\r\n/]?`.
        case oneNewline
    }

    /// How white space without a line's end is cut.
    enum Spaces: Sendable, Hashable {
        /// `\s+(?!\S)|\s+`.
        case lastApart
        /// `\s{512}(?!\S)|\s{256}(?!\S)|...|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}`.
        case powersOfTwo
    }

    var contractions = Contractions.apart
    var words = Words.letters
    var maximumNumbers = 3
    var signEnd = SignEnd.newlines
    var spaces = Spaces.lastApart

    static let llama3 = WordPattern()
    static let qwen2 = WordPattern(maximumNumbers: 1)
    static let qwen35 = WordPattern(words: .lettersAndMarks, maximumNumbers: 1)
    static let tekken = WordPattern(
        contractions: .ignored, words: .cased, maximumNumbers: 1, signEnd: .newlinesAndSlashes)
    static let gpt4o = WordPattern(contractions: .attached, words: .cased, signEnd: .newlinesAndSlashes)
    static let youtu = WordPattern(
        contractions: .attached, words: .cased, maximumNumbers: 1, signEnd: .newlinesAndSlashes)
    static let kimi = WordPattern(contractions: .attached, words: .casedExceptHan)
    static let seedCoder = WordPattern(maximumNumbers: 1, signEnd: .nothing)
    static let ufakzeka = WordPattern(contractions: .ignored, maximumNumbers: 1)
    static let exaoneMoE = WordPattern(words: .phrases, maximumNumbers: 1, signEnd: .oneNewline)
    static let miniCPM5 = WordPattern(maximumNumbers: .max)
    static let jais2 = WordPattern(spaces: .powersOfTwo)
}
