import Foundation
import Identity
import TestSupport
import Testing

@Suite struct OwnerKeyTests {
    private let key = OwnerKey(
        secret: "sk-shoal-\(String(repeating: "a", count: 43))", address: "127.0.0.1:8080")

    private func withFolder(_ body: (String, _ file: String) throws -> Void) throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        try body(temporary.path, OwnerKey.file(in: temporary.path))
    }

    @Test func `An owner's key is kept for its owner alone, and reads back`() throws {
        try withFolder { folder, file in
            #expect(OwnerKey.read(from: folder) == nil)
            try key.write(to: folder)
            let rights = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
            #expect(rights?.intValue == 0o600)
            #expect(OwnerKey.read(from: folder) == key)
            OwnerKey.remove(from: folder)
            #expect(OwnerKey.read(from: folder) == nil)
        }
    }

    @Test func `A file that others can read, or that is elsewhere, is none`() throws {
        try withFolder { folder, file in
            try key.write(to: folder)
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
            #expect(OwnerKey.read(from: folder) == nil)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            #expect(OwnerKey.read(from: folder) == key)
            try FileManager.default.linkItem(atPath: file, toPath: "\(folder)/second")
            #expect(OwnerKey.read(from: folder) == nil)
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "\(folder)/second")
            #expect(OwnerKey.read(from: folder) == nil)
        }
    }

    @Test(arguments: [
        "", "{}", "null", #"{"secret": "short", "address": "127.0.0.1:8080"}"#,
        "{\"secret\": \"\(String(repeating: "a", count: 50))\\n\", \"address\": \"127.0.0.1:8080\"}",
        "{\"secret\": \"\(String(repeating: "a", count: 5000))\", \"address\": \"127.0.0.1:8080\"}",
    ]) func `A file that is none of ours is none`(text: String) throws {
        try withFolder { folder, file in
            try Data(text.utf8).write(to: URL(filePath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            #expect(OwnerKey.read(from: folder) == nil)
        }
    }
}
