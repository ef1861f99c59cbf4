import GGUF

/// WordPiece (`tokenizer.ggml.model` = "bert"): a text is cut into words at white space and signs; each word becomes the longest
/// token that it begins with, then the longest that goes on, and so forth; a word for which that fails is unknown.
///
/// Devlin et al. 2019. Files mark tokens that begin a word with U+2581 (llama.cpp's conversion) or tokens that go on with "##".
struct WordPieceEncoding: Sendable {
    private let beginnings: PieceIndex
    private let continuations: PieceIndex
    private let unknown: TokenID?
    private let isLowercase: Bool
    private let stripsAccents: Bool

    /// How a vocabulary tells tokens that begin a word from those that go on.
    enum Marks: Sendable {
        case beginnings
        case continuations

        init(_ vocabulary: Vocabulary) {
            let hasSpaceMark = (0..<vocabulary.count).contains {
                vocabulary.kinds[$0].isText && vocabulary.text(of: $0).starts(with: SpaceMark.bytes)
            }
            self = hasSpaceMark ? .beginnings : .continuations
        }

        /// The text of a token without its mark, and whether it begins a word.
        func read(_ text: ArraySlice<UInt8>) -> (text: ArraySlice<UInt8>, beginsWord: Bool) {
            let mark: [UInt8] = self == .beginnings ? SpaceMark.bytes : Array("##".utf8)
            let isMarked = text.count > mark.count && text.starts(with: mark)
            return (isMarked ? text.dropFirst(mark.count) : text, isMarked == (self == .beginnings))
        }
    }

    init(vocabulary: Vocabulary, isLowercase: Bool, stripsAccents: Bool, unknown: TokenID?) {
        let marks = Marks(vocabulary)
        var beginnings: [(text: ArraySlice<UInt8>, token: TokenID)] = []
        var continuations: [(text: ArraySlice<UInt8>, token: TokenID)] = []
        for token in 0..<vocabulary.count where vocabulary.kinds[token].isText {
            let (text, beginsWord) = marks.read(vocabulary.text(of: token))
            if beginsWord {
                beginnings.append((text, TokenID(token)))
            } else {
                continuations.append((text, TokenID(token)))
            }
        }
        self.beginnings = PieceIndex(beginnings)
        self.continuations = PieceIndex(continuations)
        self.unknown = unknown
        self.isLowercase = isLowercase
        self.stripsAccents = stripsAccents
    }

    /// Words between two questions whether to go on.
    private static let wordsPerLook = 256

    /// Appends the tokens of text that holds no special tokens, as far as `goesOn` lets it.
    func encode(_ text: Substring.UTF8View, into result: inout [TokenID], _ goesOn: () -> Bool) {
        let text = String(Substring(text))
        let scalars = stripsAccents ? text.decomposed : Array(text.unicodeScalars)
        var word: [UInt8] = []
        var (words, isStopped) = (0, false)
        func endWord() {
            guard !word.isEmpty, !isStopped else { return }
            words += 1
            if words % Self.wordsPerLook == 0, !goesOn() { isStopped = true }
            encode(word: word, into: &result)
            word.removeAll(keepingCapacity: true)
        }
        for scalar in scalars {
            switch Self.role(of: scalar) {
            case .space: endWord()
            case .nothing: continue
            case .accent where stripsAccents: continue
            case .accent, .letter: append(scalar, to: &word)
            case .wordByItself:
                endWord()
                append(scalar, to: &word)
                endWord()
            }
        }
        endWord()
    }

    private func append(_ scalar: Unicode.Scalar, to word: inout [UInt8]) {
        if isLowercase {
            word += Array(scalar.properties.lowercaseMapping.utf8)
        } else {
            word += Array(String(scalar).utf8)
        }
    }

    private func encode(word: [UInt8], into result: inout [TokenID]) {
        let first = result.count
        let isKnown = word.withUnsafeBufferPointer { text in
            var place = 0
            while place < text.count {
                let index = place == 0 ? beginnings : continuations
                guard let piece = index.longestPrefix(of: text, at: place) else { return false }
                result.append(piece.token)
                place += piece.count
            }
            return true
        }
        guard !isKnown else { return }
        result.removeLast(result.count - first)
        if let unknown { result.append(unknown) }
    }

    private enum Role {
        case space, nothing, accent, wordByItself, letter
    }

    /// What BERT's own pre-processing does with a character.
    private static func role(of scalar: Unicode.Scalar) -> Role {
        let kind = CharacterClass(scalar)
        if kind.isIn(.whitespace) { return .space }
        // Controls, format characters, what is not assigned, and what stands for something unreadable.
        if kind == .other || scalar == "\u{FFFD}" { return .nothing }
        if kind == .punctuation || (scalar.isASCII && kind == .symbol) || ideographs.contains(scalar) {
            return .wordByItself
        }
        if kind == .mark, scalar.properties.generalCategory == .nonspacingMark { return .accent }
        return .letter
    }

    /// Chinese characters, each a word (BERT's `_is_chinese_char`).
    private static let ideographs = ScalarRanges([
        0x3400...0x4dbf, 0x4e00...0x9fff, 0xf900...0xfaff, 0x20000...0x2a6df, 0x2a700...0x2b73f, 0x2b740...0x2b81f,
        0x2b820...0x2ceaf, 0x2f800...0x2fa1f,
    ])
}
