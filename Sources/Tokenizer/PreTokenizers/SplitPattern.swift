/// One step of a pre-tokenizer: a way to cut a text. Each stands for a regular expression whose matches, and what lies
/// between them, become pieces of their own.
enum SplitPattern: Sendable, Hashable {
    /// GPT-2's words.
    case gpt2
    /// The words of Llama 3 and of most models since, with their differences.
    case words(WordPattern)
    /// The words of DeepSeek V3 and its relatives.
    case deepSeekWords(DeepSeekPattern)
    /// `\p{N}{1,n}`.
    case numbers(upTo: Int)
    /// `[0-9][0-9][0-9]`.
    case threeDigits
    /// Groups of three, counted from the end of a number.
    case digitGroups(DigitGroups)
    /// `[\p{P}\$\+<=>\^~\|]+`, with the back quote where that is said.
    case punctuation(backQuote: Bool)
    /// `[\p{P}!-/:-@\[-`{-~]`: punctuation and ASCII's symbols, one by one.
    case eachPunctuation
    /// `([\t\n]|    |  )`.
    case indentation
    /// Runs of characters of the first set that has one, after a white space where that is said (`\s?`).
    case runs([ScalarRanges], afterSpace: Bool)
    /// `\s?\p{X}+`.
    case classRun(CharacterClass)
    /// `[\r\n]`.
    case eachNewline
    /// `[^\n]+|\n+`.
    case lines
    /// `\s+$`.
    case trailingSpace
    /// ` ?[^(\s|.,!?…。，、।۔،)]+`.
    case phrases
}

extension ClassifiedText {
    /// Cuts a range by one pattern after the other, each within the pieces of the one before; calls `body` with the
    /// pieces, in order and without gaps.
    func split(_ range: Range<Int>, by patterns: ArraySlice<SplitPattern>, _ body: (Range<Int>) -> Void) {
        guard range.count > 1, let first = patterns.first else {
            if !range.isEmpty { body(range) }
            return
        }
        let rest = patterns.dropFirst()
        if rest.isEmpty { return split(range, by: first, body) }
        split(range, by: first) { split($0, by: rest, body) }
    }

    private func split(_ range: Range<Int>, by pattern: SplitPattern, _ body: (Range<Int>) -> Void) {
        switch pattern {
        case .gpt2: splitLikeGPT2(range, body)
        case .words(let words): splitWords(range, words, body)
        case .deepSeekWords(let words):
            split(range, by: { endOfDeepSeekWord(from: $0, to: $1, words) }, body)
        case .numbers(let most):
            split(range, by: { match($0, endOfRun(from: $0, to: $0 + min($1 - $0, most), of: .number)) }, body)
        case .threeDigits: split(range, by: endOfThreeDigits, body)
        case .digitGroups(let groups): splitDigitGroups(range, groups, body)
        case .punctuation(let backQuote):
            split(range, by: { endOfPunctuation(from: $0, to: $1, backQuote: backQuote) }, body)
        case .eachPunctuation: split(range, by: { start, _ in isAnyPunctuation(start) ? start + 1 : nil }, body)
        case .indentation: split(range, by: endOfIndentation, body)
        case .runs(let sets, let afterSpace):
            split(range, by: { endOfRun(from: $0, to: $1, of: sets, afterSpace: afterSpace) }, body)
        case .classRun(let set):
            split(range, by: { endOfRun(from: $0, to: $1, afterSpaceOf: set) }, body)
        case .eachNewline: split(range, by: { start, _ in classes[start] == .newline ? start + 1 : nil }, body)
        case .lines:
            split(
                range,
                by: { start, end in
                    let isBreak = scalars[start] == "\n"
                    return endOfRun(from: start, to: end) { ($0 == "\n") == isBreak }
                }, body)
        case .trailingSpace:
            var end = range.upperBound
            while end > range.lowerBound, classes[end - 1].isIn(.whitespace) { end -= 1 }
            if end > range.lowerBound { body(range.lowerBound..<end) }
            if end < range.upperBound { body(end..<range.upperBound) }
        case .phrases: split(range, by: endOfPhrase, body)
        }
    }

    /// Calls `body` with every match and with what lies between matches.
    ///
    /// - Parameter match: the end of the match that begins at a place, nil when none does.
    func split(_ range: Range<Int>, by match: (_ start: Int, _ end: Int) -> Int?, _ body: (Range<Int>) -> Void) {
        var gap = range.lowerBound
        var index = range.lowerBound
        while index < range.upperBound {
            guard let end = match(index, range.upperBound) else {
                index += 1
                continue
            }
            if gap < index { body(gap..<index) }
            body(index..<end)
            index = end
            gap = end
        }
        if gap < range.upperBound { body(gap..<range.upperBound) }
    }

    /// The end of a run, nil for one of nothing.
    private func match(_ start: Int, _ end: Int) -> Int? { end > start ? end : nil }

    /// ` ?[...]+` of the first of several sets that the character is in.
    private func endOfRun(from start: Int, to end: Int, of sets: [ScalarRanges], afterSpace: Bool) -> Int? {
        func run(from first: Int) -> Int? {
            guard first < end, let set = sets.first(where: { $0.contains(scalars[first]) }) else { return nil }
            return endOfRun(from: first, to: end, where: set.contains)
        }
        if afterSpace, classes[start].isIn(.whitespace), let end = run(from: start + 1) { return end }
        return run(from: start)
    }

    private func endOfRun(from start: Int, to end: Int, afterSpaceOf set: CharacterClass) -> Int? {
        let first = classes[start].isIn(.whitespace) ? start + 1 : start
        return match(first, endOfRun(from: first, to: end, of: set))
    }

    private func endOfPhrase(from start: Int, to end: Int) -> Int? {
        let first = scalars[start] == " " ? start + 1 : start
        var index = first
        while index < end, !classes[index].isIn(.whitespace), !ScalarRanges.phraseEnds.contains(scalars[index]) {
            index += 1
        }
        return match(first, index)
    }

    private func endOfIndentation(from start: Int, to end: Int) -> Int? {
        if scalars[start] == "\t" || scalars[start] == "\n" { return start + 1 }
        let spaces = endOfRun(from: start, to: min(end, start + 4)) { $0 == " " } - start
        return spaces == 4 ? start + 4 : spaces >= 2 ? start + 2 : nil
    }
}
