import ChatTemplate
import Testing

@Suite("JSON into values")
struct JSONReaderTests {
    @Test func `every kind is read and keys keep their order`() throws {
        let value = try Value(
            json: #" {"z": [1, -2.5e1, true, false, null], "a": "\u00e9\ud83d\ude00\n\/", "z2": {}} "#)
        #expect(value == ["z": [1, -25.0, true, false, nil], "a": "é😀\n/", "z2": [:]])
        guard case .mapping(let mapping) = value else { return }
        #expect(mapping.keys == ["z", "a", "z2"])
    }

    @Test func `of equal keys the last counts, canonically equal ones differ`() throws {
        #expect(try Value(json: #"{"a": 1, "a": 2}"#) == ["a": 2])
        guard case .mapping(let mapping) = try Value(json: #"{"\u00e9": 1, "e\u0301": 2}"#) else { return }
        #expect(mapping.values == [1, 2])
    }

    @Test(arguments: [
        "", "{", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a: 1}", "tru", "01", "1.", "1e", "-", "\"a", "\"\\x\"",
        "\"\\u12\"", "\"\n\"",
        "1 2", "+1", ".5", "NaN", "'a'", "\"\\u+123\"",
    ])
    func `what is no JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try Value(json: text) }
    }

    @Test func `deep nesting and bytes that are no text are refused`() {
        #expect(throws: JSONError.self) { try Value(json: String(repeating: "[", count: 100_000)) }
        #expect(throws: JSONError.self) { try Value(json: [0x22, 0xff, 0x22] as [UInt8]) }
    }

    @Test func `half a surrogate pair becomes the replacement character`() throws {
        #expect(try Value(json: #""\ud83d""#) == "\u{fffd}")
        #expect(try Value(json: #""\ud83d\u0041""#) == "\u{fffd}A")
    }
}
