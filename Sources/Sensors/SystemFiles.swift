#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The small files in which Linux tells of itself, below a root: `/`, or a folder that a test made.
///
/// Safe from any thread. A file that is missing, too large or no text is `nil`: no fact depends on one.
package struct SystemFiles: Sendable {
    /// Bytes of a file that are read at most.
    package static let mostBytes = 64 << 10
    /// Entries of a folder that are listed at most.
    private static let mostEntries = 65_536

    private let root: String

    /// - Parameter root: the folder that stands for `/`, without a slash at its end; empty is the machine's own.
    package init(root: String = "") { self.root = root }

    /// A file's text without white space at its ends; `nil` where it is longer than `mostBytes`, or no UTF-8.
    package func text(_ path: String) -> String? {
        guard let bytes = bytes(path, most: Self.mostBytes + 1), bytes.count <= Self.mostBytes,
            let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// A file that holds one whole number, within a range.
    package func number(_ path: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(path), let number = Int(text), range.contains(number) else { return nil }
        return number
    }

    /// The first bytes of a file; fewer where it ends.
    package func bytes(_ path: String, most: Int) -> [UInt8]? {
        // No terminal becomes this process's own, and a pipe without a writer does not block it.
        let file = open(root + path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: most)
        var count = 0
        while count < most {
            let got = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress! + count, most - count) }
            if got < 0 { return nil }
            if got == 0 { break }
            count += got
        }
        return Array(bytes[..<count])
    }

    /// The names in a folder, sorted so that `cpu2` comes before `cpu10`; none where there is no such folder.
    package func names(in folder: String) -> [String] {
        guard let stream = opendir(root + folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while names.count < Self.mostEntries, let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    }

    /// Whether there is such a file or folder.
    package func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

    /// What a symbolic link says, as it is written there.
    package func link(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes {
            readlink(root + path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard count > 0, count < bytes.count else { return nil }
        return String(validating: bytes[..<count], as: UTF8.self)
    }
}
