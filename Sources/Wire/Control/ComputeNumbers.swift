package import ModelParts

// The numbers that modes have in messages. A new mode does not compile before it has one.

extension ComputeMode {
    /// Its number in messages.
    package var wireNumber: UInt32 {
        switch self {
        case .int8: 1
        case .f32: 2
        }
    }

    /// - Throws: `WireError` for a number that none has.
    init(wireNumber number: UInt32, _ field: StaticString) throws(WireError) {
        self = try ProtoReading.mode(number, field) { $0.wireNumber }
    }
}

extension KeyValueType {
    /// Its number in messages.
    package var wireNumber: UInt32 {
        switch self {
        case .standard: 0
        case .q8_0: 1
        }
    }

    /// - Throws: `WireError` for a number that none has.
    init(wireNumber number: UInt32, _ field: StaticString) throws(WireError) {
        self = try ProtoReading.mode(number, field) { $0.wireNumber }
    }
}
