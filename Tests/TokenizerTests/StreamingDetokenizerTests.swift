import GGUF
import TestSupport
import Testing
import Tokenizer

@Suite("Streaming detokenizer")
struct StreamingDetokenizerTests {
    private let tokenizer = try? Tokenizer(
        metadata: GGUFMetadata(entries: TinyVocabulary.metadata(count: TinyVocabulary.minimumCount)))

    private func stream() throws -> StreamingDetokenizer {
        StreamingDetokenizer(try #require(tokenizer), skipSpecial: false)
    }

    /// The tokens of single bytes, which begin at id 3.
    private func byteTokens(_ bytes: some Sequence<UInt8>) -> [TokenID] { bytes.map { TokenID($0) + 3 } }

    private static let texts = [
        "plain", "äöü", "日本語", "👍", "👩‍👩‍👧‍👦 family", "🇩🇪🏳️‍🌈", "e\u{301}", "a\u{10FFFF}b\u{FFFD}",
        "\u{7FF}\u{800}\u{FFFF}\u{10000}",
    ]

    @Test("a text that comes byte by byte comes out character by character", arguments: texts)
    func byteByByte(text: String) throws {
        var stream = try stream()
        var pieces: [String] = []
        for token in byteTokens(text.utf8) { pieces.append(stream.append(token)) }
        #expect(stream.finish() == "")
        #expect(pieces.joined() == text)
        // Every piece is nothing or exactly one scalar: held back until whole, given out as soon as it is.
        #expect(pieces.filter { !$0.isEmpty }.map { Array($0.unicodeScalars) } == text.unicodeScalars.map { [$0] })
    }

    @Test("a text cut in two at any byte comes out whole", arguments: texts)
    func everyCut(text: String) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var stream = try stream()
            let first = stream.append(bytes: bytes[..<cut])
            #expect(text.unicodeScalars.starts(with: first.unicodeScalars))
            #expect(bytes[..<cut].count - first.utf8.count < 4)
            #expect(first + stream.append(bytes: bytes[cut...]) + stream.finish() == text)
        }
    }

    @Test("bytes that are no text come out as when decoded at once", arguments: 1...20 as ClosedRange<UInt64>)
    func invalidBytes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        // Leads, continuations and the second bytes that are special after E0, ED, F0 and F4.
        let alphabet: [UInt8] = [
            0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5,
            0xff,
        ]
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 1...12, using: &generator)).compactMap { _ in
                alphabet.randomElement(using: &generator)
            }
            let ids = byteTokens(bytes)
            var stream = try stream()
            let streamed = ids.map { stream.append($0) }.joined() + stream.finish()
            #expect(streamed == String(decoding: bytes, as: UTF8.self), "\(generator): \(bytes)")
            #expect(tokenizer?.decode(ids) == streamed)
        }
    }

    @Test("what never becomes whole is replaced at the end, once")
    func unfinished() throws {
        var stream = try stream()
        #expect(stream.append(bytes: [0xf0, 0x9f, 0x91]) == "")
        #expect(stream.finish() == "\u{FFFD}")
        #expect(stream.finish() == "")
    }

    @Test("control tokens are left out when asked")
    func special() throws {
        let tokenizer = try #require(tokenizer)
        let ids = tokenizer.encode("<|im_start|>the<|im_end|>", parseSpecial: true)
        #expect(ids.first == 1)
        #expect(ids.last == 2)
        var stream = StreamingDetokenizer(tokenizer, skipSpecial: true)
        #expect(ids.map { stream.append($0) }.joined() + stream.finish() == "the")
        stream = StreamingDetokenizer(tokenizer, skipSpecial: false)
        #expect(ids.map { stream.append($0) }.joined() + stream.finish() == "<|im_start|>the<|im_end|>")
        #expect(tokenizer.decode(ids, skipSpecial: true) == "the")
    }
}
