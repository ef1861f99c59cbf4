/// Writes values in the little-endian form of the wire (D-Bus Specification, "Marshaling").
struct DBusWriter {
    private(set) var bytes: [UInt8] = []

    mutating func align(_ boundary: Int) {
        while bytes.count % boundary != 0 { bytes.append(0) }
    }

    mutating func write(_ value: DBusValue) {
        switch value {
        case .byte(let byte): bytes.append(byte)
        case .bool(let isTrue): write(UInt32(isTrue ? 1 : 0))
        case .uint16(let number):
            align(2)
            bytes += [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
        case .int32(let number): write(UInt32(bitPattern: number))
        case .uint32(let number): write(number)
        case .string(let text), .path(let text):
            write(UInt32(text.utf8.count))
            bytes += Array(text.utf8) + [0]
        case .signature(let text): bytes += [UInt8(text.utf8.count)] + Array(text.utf8) + [0]
        case .bytes(let content):
            write(UInt32(content.count))
            bytes += content
        case .array(let element, let values): write(values, of: element)
        case .structure(let fields):
            align(8)
            for field in fields { write(field) }
        case .variant(let value):
            write(.signature(value.signature))
            write(value)
        }
    }

    private mutating func write(_ number: UInt32) {
        align(4)
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
    }

    private mutating func write(_ values: [DBusValue], of element: String) {
        write(UInt32(0))
        let place = bytes.count - 4
        align(DBusAlignment.of(element))
        let start = bytes.count
        for value in values { write(value) }
        let length = UInt32(bytes.count - start)
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
    }
}

/// On which boundaries values begin.
enum DBusAlignment {
    static func of(_ type: String) -> Int {
        switch type.utf8.first {
        case UInt8(ascii: "q"): 2
        case UInt8(ascii: "b"), UInt8(ascii: "i"), UInt8(ascii: "u"), UInt8(ascii: "s"), UInt8(ascii: "o"),
            UInt8(ascii: "a"):
            4
        case UInt8(ascii: "("): 8
        default: 1
        }
    }
}
