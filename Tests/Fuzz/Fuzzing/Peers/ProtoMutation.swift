/// Changes an encoded protobuf message as a tree of fields, so that lengths stay right and nothing but values, order and number changes.
///
/// Knows no schema: what reads as a message is taken for one.
struct ProtoMutation {
    private struct Field {
        var number: UInt64
        var value: Value
    }

    private enum Value {
        case number(UInt64)
        case fixed([UInt8])
        case bytes([UInt8])
    }

    /// The message with one thing changed; other bytes where it is no message.
    static func change(_ message: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
        guard var fields = parse(message), !fields.isEmpty else {
            return [0x08, UInt8(truncatingIfNeeded: random.bits())] + message
        }
        let place = random.below(fields.count)
        switch random.below(8) {
        case 0: fields.remove(at: place)
        case 1: fields.insert(fields[place], at: random.below(fields.count + 1))
        case 2: fields.swapAt(place, random.below(fields.count))
        case 3: fields[place].number = random.oneIn(4) ? random.interesting() >> 36 : 1 + UInt64(random.below(16))
        default: fields[place].value = change(fields[place].value, &random)
        }
        return fields.flatMap { write($0) }
    }

    /// The message with another request's number, of an envelope.
    static func renumber(_ envelope: [UInt8], _ number: UInt64) -> [UInt8] {
        guard let fields = parse(envelope) else { return envelope }
        return write(Field(number: 1, value: .number(number)))
            + fields.filter { $0.number != 1 }.flatMap { write($0) }
    }

    private static func change(_ value: Value, _ random: inout FuzzRandom) -> Value {
        switch value {
        case .number: return .number(random.interesting())
        case .fixed(let bytes):
            return .fixed(bytes.indices.map { UInt8(truncatingIfNeeded: random.interesting() >> UInt64($0)) })
        case .bytes(let bytes):
            if random.below(4) > 0, parse(bytes)?.isEmpty == false { return .bytes(change(bytes, &random)) }
            switch random.below(4) {
            case 0: return .bytes([])
            case 1: return .bytes(Array(bytes.dropLast()))
            case 2: return .bytes(bytes + [UInt8](repeating: 97, count: 1 + random.below(600)))
            default:
                var changed = bytes
                if !bytes.isEmpty { changed[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.bits()) }
                return .bytes(changed)
            }
        }
    }

    private static func parse(_ bytes: [UInt8]) -> [Field]? {
        var fields: [Field] = []
        var place = 0
        while place < bytes.count {
            guard let key = readNumber(bytes, &place), key >> 3 > 0 else { return nil }
            let size: Int
            switch key & 7 {
            case 0:
                guard let number = readNumber(bytes, &place) else { return nil }
                fields.append(Field(number: key >> 3, value: .number(number)))
                continue
            case 1: size = 8
            case 5: size = 4
            case 2:
                guard let length = readNumber(bytes, &place), length <= UInt64(bytes.count) else { return nil }
                size = Int(length)
            default: return nil
            }
            guard size <= bytes.count - place else { return nil }
            let part = Array(bytes[place..<place + size])
            place += size
            fields.append(Field(number: key >> 3, value: key & 7 == 2 ? .bytes(part) : .fixed(part)))
        }
        return fields
    }

    private static func readNumber(_ bytes: [UInt8], _ place: inout Int) -> UInt64? {
        var (number, shift) = (UInt64(0), UInt64(0))
        while place < bytes.count, shift < 64 {
            let byte = bytes[place]
            place += 1
            number |= UInt64(byte & 127) << shift
            if byte < 128 { return number }
            shift += 7
        }
        return nil
    }

    private static func write(_ field: Field) -> [UInt8] {
        switch field.value {
        case .number(let number): varint(field.number << 3) + varint(number)
        case .fixed(let bytes): varint(field.number << 3 | (bytes.count == 8 ? 1 : 5)) + bytes
        case .bytes(let bytes): varint(field.number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
        }
    }

    private static func varint(_ number: UInt64) -> [UInt8] {
        var (bytes, rest) = ([UInt8](), number)
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
