import Testing
import Wire

@Suite struct ShardIDTests {
    private let text = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

    @Test func `Hexadecimal digits come back in lower case`() throws {
        let id = try #require(ShardID(hexadecimal: text))
        #expect(id.description == text)
        #expect(ShardID(hexadecimal: text.uppercased()) == id)
        #expect(id.bytes.prefix(4) == [0xb1, 0x79, 0xc9, 0x52])
        #expect(ShardID(id.bytes) == id)
    }

    @Test func `Anything but 32 bytes is no id`() {
        #expect(ShardID([UInt8](repeating: 0, count: 31)) == nil)
        #expect(ShardID([UInt8](repeating: 0, count: 33)) == nil)
        #expect(ShardID(hexadecimal: text.dropLast()) == nil)
        #expect(ShardID(hexadecimal: text.dropLast() + "g") == nil)
        #expect(ShardID(hexadecimal: text + "00") == nil)
    }

    @Test func `Ids are ordered as their digits`() throws {
        let id = try #require(ShardID(hexadecimal: text))
        let next = try #require(ShardID(hexadecimal: text.dropLast() + "4"))
        let far = try #require(ShardID(hexadecimal: "c" + text.dropFirst()))
        #expect([far, next, id].sorted() == [id, next, far])
    }
}
