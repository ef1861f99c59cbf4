extension ClassifiedText {
    /// The cuts of GPT-2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
    func splitLikeGPT2(_ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = endOfGPT2Piece(from: start, to: range.upperBound)
            body(start..<end)
            start = end
        }
    }

    private func endOfGPT2Piece(from start: Int, to end: Int) -> Int {
        if let contraction = endOfContraction(from: start, to: end, ignoringCase: false) { return contraction }
        let first = scalars[start] == " " && start + 1 < end ? start + 1 : start
        let kind = classes[first]
        if kind.isIn(.whitespace) { return endOfWhitespace(from: start, to: end) }
        let run: CharacterClass = kind.isIn(.letter) ? .letter : kind.isIn(.number) ? .number : .sign
        return endOfRun(from: first, to: end, of: run)
    }

    /// `\s+(?!\S)|\s+`: the last of several white space characters stays with what follows.
    func endOfWhitespace(from start: Int, to end: Int) -> Int {
        let runEnd = endOfRun(from: start, to: end, of: .whitespace)
        return runEnd == end || runEnd == start + 1 ? runEnd : runEnd - 1
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`, nil when there is none at this place.
    func endOfContraction(from start: Int, to end: Int, ignoringCase: Bool) -> Int? {
        guard start < end, scalars[start] == "'", start + 1 < end else { return nil }
        func letter(_ index: Int) -> Unicode.Scalar {
            guard index < end else { return " " }
            let scalar = scalars[index]
            // Setting bit 5 makes an ASCII letter small.
            return ignoringCase && ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar
        }
        switch (letter(start + 1), letter(start + 2)) {
        case ("s", _), ("t", _), ("m", _), ("d", _): return start + 2
        case ("r", "e"), ("v", "e"), ("l", "l"): return start + 3
        default: return nil
        }
    }
}
