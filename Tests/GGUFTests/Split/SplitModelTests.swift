import Formats
import Foundation
import GGUF
import TestSupport
import Testing

/// What another program cut, beside the golden data.
private let filesOfAnother = "../cases/split-00001-of-00003.gguf"

/// Models in several files.
@Suite("Split models")
struct SplitModelTests {
    private func error(_ split: SplitModel) -> GGUFError? {
        do {
            _ = try split.open(in: "/m/")
            return nil
        } catch {
            return error
        }
    }

    @Test("all files are read as one model, the same as in one file", arguments: [[10, 17], [0, 20], [1, 1, 1, 1]])
    func whole(counts: [Int]) throws {
        let single = try GGUFFile(copying: TinyModel(type: .q4_0).file(), path: "tiny.gguf")
        let split = SplitModel(single, tensors: counts)
        let model = try split.open()
        #expect(model.parts.count == counts.count + 1)
        #expect(model.path == split.names()[0])
        #expect(model.parts.map(\.path) == split.names())
        #expect(model.tensors.map(\.name) == single.tensors.map(\.name))
        #expect(model.byteCount == (try split.parts.reduce(0) { try $0 + $1.file().count }))
        for tensor in model.tensors {
            let original = try #require(single.tensor(named: tensor.name))
            #expect((tensor.type, tensor.dimensions) == (original.type, original.dimensions))
            #expect(model.bytes(of: tensor) == single.bytes(of: original), "\(tensor.name)")
            #expect(model.tensor(named: tensor.name) == tensor)
        }
        #expect(Set(model.tensors.map(\.part)) == Set(counts.indices.filter { counts[$0] > 0 } + [counts.count]))
        let kept = model.metadata.entries.filter { !$0.key.hasPrefix("split.") }
        #expect(kept.map(\.key) == single.metadata.entries.map(\.key))
    }

