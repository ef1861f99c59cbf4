import Formats
import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Remembers which files of a store had the right content when they were last looked at, so that a start need not hash them all.
///
/// A file is trusted while it is the same file (inode), of the same size and time of change. So a file that was written to, cut,
/// replaced or restored from elsewhere is hashed again; bits that rot on the medium without the system's noticing, and a writer
/// that sets the old time again, are found by `--verify` only. One small text file, a line for each: name, inode, size, seconds,
/// nanoseconds. One that is lost or damaged costs hashing, no more. Safe from any thread.
final class VerifiedFiles: Sendable {
    private let path: String
    private let known: Mutex<[String: FileIdentity]>

    /// - Parameter forgetting: trusts nothing that an earlier run saw.
    init(path: String, forgetting: Bool) {
        self.path = path
        known = Mutex(forgetting ? [:] : Self.read(path))
    }

    func trusts(_ name: String, _ identity: FileIdentity?) -> Bool {
        known.withLock { identity != nil && $0[name] == identity }
    }

    /// Notes the files that were found right, and (`nil`) those that are gone.
    func note(_ files: [String: FileIdentity?]) {
        guard !files.isEmpty else { return }
        known.withLock { known in
            let before = known
            for (name, identity) in files { known[name] = identity }
            if known != before { write(known) }
        }
    }

    private func write(_ known: [String: FileIdentity]) {
        let lines = known.sorted { $0.key < $1.key }.map { name, identity in
            "\(name) \(identity.inode) \(identity.size) \(identity.modified.seconds) \(identity.modified.nanoseconds)\n"
        }
        let draft = path + ".new"
        // What cannot be remembered is hashed again next time.
        guard let file = try? FileDescriptor(path: draft, O_WRONLY | O_CREAT | O_TRUNC),
            (try? file.write(ByteBuffer(string: lines.joined()))) != nil
        else { return }
        rename(draft, path)
    }

    private static func read(_ path: String) -> [String: FileIdentity] {
        guard let file = try? MappedFile(path: path) else { return [:] }
        let text = file.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        var known: [String: FileIdentity] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 5, let inode = UInt64(words[1]), let size = UInt64(words[2]),
                let seconds = Int64(words[3]), let nanoseconds = Int64(words[4])
            else { continue }
            known[String(words[0])] = FileIdentity(
                inode: inode, size: size, modified: (seconds: seconds, nanoseconds: nanoseconds))
        }
        return known
    }
}
