import Formats
import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("Draft files")
struct DraftFileTests {
    private func names(_ folder: TemporaryFolder) -> [String] {
        Folder.names(in: folder.path).filter { $0 != "." && $0 != ".." }.sorted()
    }

    @Test("a draft gets its name when it is published, and is the same bytes then and when it is opened")
    func published() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/a/b/file"
        // Steps that are no divisors of the pieces of 4 MiB, one longer than two of them, and zeros at the end.
        let steps = [1, 100_000, 0, 4 << 20, 3_000_001, 9 << 20, 5]
        let draft = try DraftFile(path: path, byteCount: steps.reduce(0, +) + 10)
        var expected: [UInt8] = []
        for (number, step) in steps.enumerated() {
            let content = (0..<step).map { UInt8(truncatingIfNeeded: $0 * 7 + number) }
            try draft.append(step) { $0.copyBytes(from: content) }
            expected += content
            #expect(draft.count == expected.count)
        }
        try draft.append(10)
        #expect(!FileManager.default.fileExists(atPath: path))
        let bytes = try draft.publish()
        #expect(try MappedFile(path: path).bytes == bytes)
        #expect(bytes.withUnsafeBytes { $0.elementsEqual(expected + [UInt8](repeating: 0, count: 10)) })
        #expect(Folder.names(in: folder.path + "/a/b").filter { $0.hasSuffix(".draft") } == [])
    }

    @Test("a draft that is given up leaves nothing")
    func givenUp() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        do {
            let draft = try DraftFile(path: folder.path + "/file", byteCount: 5000)
            #expect(names(folder).count == 1)
            try draft.append(1)
        }
        #expect(names(folder) == [])
    }

    @Test("two drafts of one file do not touch each other; the last one's content stays")
    func twoAtOnce() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/file"
        let first = try DraftFile(path: path, byteCount: 4096), second = try DraftFile(path: path, byteCount: 4096)
        try first.append(4096) { $0[0] = 1 }
        try second.append(4096) { $0[0] = 2 }
        let old = try first.publish()
        #expect(try MappedFile(path: path).bytes == old)
        let new = try second.publish()
        #expect(try MappedFile(path: path).bytes == new)
        #expect(old.withUnsafeBytes { $0[0] } == 1)
        #expect(new.withUnsafeBytes { $0[0] } == 2)
        #expect(names(folder) == ["file"])
    }

    @Test("what a writer that died left is removed, what one that lives writes is not")
    func leftovers() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try Data([1]).write(to: URL(filePath: folder.path + "/file.99-1.draft"))
        let living = try DraftFile(path: folder.path + "/file", byteCount: 100)
        let other = try DraftFile(path: folder.path + "/other", byteCount: 100)
        #expect(names(folder).count == 2)
        #expect(!names(folder).contains("file.99-1.draft"))
        DraftFile.removeLeftovers(in: folder.path)
        for draft in [living, other] {
            try draft.append(100)
            _ = try draft.publish()
        }
        #expect(names(folder) == ["file", "other"])
    }

    @Test("a folder that cannot be made is a system error with its name")
    func noFolder() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try Data().write(to: URL(filePath: folder.path + "/plain"))
        let error = #expect(throws: FileError.self) {
            _ = try DraftFile(path: folder.path + "/plain/in/file", byteCount: 100)
        }
        #expect(error?.code == .system)
        #expect(error?.description.contains("plain") == true)
    }

    @Test("more than the disk has is refused as full, before anything is written")
    func fullDisk() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var room = statvfs()
        #expect(statvfs(folder.path, &room) == 0)
        let more = Int(clamping: UInt64(room.f_blocks) &* UInt64(room.f_frsize)).addingReportingOverflow(1 << 40)
        let error = #expect(throws: FileError.self) {
            _ = try DraftFile(path: folder.path + "/file", byteCount: more.overflow ? 1 << 61 : more.partialValue)
        }
        #expect(error?.code == .full)
        #expect(names(folder) == [])
    }

    @Test("a file that took another's place has another identity")
    func identity() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/file"
        try Data([1, 2]).write(to: URL(filePath: path))
        let first = try MappedFile(path: path).identity
        #expect(try MappedFile(path: path).identity == first)
        #expect(first.bytes.count == 32)
        #expect(first.size == 2)
        try Data([1, 2]).write(to: URL(filePath: path + ".new"))
        #expect(rename(path + ".new", path) == 0)
        let second = try MappedFile(path: path).identity
        #expect(second != first)
        // The same file with another time of change.
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: path)
        let third = try MappedFile(path: path).identity
        #expect(third != second)
        #expect(third.inode == second.inode)
    }
}
