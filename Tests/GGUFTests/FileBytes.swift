import Formats
import GGUF

/// A GGUF file written field by field, independently of the writer, so that any field can be wrong.
struct FileBytes {
    var bytes: [UInt8] = []

    /// The magic, a version and both counts.
    init(version: UInt32 = 3, tensors: UInt64 = 0, entries: UInt64 = 0) {
        bytes = [0x47, 0x47, 0x55, 0x46]
        add(version)
        add(tensors)
        add(entries)
    }

    mutating func add(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(string: String) {
        add(UInt64(string.utf8.count))
        bytes += Array(string.utf8)
    }

    /// A key with its type, for a value that is added next.
    mutating func add(key: String, type: UInt32) {
        add(string: key)
        add(type)
    }

    mutating func add(tensor: String, dimensions: [UInt64], type: UInt32, offset: UInt64) {
        add(string: tensor)
        add(UInt32(dimensions.count))
        for dimension in dimensions { add(dimension) }
        add(type)
        add(offset)
    }

    mutating func pad(to alignment: Int) {
        while bytes.count % alignment != 0 { bytes.append(0) }
    }

    func open() throws(GGUFError) -> GGUFFile {
        try GGUFFile(bytes: MappedBytes(copying: bytes), path: "hand-made")
    }

    /// The error on opening, nil when there is none.
    func error() -> GGUFError? {
        do {
            _ = try open()
            return nil
        } catch {
            return error
        }
    }

    /// A file with every metadata type and two tensors.
    static func complete(version: UInt32 = 3) -> FileBytes {
        var file = FileBytes(version: version, tensors: 2, entries: 14)
        file.add(key: "u8", type: 0)
        file.add(UInt8(200))
        file.add(key: "i8", type: 1)
        file.add(Int8(-100))
        file.add(key: "u16", type: 2)
        file.add(UInt16(60_000))
        file.add(key: "i16", type: 3)
        file.add(Int16(-30_000))
        file.add(key: "u32", type: 4)
        file.add(UInt32(4_000_000_000))
        file.add(key: "i32", type: 5)
        file.add(Int32(-2_000_000_000))
        file.add(key: "f32", type: 6)
        file.add(Float(1.5).bitPattern)
        file.add(key: "bool", type: 7)
        file.add(UInt8(1))
        file.add(key: "text", type: 8)
        file.add(string: "schön")
        file.add(key: "texts", type: 9)
        file.add(UInt32(8))
        file.add(UInt64(2))
        file.add(string: "one")
        file.add(string: "")
        file.add(key: "u64", type: 10)
        file.add(UInt64.max)
        file.add(key: "i64", type: 11)
        file.add(Int64.min)
        file.add(key: "f64", type: 12)
        file.add(Double(0.25).bitPattern)
        file.add(key: "nested", type: 9)
        file.add(UInt32(9))
        file.add(UInt64(2))
        for values in [[UInt16(1), 2], [3]] {
            file.add(UInt32(2))
            file.add(UInt64(values.count))
            for value in values { file.add(value) }
        }
        file.add(tensor: "first", dimensions: [3, 2], type: 0, offset: 0)
        file.add(tensor: "second", dimensions: [32], type: 2, offset: 32)
        file.pad(to: 32)
        for value in 0..<6 { file.add(Float(value).bitPattern) }
        file.pad(to: 32)
        file.bytes += (0..<18).map { UInt8($0) }
        return file
    }
}
