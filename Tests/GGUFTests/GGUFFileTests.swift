import Formats
import GGUF
import TestSupport
import Testing

@Suite("Reading GGUF")
struct GGUFFileTests {
    @Test("a file written byte by byte is read value by value", arguments: [2, 3] as [UInt32])
    func complete(version: UInt32) throws {
        let file = try FileBytes.complete(version: version).open()
        #expect(file.version == Int(version))
        #expect(file.alignment == 32)
        #expect(file.metadata.entries.count == 14)
        #expect(file.metadata["u8"] == .uint8(200))
        #expect(file.metadata["i8"] == .int8(-100))
        #expect(file.metadata["u16"] == .uint16(60_000))
        #expect(file.metadata["i16"] == .int16(-30_000))
        #expect(file.metadata["u32"] == .uint32(4_000_000_000))
        #expect(file.metadata["i32"] == .int32(-2_000_000_000))
        #expect(file.metadata["f32"] == .float32(1.5))
        #expect(file.metadata["bool"] == .bool(true))
        #expect(file.metadata["text"] == .string("schön"))
        #expect(file.metadata["texts"] == .array(GGUFArray(["one", ""])))
        #expect(file.metadata["u64"] == .uint64(.max))
        #expect(file.metadata["i64"] == .int64(.min))
        #expect(file.metadata["f64"] == .float64(0.25))
        let nested = try #require(file.metadata["nested"]?.array)
        #expect(nested.elements().compactMap(\.array?.integers) == [[1, 2], [3]])
        #expect(nested.elements(limit: 1).count == 1)
        #expect(file.tensors.map(\.name) == ["first", "second"])
        let first = try #require(file.tensor(named: "first"))
        #expect((first.columns, first.rows, first.elementCount, first.byteCount) == (3, 2, 6, 24))
        let values = file.bytes(of: first).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        #expect(values == [0, 1, 2, 3, 4, 5])
        let second = try #require(file.tensor(named: "second"))
        #expect((second.type, second.rows) == (.q4_0, 1))
        #expect(file.bytes(of: second) == MappedBytes(copying: Array(0..<18)))
        #expect(file.tensor(named: "third") == nil)
    }

    @Test("a file cut off anywhere is refused with a typed error")
    func truncation() {
        let whole = FileBytes.complete()
        for length in 0..<whole.bytes.count {
            var part = whole
            part.bytes = Array(whole.bytes.prefix(length))
            let error = part.error()
            #expect(error != nil, "cut at \(length)")
            if length > 0 {
                #expect(
                    [.truncated, .countTooLarge].contains(error?.code), "cut at \(length): \(error?.description ?? "")")
            }
        }
        #expect(whole.error() == nil)
    }

    @Test("the error for a cut tensor names it and how much is missing")
    func truncatedTensor() {
        var file = FileBytes.complete()
        file.bytes.removeLast(5)
        let error = file.error()
        #expect(error?.code == .truncated)
        #expect(error?.description.contains("ends 5 bytes before the end of tensor second") == true)
        #expect(error?.description.contains("download it again") == true)
        #expect(error?.path == "hand-made")
    }

    @Test("thousands of random changes never crash the reader", arguments: 1...8 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let whole = FileBytes.complete()
        var refused = 0
        for _ in 0..<4000 {
            var file = whole
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let place = Int.random(in: 0..<file.bytes.count, using: &generator)
                // Extremes find overflows that random bytes seldom hit.
                file.bytes[place] =
                    [0, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &generator)]
                    .randomElement(using: &generator) ?? 0
            }
            do {
                let opened = try file.open()
                for (_, value) in opened.metadata.entries { _ = value.array?.elements() }
                for tensor in opened.tensors { #expect(opened.bytes(of: tensor).count == tensor.byteCount) }
            } catch {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(refused > 1000, "\(generator)")
    }

    @Test("the default alignment is 32, and a file may ask for another")
    func alignment() throws {
        var file = FileBytes(tensors: 1, entries: 1)
        file.add(key: "general.alignment", type: 4)
        file.add(UInt32(256))
        file.add(tensor: "t", dimensions: [1], type: 0, offset: 256)
        file.pad(to: 256)
        file.bytes += [UInt8](repeating: 0, count: 256) + [0, 0, 128, 63]
        let opened = try file.open()
        #expect(opened.alignment == 256)
        #expect(opened.bytes(of: opened.tensors[0]).offset == 512)
        #expect(opened.bytes(of: opened.tensors[0]) == MappedBytes(copying: [0, 0, 128, 63]))
    }

    @Test("a file without tensors may end right after its metadata")
    func vocabularyOnly() throws {
        var file = FileBytes(entries: 1)
        file.add(key: "general.name", type: 8)
        file.add(string: "x")
        let opened = try file.open()
        #expect(opened.tensors.isEmpty)
        #expect(opened.tensorData.count == 0)
        #expect(try opened.metadata.string("general.name") == "x")
    }
}
