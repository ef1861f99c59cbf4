import GGUF
import Testing

@Suite("GGUF metadata")
struct GGUFMetadataTests {
    private let metadata = try? GGUFMetadata(
        entries: [
            ("text", .string("a")), ("number", .uint16(7)), ("negative", .int8(-7)), ("huge", .uint64(.max)),
            ("half", .float64(0.5)), ("yes", .bool(true)), ("texts", .array(GGUFArray(["a", "b"]))),
            ("numbers", .array(GGUFArray([1, -2] as [Int32]))), ("floats", .array(GGUFArray([0.5, 2] as [Float]))),
            ("bools", .array(GGUFArray([true, false]))),
        ], path: "model.gguf")

    @Test("values are read in the type asked for")
    func typed() throws {
        let metadata = try #require(metadata)
        #expect(try metadata.string("text") == "a")
        #expect(try metadata.integer("number") == 7)
        #expect(try metadata.integer("negative") == -7)
        #expect(try metadata.float("number") == 7)
        #expect(try metadata.float("half") == 0.5)
        #expect(try metadata.bool("yes"))
        #expect(try metadata.strings("texts") == ["a", "b"])
        #expect(try metadata.integers("numbers") == [1, -2])
        #expect(try metadata.floats("floats") == [0.5, 2])
        #expect(try metadata.floats("numbers") == [1, -2])
        #expect(metadata["bools"]?.array?.bools == [true, false])
        #expect(metadata["absent"] == nil)
    }

    @Test("an absent key is nil where that is allowed and an error that names it where not")
    func absent() throws {
        let metadata = try #require(metadata)
        #expect(try metadata.string(ifPresent: "absent") == nil)
        #expect(try metadata.integers(ifPresent: "absent") == nil)
        let error = #expect(throws: GGUFError.self) { try metadata.integer("absent") }
        #expect(error?.code == .missingKey)
        #expect(error?.description.contains("absent") == true)
        #expect(error?.description.hasPrefix("model.gguf") == true)
    }

    @Test("another type is an error that names the key and both types")
    func wrongType() throws {
        let metadata = try #require(metadata)
        let error = #expect(throws: GGUFError.self) { try metadata.string(ifPresent: "number") }
        #expect(error?.code == .wrongType)
        #expect(error?.message == "metadata key number is uint16, expected a string")
        #expect(throws: GGUFError.self) { try metadata.integer("huge") }
        #expect(throws: GGUFError.self) { try metadata.integer("half") }
        #expect(throws: GGUFError.self) { try metadata.bool("number") }
        let array = #expect(throws: GGUFError.self) { try metadata.integers("texts") }
        #expect(array?.message.contains("array of string") == true)
    }

    @Test("a key that occurs twice is refused")
    func duplicate() {
        let error = #expect(throws: GGUFError.self) {
            try GGUFMetadata(entries: [("k", .uint8(1)), ("k", .uint8(1))])
        }
        #expect(error?.code == .duplicateKey)
    }
}
