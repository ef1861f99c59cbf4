extension ClassifiedText {
    /// `[\p{P}\$\+<=>\^~\|]+`, with the back quote where that is said.
    func endOfPunctuation(from start: Int, to end: Int, backQuote: Bool) -> Int? {
        var index = start
        while index < end, isPunctuation(index, backQuote: backQuote) { index += 1 }
        return index > start ? index : nil
    }

    private func isPunctuation(_ index: Int, backQuote: Bool) -> Bool {
        if classes[index] == .punctuation { return true }
        switch scalars[index] {
        case "$", "+", "<", "=", ">", "^", "~", "|": return true
        case "`": return backQuote
        default: return false
        }
    }

    /// ``[\p{P}!-/:-@\[-`{-~]``.
    func isAnyPunctuation(_ index: Int) -> Bool {
        classes[index] == .punctuation || (scalars[index].isASCII && classes[index] == .symbol)
    }
}
