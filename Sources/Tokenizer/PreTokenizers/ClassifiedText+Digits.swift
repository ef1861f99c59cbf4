/// How numbers are cut into groups of three that are counted from the end ("1234567" to "1", "234", "567").
enum DigitGroups: Sendable, Hashable {
    /// Runs of `\p{N}` (AFMoE).
    case numbers
    /// `(?=(\d{3})+(?!\d))`: runs of decimal digits (SuperBPE).
    case digits
    /// `\d{1,3}(?=(?:\d{3})*\b)`: runs of decimal digits that end where a word does (Tiny Aya).
    case wholeWords
}

extension ClassifiedText {
    /// `[0-9][0-9][0-9]`.
    func endOfThreeDigits(from start: Int, to end: Int) -> Int? {
        guard end - start >= 3, scalars[start..<start + 3].allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
        return start + 3
    }

    func splitDigitGroups(_ range: Range<Int>, _ groups: DigitGroups, _ body: (Range<Int>) -> Void) {
        var (gap, index) = (range.lowerBound, range.lowerBound)
        func cut(at place: Int) {
            guard place > gap else { return }
            body(gap..<place)
            gap = place
        }
        while index < range.upperBound {
            let end = endOfNumber(from: index, to: range.upperBound, groups)
            guard end > index else {
                index += 1
                continue
            }
            let first = index + (end - index) % 3
            switch groups {
            case .wholeWords where end < range.upperBound && isWord(end): break
            case .numbers, .wholeWords:
                cut(at: index)
                for place in stride(from: first, through: end, by: 3) { cut(at: place) }
            case .digits:
                // An empty match: nothing is cut off at the number's end.
                for place in stride(from: first, to: end, by: 3) { cut(at: place) }
            }
            index = end
        }
        if gap < range.upperBound { body(gap..<range.upperBound) }
    }

    private func endOfNumber(from start: Int, to end: Int, _ groups: DigitGroups) -> Int {
        if groups == .numbers { return endOfRun(from: start, to: end, of: .number) }
        var index = start
        while index < end, classes[index] == .number, scalars[index].properties.generalCategory == .decimalNumber {
            index += 1
        }
        return index
    }

    /// `\w`: what has no word boundary to a digit before it.
    private func isWord(_ index: Int) -> Bool {
        let properties = scalars[index].properties
        return properties.isAlphabetic || properties.isJoinControl || classes[index] == .mark
            || properties.generalCategory == .decimalNumber || properties.generalCategory == .connectorPunctuation
    }
}
