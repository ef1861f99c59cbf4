extension ClassifiedText {
    /// The cuts of Llama 3 and, with one digit, of Qwen 2: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|`
    /// `\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
    func splitLikeLlama3(_ range: Range<Int>, maximumDigits: Int, _ body: (Range<Int>) -> Void) {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = endOfLlama3Piece(from: start, to: range.upperBound, maximumDigits: maximumDigits)
            body(start..<end)
            start = end
        }
    }

    private func endOfLlama3Piece(from start: Int, to end: Int, maximumDigits: Int) -> Int {
        if let contraction = endOfContraction(from: start, to: end, ignoringCase: true) { return contraction }
        let kind = classes[start]
        let following = start + 1 < end ? classes[start + 1] : nil
        if kind == .letter || (following == .letter && kind != .newline && kind != .number) {
            return endOfRun(from: start + 1, to: end) { $0 == .letter }
        }
        if kind == .number {
            return endOfRun(from: start, to: min(end, start + maximumDigits)) { $0 == .number }
        }
        if kind == .other || (scalars[start] == " " && following == .other) {
            let symbols = endOfRun(from: start + 1, to: end) { $0 == .other }
            return endOfRun(from: symbols, to: end) { $0 == .newline }
        }
        let runEnd = endOfRun(from: start, to: end) { $0.isWhitespace }
        if let newline = classes[start..<runEnd].lastIndex(of: .newline) { return newline + 1 }
        return endOfWhitespace(from: start, to: end)
    }
}
