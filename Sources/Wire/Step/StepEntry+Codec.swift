import NIOCore

extension StepEntry {
    private enum Kind: UInt8 {
        case rows = 1
        case open = 2
        case fork = 3
        case trim = 4
        case close = 5
    }

    /// Reads one entry of sixteen bytes.
    ///
    /// - Throws: `WireError` naming the entry by `index`.
    init(reading buffer: inout ByteBuffer, index: Int) throws(WireError) {
        guard let sequence: UInt32 = buffer.readInteger(endianness: .little),
            let position: UInt32 = buffer.readInteger(endianness: .little),
            let count: UInt32 = buffer.readInteger(endianness: .little), let rawKind: UInt8 = buffer.readInteger(),
            let rawOutput: UInt8 = buffer.readInteger(), let reserved: UInt16 = buffer.readInteger(endianness: .little)
        else { throw WireError(.malformedPayload, "step entry \(index): cut short") }
        guard let kind = Kind(rawValue: rawKind) else {
            throw WireError(.malformedPayload, "step entry \(index): kind \(rawKind) is not one of 1 to 5")
        }
        guard reserved == 0 else {
            throw WireError(.malformedPayload, "step entry \(index): reserved is \(reserved), must be 0")
        }
        func mustBeZero(_ value: UInt32, _ name: String) throws(WireError) {
            guard value == 0 else {
                throw WireError(.malformedPayload, "step entry \(index) (\(kind)): \(name) is \(value), must be 0")
            }
        }
        if kind != .rows { try mustBeZero(UInt32(rawOutput), "output") }
        switch kind {
        case .rows:
            guard let output = OutputRows(rawValue: rawOutput) else {
                throw WireError(.malformedPayload, "step entry \(index): output \(rawOutput) is not one of 0, 1, 2")
            }
            self = .rows(sequence: sequence, position: position, count: count, output: output)
        case .open:
            try mustBeZero(position, "position")
            try mustBeZero(count, "count")
            self = .open(sequence: sequence)
        case .fork:
            self = .fork(sequence: sequence, from: position, positions: count)
        case .trim:
            try mustBeZero(count, "count")
            self = .trim(sequence: sequence, to: position)
        case .close:
            try mustBeZero(position, "position")
            try mustBeZero(count, "count")
            self = .close(sequence: sequence)
        }
        try validate(index: index)
    }

    /// - Throws: `WireError` when the entry can mean nothing, whatever the caches hold.
    func validate(index: Int) throws(WireError) {
        switch self {
        case .rows(_, let position, let count, _):
            guard count > 0 else { throw WireError(.malformedPayload, "step entry \(index): no rows") }
            guard UInt64(position) + UInt64(count) <= UInt64(WireLimits.context) else {
                throw WireError(
                    .malformedPayload,
                    "step entry \(index): \(count) rows from position \(position) end beyond \(WireLimits.context)")
            }
        case .fork(let sequence, let source, _):
            guard sequence != source else {
                throw WireError(.malformedPayload, "step entry \(index): sequence \(sequence) forks from itself")
            }
        case .open, .trim, .close: break
        }
    }

    func write(into buffer: inout ByteBuffer) {
        let (kind, position, count, output): (Kind, UInt32, UInt32, UInt8) =
            switch self {
            case .rows(_, let position, let count, let output): (.rows, position, count, output.rawValue)
            case .open: (.open, 0, 0, 0)
            case .fork(_, let source, let positions): (.fork, source, positions, 0)
            case .trim(_, let end): (.trim, end, 0, 0)
            case .close: (.close, 0, 0, 0)
            }
        buffer.writeInteger(sequence, endianness: .little)
        buffer.writeInteger(position, endianness: .little)
        buffer.writeInteger(count, endianness: .little)
        buffer.writeInteger(kind.rawValue)
        buffer.writeInteger(output)
        buffer.writeInteger(UInt16(0))
    }
}
