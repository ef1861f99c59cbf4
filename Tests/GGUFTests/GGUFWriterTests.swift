import Formats
import GGUF
import TestSupport
import Testing

@Suite("Writing GGUF")
struct GGUFWriterTests {
    private func roundTrip(_ writer: GGUFWriter, _ contents: [[UInt8]]) throws -> GGUFFile {
        try GGUFFile(bytes: MappedBytes(copying: writer.file(contents: contents)), path: "")
    }

    @Test("what was written is read again, and written again gives the same bytes")
    func roundTrip() throws {
        let source = try FileBytes.complete().open()
        let writer = GGUFWriter(
            metadata: source.metadata.entries,
            tensors: source.tensors.map { .init(name: $0.name, type: $0.type, dimensions: $0.dimensions) })
        let contents = source.tensors.map { source.bytes(of: $0).withUnsafeBytes { Array($0) } }
        let bytes = try writer.file(contents: contents)
        // The writer pads the last tensor too; before that it must make the file written by hand.
        #expect(bytes.starts(with: FileBytes.complete().bytes))
        #expect(bytes.count % 32 == 0)
        let copy = try roundTrip(writer, contents)
        #expect(copy.metadata.entries.map(\.key) == source.metadata.entries.map(\.key))
        #expect(copy.metadata.entries.map(\.value) == source.metadata.entries.map(\.value))
        #expect(copy.tensors == source.tensors)
        for tensor in copy.tensors { #expect(copy.bytes(of: tensor) == source.bytes(of: tensor)) }
        #expect(try writer.file(contents: contents) == bytes)
    }

    @Test("the layout says where streamed tensors go")
    func layout() throws {
        let writer = GGUFWriter(
            metadata: [("general.alignment", .uint32(64))],
            tensors: [
                .init(name: "a", type: .f32, dimensions: [5]), .init(name: "b", type: .q8_0, dimensions: [32, 3]),
                .init(name: "c", type: .f16, dimensions: [1, 1, 1, 1]),
            ])
        let layout = try writer.layout()
        #expect(layout.alignment == 64)
        #expect(layout.header.count % 64 == 0)
        #expect(layout.tensors.map(\.offset) == [0, 64, 192])
        #expect(layout.dataByteCount == 256)
        let file = try writer.file(contents: [20, 102, 2].map { [UInt8](repeating: UInt8($0), count: $0) })
        #expect(file.count == layout.fileByteCount)
        #expect(file.starts(with: layout.header))
        let opened = try GGUFFile(bytes: MappedBytes(copying: file), path: "")
        #expect(opened.tensors == layout.tensors)
        #expect(opened.bytes(of: opened.tensors[1]) == MappedBytes(copying: [UInt8](repeating: 102, count: 102)))
    }

    @Test("what no reader would accept is not written")
    func refusals() {
        func code(_ writer: GGUFWriter, _ contents: [[UInt8]] = []) -> GGUFError.Code? {
            do {
                _ = try writer.file(contents: contents)
                return nil
            } catch {
                return error.code
            }
        }
        let tensor = GGUFWriter.Tensor(name: "t", type: .f32, dimensions: [1])
        #expect(code(GGUFWriter(tensors: [tensor]), [[0, 0, 0, 0]]) == nil)
        #expect(code(GGUFWriter(tensors: [tensor]), [[0]]) == .invalidValue)
        #expect(code(GGUFWriter(tensors: [tensor]), []) == .invalidValue)
        #expect(code(GGUFWriter(tensors: [tensor, tensor]), [[0, 0, 0, 0], [0, 0, 0, 0]]) == .duplicateTensor)
        #expect(code(GGUFWriter(metadata: [("k", .bool(true)), ("k", .bool(true))])) == .duplicateKey)
        #expect(code(GGUFWriter(metadata: [("", .bool(true))])) == .invalidValue)
        #expect(code(GGUFWriter(metadata: [("general.alignment", .uint32(48))])) == .invalidValue)
        #expect(code(GGUFWriter(tensors: [.init(name: "t", type: .q4_0, dimensions: [31])])) == .invalidValue)
        let huge = GGUFWriter.Tensor(name: "h", type: .i8, dimensions: [Int.max / 2 + 1])
        var other = huge
        other.name = "i"
        #expect(code(GGUFWriter(tensors: [huge, other])) == .invalidValue)
    }
}
