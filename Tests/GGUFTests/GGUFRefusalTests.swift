import Formats
import Foundation
import GGUF
import Testing

@Suite("Refusing bad GGUF")
struct GGUFRefusalTests {
    /// A file with one tensor of 32 F32 and room for it.
    private func withTensor(
        dimensions: [UInt64] = [32], type: UInt32 = 0, offset: UInt64 = 0, data: Int = 128
    ) -> FileBytes {
        var file = FileBytes(tensors: 1)
        file.add(tensor: "the.tensor", dimensions: dimensions, type: type, offset: offset)
        file.pad(to: 32)
        file.bytes += [UInt8](repeating: 0, count: data)
        return file
    }

    private func withEntry(type: UInt32, _ add: (inout FileBytes) -> Void) -> FileBytes {
        var file = FileBytes(entries: 1)
        file.add(key: "the.key", type: type)
        add(&file)
        return file
    }

    @Test(
        "other formats are recognized",
        arguments: [
            (Array("lmgg".utf8), "old GGML"), (Array("tjgg".utf8), "ggjt"), ([0x50, 0x4b, 3, 4, 0, 0], "zip"),
            (Array("<!DOCTYPE html><html>".utf8), "web page"), (Array("\n <html>".utf8), "web page"),
            (Array("{\"error\": 1}".utf8), "JSON"), ([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d], "safetensors"),
            (Array("version https://git-lfs.github.com/spec/v1".utf8), "Git LFS"), ([0x1f, 0x8b, 8], "gzip"),
            ([UInt8](repeating: 0, count: 64), "zeros"), ([1, 2, 3, 255], "01 02 03 ff"), ([0x80, 2, 0x7d], "pickle"),
            ([7], "07"),
        ] as [([UInt8], String)])
    func otherFormats(bytes: [UInt8], kind: String) {
        var file = FileBytes()
        file.bytes = bytes
        let error = file.error()
        #expect(error?.code == .notGGUF)
        #expect(error?.message.contains(kind) == true, "\(error?.message ?? "")")
    }

    @Test("versions and byte orders that are not supported are named")
    func versions() {
        #expect(FileBytes(version: 1).error()?.message.contains("version 1") == true)
        #expect(FileBytes(version: 4).error()?.message.contains("version 4") == true)
        for version in 1...3 as ClosedRange<UInt32> {
            let error = FileBytes(version: version.byteSwapped).error()
            #expect(error?.code == .unsupportedVersion)
            #expect(error?.message.contains("big-endian") == true)
        }
        #expect(FileBytes(version: 3).error() == nil)
    }

    @Test("counts that the file could not hold are refused", arguments: [1, 1 << 32, 1 << 60, .max] as [UInt64])
    func absurdCounts(count: UInt64) {
        #expect(FileBytes(tensors: count).error()?.code == .countTooLarge)
        #expect(FileBytes(entries: count).error()?.code == .countTooLarge)
        let array = withEntry(type: 9) {
            $0.add(UInt32(10))
            $0.add(count)
        }
        #expect(array.error()?.code == .countTooLarge)
        #expect(withEntry(type: 8) { $0.add(count) }.error()?.code == .countTooLarge)
    }

    @Test("arrays nested too deeply are refused")
    func nesting() {
        func nested(_ depth: Int) -> FileBytes {
            withEntry(type: 9) {
                for _ in 1..<depth {
                    $0.add(UInt32(9))
                    $0.add(UInt64(1))
                }
                $0.add(UInt32(0))
                $0.add(UInt64(0))
            }
        }
        #expect(nested(4).error() == nil)
        #expect(nested(5).error()?.code == .nestedTooDeeply)
        #expect(nested(100_000).error()?.code == .nestedTooDeeply)
    }

    @Test("duplicate keys and tensors are refused by name")
    func duplicates() {
        var file = FileBytes(entries: 2)
        for _ in 0..<2 {
            file.add(key: "twice", type: 0)
            file.add(UInt8(1))
        }
        #expect(file.error()?.code == .duplicateKey)
        #expect(file.error()?.message.contains("twice") == true)
        file = FileBytes(tensors: 2)
        for offset in [0, 32] as [UInt64] { file.add(tensor: "same", dimensions: [8], type: 0, offset: offset) }
        file.pad(to: 32)
        file.bytes += [UInt8](repeating: 0, count: 64)
        #expect(file.error()?.code == .duplicateTensor)
        #expect(file.error()?.message.contains("same") == true)
    }

