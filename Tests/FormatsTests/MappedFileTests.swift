import Dispatch
import Formats
import Foundation
import Testing

@Suite("Mapped files")
struct MappedFileTests {
    /// A folder for one test, removed with it.
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "shoal-\(UUID().uuidString)")

        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }

        func write(_ bytes: [UInt8]) throws -> String {
            let file = url.appending(path: "file")
            try Data(bytes).write(to: file)
            return file.path
        }
    }

    private func content(_ bytes: MappedBytes) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }

    @Test("a mapped file has the file's bytes")
    func wholeFile() throws {
        let folder = try Folder()
        let bytes = (0..<10_000).map { UInt8($0 % 251) }
        let file = try MappedFile(path: folder.write(bytes))
        #expect(file.count == bytes.count)
        #expect(content(file.bytes) == bytes)
    }

    @Test("an empty file maps to no bytes")
    func emptyFile() throws {
        let folder = try Folder()
        let file = try MappedFile(path: folder.write([]))
        #expect(file.count == 0)
        #expect(content(file.bytes) == [])
    }

    @Test("slices keep the mapping alive and count their offset from the file's start")
    func slices() throws {
        let folder = try Folder()
        let path = try folder.write(Array(0..<100))
        let slice = try #require(
            try MappedFile(path: path).bytes.slice(offset: 10, count: 20)?.slice(offset: 5, count: 3))
        #expect(slice.offset == 15)
        #expect(content(slice) == [15, 16, 17])
    }

    @Test("slices that are not inside are refused")
    func outside() {
        let bytes = MappedBytes(copying: Array(0..<10))
        #expect(bytes.slice(offset: 0, count: 10)?.count == 10)
        #expect(bytes.slice(offset: 10, count: 0)?.count == 0)
        for (offset, count) in [(0, 11), (11, 0), (-1, 1), (1, -1), (5, 6), (1, Int.max), (Int.max, Int.max)] {
            #expect(bytes.slice(offset: offset, count: count) == nil, "\(offset) \(count)")
        }
    }

    @Test("bytes are compared by content, wherever they lie")
    func equality() throws {
        let bytes = MappedBytes(copying: [9, 1, 2, 9, 1, 2])
        #expect(bytes.slice(offset: 0, count: 3) == bytes.slice(offset: 3, count: 3))
        #expect(bytes.slice(offset: 0, count: 3) != bytes.slice(offset: 1, count: 3))
        #expect(Set([bytes.slice(offset: 0, count: 3), bytes.slice(offset: 3, count: 3)]).count == 1)
    }

    @Test("bytes are the same after their pages were discarded")
    func discarding() throws {
        let folder = try Folder()
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let file = try MappedFile(path: folder.write(bytes))
        #expect(content(file.bytes) == bytes)
        file.bytes.slice(offset: 5000, count: 70_000)?.discardResidentPages()
        file.bytes.discardResidentPages()
        file.bytes.adviseWillNeed()
        #expect(content(file.bytes) == bytes)
        let copy = MappedBytes(copying: bytes)
        copy.discardResidentPages()
        #expect(content(copy) == bytes)
    }

    @Test("what is no readable file is refused with its own error")
    func errors() throws {
        let folder = try Folder()
        func code(_ path: String) -> FileError.Code? {
            do {
                _ = try MappedFile(path: path)
                return nil
            } catch {
                #expect(error.description.hasPrefix(error.path + ": "))
                return error.code
            }
        }
        #expect(code(folder.url.appending(path: "absent").path) == .notFound)
        #expect(code(try folder.write([1]) + "/below") == .notFound)
        #expect(code("") == .notFound)
        #expect(code("with\0zero") == .notFound)
        #expect(code(folder.url.path) == .isDirectory)
        #expect(code("/dev/null") == .notRegular)
        let pipe = folder.url.appending(path: "pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(code(pipe) == .notRegular)
    }
    @Test("what is gone of a file that was made shorter reads as zeros, and is told of by all that share the mapping")
    func shortened() throws {
        let folder = try Folder(), another = try Folder(), page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let path = try folder.write([UInt8](repeating: 7, count: 5 * page + 9))
        let file = try MappedFile(path: path), other = try MappedFile(path: another.write([1]))
        let first = try #require(file.bytes.slice(offset: 0, count: page))
        try file.check()
        let damages = MappedBytes.damages
        #expect(truncate(path, off_t(2 * page)) == 0)
        // Nothing was read of what is gone.
        #expect(!file.bytes.isDamaged)
        #expect(content(first) == [UInt8](repeating: 7, count: page))
        // Threads that run into it at the same time, in pages and at the end.
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            let byte = file.bytes.slice(offset: thread % 4 == 0 ? 5 * page + 8 : 2 * page + thread * 100, count: 1)!
            #expect(content(byte) == [0])
        }
        #expect(
            content(file.bytes) == [UInt8](repeating: 7, count: 2 * page) + [UInt8](repeating: 0, count: 3 * page + 9))
        #expect(file.bytes.isDamaged && first.isDamaged && MappedBytes.damages > damages)
        #expect(!other.bytes.isDamaged)
        #expect(code(of: file) == .damaged)
        try other.check()
        withExtendedLifetime(another) {}
        // The next mapping in its place is whole.
        #expect(try !MappedFile(path: path).bytes.isDamaged)
    }

    @Test("many mapped files are guarded, and places of those that are gone are used again")
    func manyShortened() throws {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        for _ in 0..<2 {
            let folders = try (0..<600).map { _ in try Folder() }
            let files = try folders.map { try MappedFile(path: $0.write([UInt8](repeating: 1, count: page))) }
            for index in stride(from: 0, to: 600, by: 7) { #expect(truncate(files[index].path, 0) == 0) }
            for (index, file) in files.enumerated() {
                #expect(content(file.bytes)[0] == (index % 7 == 0 ? 0 : 1))
                #expect(file.bytes.isDamaged == (index % 7 == 0))
            }
            withExtendedLifetime(folders) {}
        }
    }

    @Test("a file that was written to is told of; one that was replaced or removed lives on")
    func changed() throws {
        let folder = try Folder()
        let path = try folder.write([1, 2, 3])
        let file = try MappedFile(path: path)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: [4])
        #expect(code(of: file) == .damaged)
        let replaced = try MappedFile(path: path)
        try FileManager.default.removeItem(atPath: path)
        try replaced.check()
        _ = try folder.write([9])
        try replaced.check()
        #expect(content(replaced.bytes) == [1, 2, 3, 4])
    }

    private func code(of file: MappedFile) -> FileError.Code? {
        do {
            try file.check()
            return nil
        } catch {
            return error.code
        }
    }
}
