#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How commands on the coordinator's machine are let in by its API: who can read the coordinator's data folder is its owner. May block.
///
/// The coordinator makes a new secret whenever it starts, and writes it, with the address that it listens at, once it does. So nobody else
/// can be asked there while the secret is good, and one that was left behind is good for nothing.
package struct OwnerKey: Sendable, Hashable, Codable {
    /// A key to the API.
    package var secret: String
    /// HOST:PORT, as the system has it.
    package var address: String

    package init(secret: String, address: String) {
        self.secret = secret
        self.address = address
    }

    private static let mostBytes = 1 << 12
    private static let secretCharacters = 32...128

    /// - Parameter folder: the coordinator's data folder.
    package static func file(in folder: String) -> String { "\(folder)/owner.json" }

    /// Keeps it, for nobody else to read.
    ///
    /// - Throws: `IdentityError` (unwritable).
    package func write(to folder: String) throws(IdentityError) {
        guard let data = try? JSONEncoder().encode(self) else { preconditionFailure("an owner's key is no JSON") }
        try PrivateFile.write(data, to: Self.file(in: folder))
    }

    /// Removes what is kept.
    package static func remove(from folder: String) { _ = try? PrivateFile.remove(file(in: folder)) }

    /// The key that a folder has; `nil` where there is none that this user may read.
    ///
    /// A file that others can read or that belongs to another user than its folder is none, nor is a link: root reads in folders of others.
    package static func read(from folder: String) -> OwnerKey? {
        let descriptor = open(file(in: folder), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var facts = stat()
        var folderFacts = stat()
        guard fstat(descriptor, &facts) == 0, stat(folder, &folderFacts) == 0,
            facts.st_mode & S_IFMT == S_IFREG, facts.st_mode & 0o077 == 0, facts.st_nlink == 1,
            facts.st_uid == folderFacts.st_uid, (1...mostBytes).contains(Int(facts.st_size))
        else { return nil }
        guard let bytes = contents(of: descriptor), let key = try? JSONDecoder().decode(Self.self, from: Data(bytes)),
            secretCharacters.contains(key.secret.utf8.count), key.secret.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        return key
    }

    private static func contents(of descriptor: CInt) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: mostBytes)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                systemRead(descriptor, buffer.baseAddress! + count, buffer.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { return nil }
            if got == 0 { break }
            count += got
        }
        return Array(bytes[..<count])
    }
}

/// The system's call, which the name above hides.
private func systemRead(_ descriptor: CInt, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, bytes, count)
}
