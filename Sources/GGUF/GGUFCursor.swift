/// A position in the bytes of a file, from which little-endian values are read; nothing is read past the end.
struct GGUFCursor {
    let bytes: UnsafeRawBufferPointer
    let path: String
    var position: Int

    var remaining: Int { bytes.count - position }

    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0, path: String = "") {
        self.bytes = bytes
        self.path = path
        self.position = position
    }

    /// The next integer; `what` names it in the error.
    mutating func integer<T: FixedWidthInteger>(
        _ what: @autoclosure () -> String, as: T.Type = T.self
    ) throws(GGUFError) -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw truncated(missing: size - remaining, what()) }
        defer { position += size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    /// The next count, refused when that many things of at least `minimumByteCount` bytes cannot follow.
    mutating func count(minimumByteCount: Int, _ what: @autoclosure () -> String) throws(GGUFError) -> Int {
        let start = position
        let count = try integer(what(), as: UInt64.self)
        guard count <= UInt64(remaining / minimumByteCount) else {
            throw error(
                .countTooLarge, at: start,
                "\(what()) is \(count), more than the \(remaining) bytes that follow could hold",
                mend: GGUFError.downloadAgain)
        }
        return Int(count)
    }

    /// Skips `count` bytes and returns where they lie.
    mutating func skip(_ count: Int, _ what: @autoclosure () -> String) throws(GGUFError) -> Range<Int> {
        guard count <= remaining else { throw truncated(missing: count - remaining, what()) }
        defer { position += count }
        return position..<position + count
    }

    /// Skips a string (a 64-bit length and the bytes) and returns where its bytes lie.
    mutating func stringRange(_ what: @autoclosure () -> String) throws(GGUFError) -> Range<Int> {
        let start = position
        let length = try integer("the length of \(what())", as: UInt64.self)
        guard length <= UInt64(remaining) else {
            throw error(
                .countTooLarge, at: start, "\(what()) claims \(length) bytes but only \(remaining) follow",
                mend: GGUFError.downloadAgain)
        }
        let first = position
        position += Int(length)
        return first..<position
    }

    /// The next string, with anything that is not UTF-8 replaced.
    mutating func string(_ what: @autoclosure () -> String) throws(GGUFError) -> String {
        let range = try stringRange(what())
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    /// The next string, which is a name: not empty, of at most `limit` bytes, and UTF-8.
    mutating func name(limit: Int, _ what: @autoclosure () -> String) throws(GGUFError) -> String {
        let start = position
        let range = try stringRange(what())
        guard (1...limit).contains(range.count) else {
            throw error(
                .invalidValue, at: start, "\(what()) has \(range.count) bytes, allowed are 1 to \(limit)",
                mend: GGUFError.downloadAgain)
        }
        guard let name = String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            throw error(.invalidValue, at: start, "\(what()) is not UTF-8 text", mend: GGUFError.downloadAgain)
        }
        return name
    }

    func truncated(missing: Int, _ what: String) -> GGUFError {
        error(
            .truncated, at: position, "the file ends \(missing) bytes before the end of \(what)",
            mend: GGUFError.downloadAgain)
    }

    func error(_ code: GGUFError.Code, at offset: Int, _ message: String, mend: String) -> GGUFError {
        GGUFError(code: code, path: path, byteOffset: offset, message: message, mend: mend)
    }
}
