#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Folders of files that a program keeps. Safe from any thread.
package enum Folder {
    /// Makes a folder and those above it, for this user alone.
    ///
    /// - Throws: `FileError` naming the one that cannot be made.
    package static func make(_ path: String) throws(FileError) {
        var status = stat()
        if stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try make(String(path[..<slash])) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw FileError(
                code: errno == ENOSPC || errno == EDQUOT ? .full : .system, path: path,
                message: "the folder cannot be made: \(String(cString: strerror(errno)))")
        }
    }

    /// The names of what is in a folder; none when it cannot be read.
    package static func names(in path: String) -> [String] {
        guard let listing = opendir(path) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }
}
