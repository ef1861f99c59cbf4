extension ClassifiedText {
    /// The cuts for files that name no pre-tokenizer, four splits one after the other (llama.cpp's "default"):
    /// `[\p{P}\$\+<=>\^~\|]+`, GPT-2's, `\p{N}+`, `[0-9][0-9][0-9]`.
    func splitLikeDefault(_ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        split(range, by: endOfPunctuation) { part in
            splitLikeGPT2(part) { piece in
                split(piece, by: endOfNumber) { number in
                    split(number, by: endOfThreeDigits, body)
                }
            }
        }
    }

    private func endOfPunctuation(from start: Int, to end: Int) -> Int? {
        var index = start
        while index < end, isPunctuation(index) { index += 1 }
        return index > start ? index : nil
    }

    private func endOfNumber(from start: Int, to end: Int) -> Int? {
        let runEnd = endOfRun(from: start, to: end) { $0 == .number }
        return runEnd > start ? runEnd : nil
    }

    private func endOfThreeDigits(from start: Int, to end: Int) -> Int? {
        guard end - start >= 3, scalars[start..<start + 3].allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
        return start + 3
    }

    private func isPunctuation(_ index: Int) -> Bool {
        guard classes[index] == .other else { return false }
        switch scalars[index] {
        case "$", "+", "<", "=", ">", "^", "~", "|": return true
        default: break
        }
        switch scalars[index].properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }
}