    @Test("files on disk are found beside the first, and their identity is that of all of them")
    func onDisk() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let split = try SplitModel()
        let paths = split.names().map { "\(folder.path)/\($0)" }
        for (path, part) in zip(paths, split.parts) { try Data(part.file()).write(to: URL(filePath: path)) }
        let model = try GGUFFile.openModel(path: paths[0])
        #expect(model.parts.count == 3)
        #expect(model.identity == (try GGUFFile.openModel(path: paths[0])).identity)
        #expect(model.identity?.size == UInt64(model.byteCount))
        try model.check()
        // A single file's identity is its own.
        #expect(
            try GGUFFile.openModel(path: single(in: folder)).identity
                == GGUFFile.open(path: single(in: folder)).identity)
        // Any file that is written again is found, and makes another model of it.
        for path in paths {
            let before = try GGUFFile.openModel(path: paths[0])
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.seek(toOffset: 20)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: path)
            try handle.close()
            let error = #expect(throws: (any Error).self) { try before.check() }
            #expect("\(error.map { "\($0)" } ?? "")".contains(path))
            #expect(try GGUFFile.openModel(path: paths[0]).identity != before.identity)
        }
    }

    private func single(in folder: TemporaryFolder) throws -> String {
        let path = folder.path + "/single.gguf"
        if !FileManager.default.fileExists(atPath: path) { try TinyModel().write(to: path) }
        return path
    }

    @Test("a later file is refused with the name of the first")
    func laterFile() throws {
        let split = try SplitModel()
        var files: [String: [UInt8]] = [:]
        for (name, part) in zip(split.names(), split.parts) { files["/m/\(name)"] = try part.file() }
        let error = try #require(throws: GGUFError.self) {
            try SplitModel.open(files, first: "/m/tiny-00002-of-00003.gguf")
        }
        #expect(error.code == .laterPart)
        #expect(error.description.hasPrefix("/m/tiny-00002-of-00003.gguf: is file 2 of 3"))
        #expect(error.mend.contains("give /m/tiny-00001-of-00003.gguf"))
        // Under a name that tells nothing, or something else, no first is guessed.
        for name in ["/m/other.gguf", "/m/tiny-00001-of-00003.gguf", "/m/tiny-00002-of-00004.gguf"] {
            let error = try #require(throws: GGUFError.self) {
                try SplitModel.open([name: split.parts[1].file()], first: name)
            }
            #expect(error.code == .laterPart)
            #expect(error.mend.contains("whose name ends with -00001-of-00003.gguf"), "\(error)")
        }
    }

    @Test("files that are missing are named")
    func missing() throws {
        let split = try SplitModel(GGUFFile(copying: TinyModel().file()), tensors: [5, 5, 5, 5, 5])
        var files: [String: [UInt8]] = [:]
        for (name, part) in zip(split.names(), split.parts) { files["/m/\(name)"] = try part.file() }
        files["/m/tiny-00003-of-00006.gguf"] = nil
        let first = "/m/tiny-00001-of-00006.gguf"
        var error = try #require(throws: GGUFError.self) { try SplitModel.open(files, first: first) }
        #expect(error.code == .missingPart)
        #expect(error.message.hasSuffix("one is missing: /m/tiny-00003-of-00006.gguf"), "\(error)")
        for index in [2, 4, 5, 6] { files["/m/tiny-0000\(index)-of-00006.gguf"] = nil }
        error = try #require(throws: GGUFError.self) { try SplitModel.open(files, first: first) }
        #expect(error.message.contains("5 are missing: /m/tiny-00002-of-00006.gguf,"), "\(error)")
        #expect(error.message.hasSuffix("…"))
        // So is a first file whose name does not tell the others'.
        error = try #require(throws: GGUFError.self) {
            try SplitModel.open(["/m/tiny.gguf": split.parts[0].file()], first: "/m/tiny.gguf")
        }
        #expect(error.code == .missingPart)
        #expect(error.message.contains("-00001-of-00006.gguf"), "\(error)")
    }

    @Test("a file that is cut is refused by its own name")
    func damaged() throws {
        let split = try SplitModel()
        var files: [String: [UInt8]] = [:]
        for (name, part) in zip(split.names(), split.parts) { files["/m/\(name)"] = try part.file() }
        files["/m/tiny-00003-of-00003.gguf"]?.removeLast(100)
        let error = try #require(throws: GGUFError.self) {
            try SplitModel.open(files, first: "/m/tiny-00001-of-00003.gguf")
        }
        #expect(error.code == .truncated)
        #expect(error.path == "/m/tiny-00003-of-00003.gguf")
    }

    @Test("a file that is a copy of another, or of another model, is refused by name")
    func foreign() throws {
        let whole = try SplitModel()
        var split = whole
        split.parts[2] = whole.parts[1]
        #expect(error(split)?.code == .foreignPart)
        #expect(error(split)?.description.hasPrefix("/m/tiny-00003-of-00003.gguf: holds file 2 of 3") == true)
        split = whole
        split.parts[1].metadata = []
        #expect(error(split)?.message.hasPrefix("is no part of a split model") == true)
        split = whole
        split.parts[1].set("split.count", .uint16(4))
        #expect(error(split)?.message.contains("in 4 files") == true)
        #expect(error(split)?.path == "/m/tiny-00002-of-00003.gguf")
        split = whole
        split.parts[1].set("split.tensors.count", .int32(40))
        #expect(error(split)?.message.contains("40 tensors, /m/tiny-00001-of-00003.gguf of one with 39") == true)
        split = whole
        split.parts[2].metadata.append(("general.architecture", .string("gemma3")))
        #expect(error(split)?.message.contains("gemma3") == true)
        split = whole
        split.parts[2].metadata.append(("general.architecture", .string("llama")))
        #expect(error(split) == nil)
    }

    @Test("a tensor in two files is refused with both, and so is one too few")
    func tensors() throws {
        let whole = try SplitModel()
        var split = whole
        split.parts[2].tensors.append(whole.parts[0].tensors[3])
        #expect(error(split)?.code == .duplicateTensor)
        #expect(
            error(split)?.description.hasPrefix(
                "/m/tiny-00003-of-00003.gguf: tensor \(whole.parts[0].tensors[3].tensor.name) is in /m/tiny-00001-of-00003.gguf too"
            ) == true)
        split = whole
        split.parts[1].tensors.removeLast()
        #expect(error(split)?.code == .foreignPart)
        #expect(error(split)?.message.contains("39 tensors (split.tensors.count), its 3 files hold 38") == true)
        // Files that do not say how many there are, are believed.
        for index in split.parts.indices { split.parts[index].metadata.removeAll { $0.key == "split.tensors.count" } }
        #expect(error(split) == nil)
    }

    @Test(
        "keys that make no sense are refused",
        arguments: [
            ("split.count", .int32(-1)), ("split.count", .uint32(70_000)), ("split.no", .int32(-1)),
            ("split.no", .uint16(3)), ("split.tensors.count", .int32(-5)), ("split.no", .string("0")),
        ] as [(String, GGUFValue)])
    func keys(key: String, value: GGUFValue) throws {
        var split = try SplitModel()
        split.parts[0].set(key, value)
        #expect([.invalidValue, .wrongType].contains(error(split)?.code))
        #expect(error(split)?.path == "/m/tiny-00001-of-00003.gguf")
    }

    @Test("a file that was merged again, or was never several, is whole", arguments: [0, 1] as [UInt16])
    func merged(count: UInt16) throws {
        let file = try GGUFFile(copying: TinyModel().file())
        var split = SplitModel(file, tensors: [])
        split.parts[0].set("split.count", .uint16(count))
        let model = try SplitModel.open(["tiny.gguf": split.parts[0].file()], first: "tiny.gguf")
        #expect(model.tensors.count == file.tensors.count)
        #expect(model.parts.count == 1)
    }

    @Test(
        "files that another program cut are those of the whole model",
        .enabled(if: (try? Golden.file(filesOfAnother)) != nil, Comment(rawValue: Golden.absence)))
    func ofAnotherProgram() throws {
        let model = try GGUFFile.openModel(path: Golden.file(filesOfAnother).path)
        let whole = try GGUFFile.open(path: Golden.file("gguf/llama3-tied-ropescaled-F16.gguf").path)
        #expect(model.parts.count == 3)
        #expect(Set(model.tensors.map(\.name)) == Set(whole.tensors.map(\.name)))
        for tensor in whole.tensors {
            #expect(try model.bytes(of: #require(model.tensor(named: tensor.name))) == whole.bytes(of: tensor))
        }
    }
}
