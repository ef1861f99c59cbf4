import Foundation

/// A text that a command is given as a file, or on its standard input.
enum TextFile {
    /// - Parameters:
    ///   - path: the file; `-` is standard input.
    ///   - limit: the bytes that it may have.
    ///   - purpose: what to do where it is none of these, for the error.
    /// - Throws: `CommandError`
    static func read(_ path: String, limit: Int, purpose: String) throws -> String {
        let name = path == "-" ? "standard input" : path
        let data: Data
        do {
            let file = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
            data = try file.read(upToCount: limit + 1) ?? Data()
        } catch {
            throw CommandError("\(name) cannot be read: \(reason(error)); \(purpose)")
        }
        guard data.count <= limit else { throw CommandError("\(name) has more than \(limit) bytes; \(purpose)") }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw CommandError("\(name), line \(line(in: data)): bytes that are not UTF-8; \(purpose)")
        }
        return text
    }

    /// The line of the first bytes that are no text.
    private static func line(in data: Data) -> Int {
        var line = 1
        for part in data.split(separator: 0x0a, omittingEmptySubsequences: false) {
            if String(validating: part, as: UTF8.self) == nil { return line }
            line += 1
        }
        return line
    }

    static func reason(_ error: any Error) -> String {
        let error = error as NSError
        if let below = error.userInfo[NSUnderlyingErrorKey] as? NSError, below.domain == NSPOSIXErrorDomain {
            return String(cString: strerror(Int32(below.code))).lowercased()
        }
        return error.localizedDescription
    }
}
