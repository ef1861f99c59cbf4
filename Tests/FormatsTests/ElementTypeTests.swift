import Formats
import TestSupport
import Testing

@Suite("Element types")
struct ElementTypeTests {
    @Test("the types of the default model have the sizes of the format")
    func knownSizes() {
        #expect(ElementType.f32.byteCount(elements: 3) == 12)
        #expect(ElementType.f16.byteCount(elements: 3) == 6)
        #expect(ElementType.bf16.byteCount(elements: 3) == 6)
        #expect(ElementType.q4_0.byteCount(elements: 64) == 36)
        #expect(ElementType.q4_1.byteCount(elements: 64) == 40)
        #expect(ElementType.q8_0.byteCount(elements: 64) == 68)
        #expect(ElementType.q6_K.byteCount(elements: 512) == 420)
    }

    @Test("every type has a name of its own and takes 1 to 64 bits per element", arguments: ElementType.allCases)
    func plausible(type: ElementType) {
        #expect(ElementType.allCases.count { $0.name == type.name } == 1)
        #expect(type.description == type.name)
        #expect((1...64).contains(type.blockBytes * 8 / type.blockElements))
        #expect(type.byteCount(elements: 0) == 0)
        #expect(type.byteCount(elements: type.blockElements * 7) == type.blockBytes * 7)
        #expect(ElementType(rawValue: type.rawValue) == type)
    }

    @Test("parts of blocks, negative counts and overflow have no size", arguments: ElementType.allCases)
    func impossible(type: ElementType) {
        if type.blockElements > 1 { #expect(type.byteCount(elements: type.blockElements + 1) == nil) }
        #expect(type.byteCount(elements: -type.blockElements) == nil)
        if type.blockBytes > type.blockElements {
            #expect(type.byteCount(elements: Int.max / type.blockElements * type.blockElements) == nil)
        }
    }

    @Test("numbers of removed or future types are no type", arguments: [4, 5, 31, 38, 1000] as [UInt32])
    func unknown(number: UInt32) {
        #expect(ElementType(rawValue: number) == nil)
    }

    @Test(
        "ids and block sizes are those of gguf-py",
        .enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
    func goldenSizes() throws {
        let index: QuantizationIndex = try Golden.json("quant/index.json")
        #expect(!index.types.isEmpty)
        for entry in index.types {
            let type = try #require(ElementType(rawValue: entry.id), "\(entry.name)")
            #expect(type.name == entry.name)
            #expect(type.blockElements == entry.blockElements, "\(type)")
            #expect(type.blockBytes == entry.blockBytes, "\(type)")
        }
    }
}

/// What the test reads of `quant/index.json`.
private struct QuantizationIndex: Decodable {
    struct Entry: Decodable {
        let name: String
        let id: UInt32
        let blockElements: Int
        let blockBytes: Int

        enum CodingKeys: String, CodingKey {
            case name = "type"
            case id = "ggml_type_id"
            case blockElements = "block_elems"
            case blockBytes = "block_bytes"
        }
    }

    let types: [Entry]
}
