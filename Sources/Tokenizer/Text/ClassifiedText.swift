/// A text as an array of Unicode scalars with their classes, and as UTF-8.
struct ClassifiedText {
    /// The text in UTF-8.
    let bytes: [UInt8]
    /// The scalars in order.
    let scalars: [Unicode.Scalar]
    /// One class per scalar.
    let classes: [CharacterClass]

    init(_ text: Substring.UTF8View) {
        bytes = Array(text)
        var scalars: [Unicode.Scalar] = []
        var classes: [CharacterClass] = []
        scalars.reserveCapacity(bytes.count)
        classes.reserveCapacity(bytes.count)
        for scalar in Substring(text).unicodeScalars {
            scalars.append(scalar)
            classes.append(CharacterClass(scalar))
        }
        self.scalars = scalars
        self.classes = classes
    }

    /// How many of `bytes` a range of scalars takes.
    func byteCount(_ range: Range<Int>) -> Int {
        scalars[range].reduce(0) { $0 + UTF8.width($1) }
    }

    /// The end of the run of characters from `start` whose classes are in a set, at most `end`.
    func endOfRun(from start: Int, to end: Int, of set: CharacterClass) -> Int {
        var index = start
        while index < end, classes[index].isIn(set) { index += 1 }
        return index
    }

    /// The end of the run of characters from `start` that satisfy a condition, at most `end`.
    func endOfRun(from start: Int, to end: Int, where condition: (Unicode.Scalar) -> Bool) -> Int {
        var index = start
        while index < end, condition(scalars[index]) { index += 1 }
        return index
    }
}
