import GGUF
import Testing

@Suite("Names of split files")
struct SplitNameTests {
    @Test("a name tells which file it is and what the others are called")
    func name() throws {
        let name = try #require(SplitName(path: "/models/big-00002-of-00013.gguf"))
        #expect((name.prefix, name.index, name.count) == ("/models/big", 1, 13))
        #expect(name.path(of: 0) == "/models/big-00001-of-00013.gguf")
        #expect(name.path(of: 12) == "/models/big-00013-of-00013.gguf")
        #expect(SplitName(path: "größer-00001-of-00002.GGUF")?.path(of: 1) == "größer-00002-of-00002.GGUF")
        #expect(SplitName(path: "a-00001-of-00001.gguf")?.count == 1)
    }

    @Test(
        "other names are none",
        arguments: [
            "", ".gguf", "big.gguf", "-00001-of-00002.gguf", "/models/-00001-of-00002.gguf", "big-00000-of-00002.gguf",
            "big-00003-of-00002.gguf", "big-00001-of-00000.gguf", "big-0001-of-00002.gguf", "big-00001-of-0002.gguf",
            "big-00001_of-00002.gguf", "big-00001-of-00002", "big-00001-of-00002.gguf.part", "big-0000a-of-00002.gguf",
            "big-+0001-of-00002.gguf", "big-00001-of-0000２.gguf",
        ])
    func others(path: String) {
        #expect(SplitName(path: path) == nil)
    }
}
