import GGUF

/// SentencePiece's unigram model (`tokenizer.ggml.model` = "t5"): of all ways to cut a text into pieces the one whose scores,
/// logarithms of probabilities, have the highest sum (Viterbi's algorithm).
///
/// Kudo 2018; what the file's flags do is llama.cpp's convention.
struct UnigramEncoding: Sendable {
    private let vocabulary: Vocabulary
    private let pieces: PieceIndex
    /// One score per token; user-defined ones have the best.
    private let scores: [Double]
    /// The score of a character without a token: worse than any token by 10 (SentencePiece's `kUnkPenalty`).
    private let unknownScore: Double
    private let spaces: SentencePieceSpaces
    private let characters: CharacterMap?
    private let fallback: UnknownText

    init(
        vocabulary: Vocabulary, scores: [Float], spaces: SentencePieceSpaces, characters: CharacterMap?,
        unknown: TokenID?
    ) {
        self.vocabulary = vocabulary
        self.spaces = spaces
        self.characters = characters
        let texts = (0..<vocabulary.count).filter { vocabulary.kinds[$0].isText }
        pieces = PieceIndex(texts.map { (vocabulary.text(of: $0), TokenID($0)) })
        self.scores = scores.enumerated().map { token, score in
            vocabulary.kinds[token] == .userDefined ? 0 : score.isFinite ? Double(score) : -1e9
        }
        let lowest = texts.lazy.filter { vocabulary.kinds[$0] == .normal }.map { scores[$0] }.filter(\.isFinite).min()
        unknownScore = Double(lowest ?? 0) - 10
        fallback = UnknownText(vocabulary, unknown: unknown)
    }

    /// Whether a text that is decoded begins with a space that was added.
    var addsSpace: Bool { spaces.addsPrefix }

    /// The best way to a place in the text: its last piece, nil for a character without a token, and the sum of scores.
    private struct Step {
        var token: TokenID?
        var start = 0
        var score = -Double.infinity
    }

    /// Characters between two questions whether to go on.
    private static let charactersPerLook = 4096

    /// Appends the tokens of text that holds no special tokens, as far as `goesOn` lets it.
    func encode(_ text: Substring.UTF8View, into result: inout [TokenID], _ goesOn: () -> Bool) {
        let normal = characters.map { spaces.apply($0.apply(Array(text))) } ?? spaces.apply(text)
        guard !normal.isEmpty else { return }
        var steps = [Step](repeating: Step(), count: normal.count + 1)
        steps[0].score = 0
        let isDone = normal.withUnsafeBufferPointer { text in
            var (place, looks) = (0, 0)
            while place < text.count {
                looks += 1
                if looks % Self.charactersPerLook == 0, !goesOn() { return false }
                let width = min(CharacterPieces.width(text[place]), text.count - place)
                takePieces(of: text, at: place, width: width, &steps)
                place += width
            }
            return true
        }
        if isDone { append(steps, of: normal, to: &result) }
    }

    private func takePieces(
        of text: UnsafeBufferPointer<UInt8>, at place: Int, width: Int, _ steps: inout [Step]
    ) {
        let base = steps[place].score
        var isCharacterKnown = false
        func take(_ token: TokenID?, _ count: Int, _ score: Double) {
            guard base + score > steps[place + count].score else { return }
            steps[place + count] = Step(token: token, start: place, score: base + score)
        }
        pieces.forEachPrefix(of: text, at: place) { token, count in
            if count == width { isCharacterKnown = true }
            take(token, count, scores[Int(token)])
        }
        if !isCharacterKnown { take(nil, width, unknownScore) }
    }

    /// Walks back from the end of the text, which is always reached.
    private func append(_ steps: [Step], of text: [UInt8], to result: inout [TokenID]) {
        var ends: [Int] = []
        var end = text.count
        while end > 0 {
            ends.append(end)
            end = steps[end].start
        }
        let first = result.count
        for end in ends.reversed() {
            if let token = steps[end].token {
                result.append(token)
            } else {
                fallback.append(text[steps[end].start..<end], to: &result, from: first)
            }
        }
    }
}
