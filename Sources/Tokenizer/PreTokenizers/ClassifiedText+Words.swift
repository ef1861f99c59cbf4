extension ClassifiedText {
    /// The cuts of Llama 3 and its relatives; see `WordPattern`. Takes time in proportion to the text.
    func splitWords(_ range: Range<Int>, _ pattern: WordPattern, _ body: (Range<Int>) -> Void) {
        var start = range.lowerBound
        while start < range.upperBound {
            if let end = endOfWordOrSigns(from: start, to: range.upperBound, pattern) {
                body(start..<end)
                start = end
                continue
            }
            // Nothing but white space is left.
            let runEnd = endOfRun(from: start, to: range.upperBound, of: .whitespace)
            if let newline = classes[start..<runEnd].lastIndex(of: .newline) {
                body(start..<newline + 1)
                start = newline + 1
                continue
            }
            switch pattern.spaces {
            case .lastApart:
                let end = runEnd == range.upperBound || runEnd == start + 1 ? runEnd : runEnd - 1
                body(start..<end)
                start = end
            case .powersOfTwo:
                // Before other text the last one is left for it.
                let last = runEnd == range.upperBound ? runEnd : max(start + 1, runEnd - 1)
                while start < last {
                    let size = Self.largestPowerOfTwo(upTo: min(512, last - start))
                    body(start..<start + size)
                    start += size
                }
            }
        }
    }

    /// The end of a contraction, word, number or signs, nil where white space begins that belongs to none.
    private func endOfWordOrSigns(from start: Int, to end: Int, _ pattern: WordPattern) -> Int? {
        if pattern.contractions == .apart,
            let contraction = endOfContraction(from: start, to: end, ignoringCase: true)
        {
            return contraction
        }
        if pattern.words == .casedExceptHan {
            let han = endOfRun(from: start, to: end, where: ScalarRanges.han.contains)
            if han > start { return han }
        }
        if let word = endOfWord(from: start, to: end, pattern.words) {
            guard pattern.contractions == .attached else { return word }
            return endOfContraction(from: word, to: end, ignoringCase: true) ?? word
        }
        if classes[start] == .number {
            return endOfRun(from: start, to: min(end, start &+ min(pattern.maximumNumbers, end - start)), of: .number)
        }
        return endOfSigns(from: start, to: end, pattern)
    }

    private func endOfSigns(from start: Int, to end: Int, _ pattern: WordPattern) -> Int? {
        let set = pattern.words == .lettersAndMarks ? CharacterClass.sign.subtracting(.mark) : .sign
        let first = scalars[start] == " " ? start + 1 : start
        guard first < end, classes[first].isIn(set) else { return nil }
        let signs = endOfRun(from: first, to: end, of: set)
        switch pattern.signEnd {
        case .nothing: return signs
        case .newlines: return endOfRun(from: signs, to: end, of: .newline)
        case .newlinesAndSlashes: return endOfRun(from: signs, to: end) { $0 == "\r" || $0 == "\n" || $0 == "/" }
        // A slash is itself a sign.
        case .oneNewline: return endOfRun(from: signs, to: min(end, signs + 1), of: .newline)
        }
    }

    /// A word with at most one character before it that is neither letter, number nor the end of a line.
    private func endOfWord(from start: Int, to end: Int, _ words: WordPattern.Words) -> Int? {
        let mayPrecede = !classes[start].isIn([.letter, .number, .newline])
        /// `[^\r\n\p{L}\p{N}]?` and a word: the character before is taken where it can be.
        func match(_ word: (Int) -> Int?) -> Int? {
            if mayPrecede, start + 1 < end, let word = word(start + 1) { return word }
            return word(start)
        }
        switch words {
        case .letters: return match { run(from: $0, to: end, of: .letter) }
        case .lettersAndMarks: return match { run(from: $0, to: end, of: [.letter, .mark]) }
        case .phrases: return match { endOfWords(from: $0, to: end) }
        case .cased, .casedExceptHan:
            let exceptHan = words == .casedExceptHan
            return match { endOfSmallWord(from: $0, to: end, exceptHan: exceptHan) }
                ?? match { endOfCapitalWord(from: $0, to: end, exceptHan: exceptHan) }
        }
    }

    private func run(from start: Int, to end: Int, of set: CharacterClass) -> Int? {
        let runEnd = endOfRun(from: start, to: end, of: set)
        return runEnd > start ? runEnd : nil
    }

    private static let upper: CharacterClass = [.uppercase, .caseless, .mark]
    private static let lower: CharacterClass = [.lowercase, .caseless, .mark]

    private func endOfCasedRun(from start: Int, to end: Int, of set: CharacterClass, exceptHan: Bool) -> Int {
        var index = start
        while index < end, classes[index].isIn(set), !(exceptHan && ScalarRanges.han.contains(scalars[index])) {
            index += 1
        }
        return index
    }

    /// `U*W+`.
    private func endOfSmallWord(from start: Int, to end: Int, exceptHan: Bool) -> Int? {
        let capitals = endOfCasedRun(from: start, to: end, of: Self.upper, exceptHan: exceptHan)
        let small = endOfCasedRun(from: capitals, to: end, of: Self.lower, exceptHan: exceptHan)
        if small > capitals { return small }
        // No small letter follows: the last character that may be either ends the word.
        return classes[start..<capitals].lastIndex { $0.isIn(Self.lower) }.map { $0 + 1 }
    }

    /// `U+W*`, where `U*W+` matches nothing.
    private func endOfCapitalWord(from start: Int, to end: Int, exceptHan: Bool) -> Int? {
        let capitals = endOfCasedRun(from: start, to: end, of: Self.upper, exceptHan: exceptHan)
        guard capitals > start else { return nil }
        return endOfCasedRun(from: capitals, to: end, of: Self.lower, exceptHan: exceptHan)
    }

    /// `(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+`.
    private func endOfWords(from start: Int, to end: Int) -> Int? {
        var index = start
        while true {
            let letter = index > start && index < end && scalars[index] == " " ? index + 1 : index
            guard letter < end, classes[letter].isIn(.letter) else { return index > start ? index : nil }
            index = endOfRun(from: letter + 1, to: end, of: .mark)
        }
    }

    private static func largestPowerOfTwo(upTo number: Int) -> Int {
        1 << (Int.bitWidth - 1 - number.leadingZeroBitCount)
    }
}