    @Test("values that the format does not allow are refused")
    func values() {
        #expect(withEntry(type: 13) { _ in }.error()?.code != nil)
        let unknown = withEntry(type: 13) { $0.add(UInt64(0)) }
        #expect(unknown.error()?.code == .unknownValueType)
        #expect(unknown.error()?.message.contains("the.key") == true)
        #expect(withEntry(type: 7) { $0.add(UInt8(2)) }.error()?.code == .invalidValue)
        var file = FileBytes(entries: 1)
        file.add(key: "", type: 0)
        file.add(UInt64(1))
        #expect(file.error()?.code == .invalidValue)
        file = FileBytes(entries: 1)
        file.add(UInt64(2))
        file.bytes += [0xff, 0xfe] + [UInt8](repeating: 0, count: 8)
        #expect(file.error()?.message.contains("UTF-8") == true)
    }

    @Test(
        "alignments that are no power of two from 8 on are refused",
        arguments: [0, 1, 4, 24, 33, 1 << 21, .max] as [UInt32])
    func alignments(alignment: UInt32) {
        var file = FileBytes(entries: 1)
        file.add(key: "general.alignment", type: 4)
        file.add(alignment)
        #expect(file.error()?.code == .invalidValue)
        #expect(file.error()?.message.contains("general.alignment is \(alignment)") == true)
    }

    @Test(
        "impossible dimensions are refused by name",
        arguments: [
            [], [0], [32, 0], [1, 1, 1, 1, 1], [.max], [1 << 63], [1 << 32, 1 << 32], [1 << 62, 2], [1 << 61, 1, 1, 1],
        ] as [[UInt64]])
    func dimensions(dimensions: [UInt64]) {
        let error = withTensor(dimensions: dimensions).error()
        #expect(error?.code == .invalidValue || error?.code == .truncated)
        #expect(error?.message.contains("the.tensor") == true)
    }

    @Test("rows that are not whole blocks are refused")
    func partialBlocks() {
        #expect(withTensor(dimensions: [32, 2], type: 2).error() == nil)
        let error = withTensor(dimensions: [16, 4], type: 2).error()
        #expect(error?.message.contains("Q4_0") == true)
        #expect(error?.message.contains("multiple of 32") == true)
    }

    @Test("an unknown tensor type is refused with the tensor's name and the number")
    func unknownType() {
        let error = withTensor(type: 77).error()
        #expect(error?.code == .unknownTensorType)
        #expect(error?.message == "tensor the.tensor has the unknown type number 77")
    }

    @Test("a type that no kernel computes with still opens")
    func inspectableType() throws {
        let file = try withTensor(dimensions: [256], type: 14, data: 210).open()
        #expect(file.tensors.map(\.type) == [.q6_K])
    }

    @Test("tensors must be aligned, inside of the file and apart")
    func layout() {
        #expect(withTensor(offset: 16).error()?.code == .invalidTensorLayout)
        #expect(withTensor(offset: 32).error()?.code == .truncated)
        #expect(withTensor(offset: 1 << 62).error()?.code == .truncated)
        #expect(withTensor(offset: UInt64(Int.max) - 31).error()?.code == .truncated)
        #expect(withTensor(offset: .max - 31).error()?.code == .invalidTensorLayout)
        var file = FileBytes(tensors: 2)
        file.add(tensor: "below", dimensions: [16], type: 0, offset: 0)
        file.add(tensor: "above", dimensions: [16], type: 0, offset: 32)
        file.pad(to: 32)
        file.bytes += [UInt8](repeating: 0, count: 128)
        #expect(file.error()?.code == .invalidTensorLayout)
        #expect(file.error()?.message == "tensor above overlaps tensor below")
    }

    @Test("what cannot be opened says so")
    func paths() throws {
        func code(_ path: String) -> GGUFError.Code? {
            do {
                _ = try GGUFFile.open(path: path)
                return nil
            } catch {
                #expect(error.description.hasPrefix(path))
                return error.code
            }
        }
        let folder = FileManager.default.temporaryDirectory
        #expect(code(folder.appending(path: "absent-\(UUID().uuidString).gguf").path) == .notFound)
        #expect(code(folder.path) == .unreadable)
        let empty = folder.appending(path: "empty-\(UUID().uuidString).gguf")
        try Data().write(to: empty)
        defer { try? FileManager.default.removeItem(at: empty) }
        #expect(code(empty.path) == .empty)
    }
}
