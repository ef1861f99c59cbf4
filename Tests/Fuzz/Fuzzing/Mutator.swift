/// Changes inputs as bytes: what a format's corpus and words make of it reaches far into its reader.
package struct Mutator {
    /// No mutation makes an input longer than the entry it began with by more than this.
    private static let growth = 64 << 10

    private let format: any FuzzFormat
    private let corpus: [[UInt8]]
    private let words: [[UInt8]]
    private let extremes: [[UInt8]]
    private let seed: UInt64

    /// The inputs of a format for a seed.
    package init(_ format: any FuzzFormat, seed: UInt64) {
        self.format = format
        self.seed = seed
        corpus = format.corpus
        words = format.words
        extremes = format.extremes
        precondition(!corpus.isEmpty, "\(type(of: format).name) has no corpus")
    }

    /// The input of that number: the corpus itself and the extremes first.
    package func input(_ index: Int) -> [UInt8] {
        if index < corpus.count { return corpus[index] }
        if index < corpus.count + extremes.count { return extremes[index - corpus.count] }
        var random = FuzzRandom(seed: seed, index: index)
        var generated: [UInt8]?
        if random.oneIn(2) { generated = format.generate(&random) }
        if let generated, !random.oneIn(4) { return generated }
        var bytes = generated ?? random.pick(corpus)
        let limit = bytes.count + Self.growth
        for _ in 0...random.below(random.oneIn(8) ? 32 : 4) { change(&bytes, &random) }
        if bytes.count > limit { bytes.removeSubrange(limit...) }
        return bytes
    }

    private func change(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        guard !bytes.isEmpty else {
            bytes = words.isEmpty ? random.pick(corpus) : random.pick(words)
            return
        }
        let place = random.place(in: bytes.count)
        switch random.below(10) {
        case 0: bytes[place] ^= 1 << UInt8(random.below(8))
        case 1: bytes[place] = UInt8(truncatingIfNeeded: random.interesting())
        case 2, 3: writeInteger(at: place, in: &bytes, &random)
        case 4: bytes.removeSubrange((oneHalf(&random) ? place : random.below(bytes.count))...)
        case 5: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(32)))
        case 6: repeatPart(at: place, of: &bytes, &random)
        case 7: splice(&bytes, &random)
        default: insertWord(at: place, in: &bytes, &random)
        }
    }

    private func oneHalf(_ random: inout FuzzRandom) -> Bool { random.oneIn(2) }

    /// An integer of 1 to 8 bytes where one of that size may lie, in either byte order.
    private func writeInteger(at place: Int, in bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let size = 1 << random.below(4)
        let start = random.oneIn(4) ? place : place / size * size
        guard start + size <= bytes.count else { return }
        var value = random.interesting()
        if random.oneIn(2) {
            // Off by a little: lengths that almost fit.
            value = (0..<size).reversed().reduce(0) { $0 << 8 | UInt64(bytes[start + $1]) }
            value = value &+ UInt64(random.below(9)) &- 4
        }
        let swapped = random.oneIn(8)
        for index in 0..<size {
            bytes[start + (swapped ? size - 1 - index : index)] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    private func repeatPart(at place: Int, of bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let part = Array(bytes[place..<min(bytes.count, place + 1 + random.below(48))])
        let times = random.oneIn(64) ? 1 + random.below(2048) : 1 + random.below(8)
        bytes.insert(contentsOf: (0..<times).flatMap { _ in part }, at: place)
    }

    /// The beginning of this one and the end of another.
    private func splice(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let other = random.pick(corpus)
        guard !other.isEmpty else { return }
        let (cut, from) = (random.below(bytes.count), random.below(other.count))
        bytes.replaceSubrange((random.oneIn(2) ? cut : min(cut, from))..., with: other[from...])
    }

    private func insertWord(at place: Int, in bytes: inout [UInt8], _ random: inout FuzzRandom) {
        guard !words.isEmpty else {
            bytes.insert(UInt8(truncatingIfNeeded: random.bits()), at: place)
            return
        }
        let word = random.pick(words)
        if random.oneIn(2) {
            bytes.insert(contentsOf: word, at: place)
        } else {
            bytes.replaceSubrange(place..<min(bytes.count, place + word.count), with: word)
        }
    }
}
