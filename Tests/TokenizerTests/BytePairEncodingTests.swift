import GGUF
import TestSupport
import Testing
import Tokenizer

@Suite("Byte-pair encoding")
struct BytePairEncodingTests {
    private let metadata = try? GGUFMetadata(entries: TinyVocabulary.metadata(count: TinyVocabulary.minimumCount))

    /// The definition, without any cleverness: merge the pair of lowest rank, leftmost first, until there is none.
    private func naive(_ word: String, _ ranks: [String: Int]) -> [String] {
        var parts = word.map { String($0) }
        while true {
            let pairs = parts.indices.dropLast().compactMap { index in
                ranks["\(parts[index]) \(parts[index + 1])"].map { (rank: $0, index: index) }
            }
            guard let best = pairs.min(by: { ($0.rank, $0.index) < ($1.rank, $1.index) }) else { return parts }
            parts[best.index] += parts.remove(at: best.index + 1)
        }
    }

    @Test("short and long words are merged as by definition", arguments: 1...10 as ClosedRange<UInt64>)
    func definition(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let metadata = try #require(metadata)
        let tokenizer = try Tokenizer(metadata: metadata)
        let merges = try metadata.strings("tokenizer.ggml.merges")
        let ranks = Dictionary(uniqueKeysWithValues: merges.enumerated().map { ($1, $0) })
        for _ in 0..<100 {
            let word = (0..<Int.random(in: 1...120, using: &generator)).reduce(into: "") { word, _ in
                word += String("Hhelowrdtnaiusg".randomElement(using: &generator) ?? "e")
            }
            #expect(
                tokenizer.encode(word).map { tokenizer.text(of: $0) } == naive(word, ranks), "\(generator): \(word)")
        }
    }

    @Test("a word of 200,000 letters and a run of as many spaces are encoded")
    func longWords() throws {
        let tokenizer = try Tokenizer(metadata: #require(metadata))
        let word = String(repeating: "the", count: 70_000)
        #expect(tokenizer.encode(word).count == 140_000)
        #expect(tokenizer.decode(tokenizer.encode(word)) == word)
        let spaces = String(repeating: " ", count: 200_000)
        #expect(tokenizer.encode(spaces).count == 100_000)
        let angles = String(repeating: "<|im_", count: 40_000)
        #expect(tokenizer.decode(tokenizer.encode(angles, parseSpecial: true)) == angles)
    }

    @Test("any text comes back as it was", arguments: 1...10 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let tokenizer = try Tokenizer(metadata: #require(metadata))
        for _ in 0..<100 {
            var text = ""
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                let limit: UInt32 = [0x7f, 0x7ff, 0xffff, 0x10ffff].randomElement(using: &generator) ?? 0x7f
                let scalar = Unicode.Scalar(UInt32.random(in: 0...limit, using: &generator))
                text.unicodeScalars.append(scalar ?? " ")
            }
            #expect(tokenizer.decode(tokenizer.encode(text)) == text, "\(generator)")
            #expect(tokenizer.decode(tokenizer.encode(text, parseSpecial: true)) == text, "\(generator)")
        }
    }
}
