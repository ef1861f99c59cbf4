/// What a regular expression of the kind of DeepSeek V3's consists of. In the order of its alternatives: an ASCII sign
/// with ASCII letters, `[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+`, ` ?[\p{P}\p{S}]+[\r\n]*`, `\s*[\r\n]+`, `\s+(?!\S)`, `\s+`.
enum DeepSeekPattern: Sendable, Hashable {
    case deepSeek3
    /// Signs end before a line's end, and each of those is a piece: `[\r\n]`.
    case spark
}

extension ClassifiedText {
    /// The end of a piece, nil for what no alternative matches (numbers, controls).
    func endOfDeepSeekWord(from start: Int, to end: Int, _ pattern: DeepSeekPattern) -> Int? {
        let isSign = classes[start].isIn([.punctuation, .symbol])
        if isSign, scalars[start].isASCII, start + 1 < end, isASCIILetter(scalars[start + 1]) {
            return endOfRun(from: start + 1, to: end, where: isASCIILetter)
        }
        if let word = endOfMarkedWord(from: start, to: end) { return word }
        let first = scalars[start] == " " ? start + 1 : start
        let signs = endOfRun(from: first, to: end, of: [.punctuation, .symbol])
        if signs > first { return pattern == .spark ? signs : endOfRun(from: signs, to: end, of: .newline) }
        guard classes[start].isIn(.whitespace) else { return nil }
        switch pattern {
        case .spark:
            if classes[start] == .newline { return start + 1 }
        case .deepSeek3:
            let runEnd = endOfRun(from: start, to: end, of: .whitespace)
            if let newline = classes[start..<runEnd].lastIndex(of: .newline) { return newline + 1 }
        }
        return endOfWhitespace(from: start, to: end)
    }

    private func endOfMarkedWord(from start: Int, to end: Int) -> Int? {
        let mayPrecede = !classes[start].isIn([.letter, .newline, .punctuation, .symbol])
        if mayPrecede {
            let word = endOfRun(from: start + 1, to: end, of: [.letter, .mark])
            if word > start + 1 { return word }
        }
        let word = endOfRun(from: start, to: end, of: [.letter, .mark])
        return word > start ? word : nil
    }

    private func isASCIILetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }
}
