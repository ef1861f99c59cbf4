/// Why a model cannot be placed as asked.
package enum PlacementError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A pin that cannot be read.
    case malformedPin(String)
    /// A device named by a pin (or as the embedding's or head's device) that is not in the cluster.
    case unknownDevice(String, askedBy: String, known: [String])
    /// Two devices of one name.
    case duplicateDevice(String)
    /// No device is marked as the coordinator's own although the embedding or the head is to sit there.
    case noCoordinator
    /// Two pins give one part to two devices.
    case overlappingPins(Pin, Pin)
    /// A pin names a layer that the model does not have.
    case layerOutOfRange(Pin, layerCount: Int)
    /// Pins give a device layers with a gap between them.
    case notContiguous(device: String, first: Range<Int>, second: Range<Int>)
    /// A size or count that is negative, zero where it must not be, or too large to add up.
    case invalidSize(String)
    /// What must sit on one device is larger than its budget.
    case deviceTooSmall(device: String, holds: String, neededBytes: Int, memoryBytes: Int)
    /// The layers do not fit on the devices in their order.
    case doesNotFit(Shortfall)

    /// What is missing when layers do not fit, and what would help.
    package struct Shortfall: Sendable, Hashable {
        /// Bytes of weights, KV cache and scratch that found no room.
        package let missingBytes: Int
        /// Bytes that all layers take with their KV cache.
        package let layerBytes: Int
        /// Bytes that the devices have for layers, after scratch, embedding and head.
        package let roomBytes: Int
        /// The longest context that would fit with the same slots; nil when even one position does not.
        package let fittingContext: Int?
        /// The most slots that would fit with the same context; nil when even one does not.
        package let fittingSlots: Int?
        /// The smallest budget of one more device, last in order, with which the layers fit; nil when that does not help.
        package let extraDeviceBytes: Int?

        /// Describes a shortfall.
        package init(
            missingBytes: Int, layerBytes: Int, roomBytes: Int, fittingContext: Int?, fittingSlots: Int?,
            extraDeviceBytes: Int?
        ) {
            self.missingBytes = missingBytes
            self.layerBytes = layerBytes
            self.roomBytes = roomBytes
            self.fittingContext = fittingContext
            self.fittingSlots = fittingSlots
            self.extraDeviceBytes = extraDeviceBytes
        }
    }

    /// The cause and the mend.
    package var description: String {
        switch self {
        case .malformedPin(let text):
            "pin '\(text)' cannot be read; write FIRST-LAST=DEVICE (as 0-9=pi1), LAYER=DEVICE, embedding=DEVICE or head=DEVICE"
        case .unknownDevice(let name, let askedBy, let known):
            "\(askedBy) names the device '\(name)', which is not in the cluster; known are \(known.joined(separator: ", "))"
        case .duplicateDevice(let name):
            "two devices are named '\(name)'; give each device a name of its own"
        case .noCoordinator:
            "no device is the coordinator's own; mark one, or pin both embedding=DEVICE and head=DEVICE"
        case .overlappingPins(let first, let second):
            "the pins \(first) and \(second) both place the same part; drop one of them"
        case .layerOutOfRange(let pin, let layerCount):
            "the pin \(pin) names a layer that the model does not have; its layers are 0 to \(layerCount - 1)"
        case .notContiguous(let device, let first, let second):
            "the pins give \(device) the layers \(describe(first)) and \(describe(second)), but a device holds one range without gaps; "
                + "pin \(describe(first.upperBound..<second.lowerBound)) to it too, or one of the ranges to another device"
        case .invalidSize(let what):
            what
        case .deviceTooSmall(let device, let holds, let needed, let memory):
            "\(holds) on \(device) takes \(ByteCount(needed)), which is \(ByteCount(needed - memory)) (\(needed - memory) bytes) more "
                + "than its budget of \(ByteCount(memory)); raise the budget, pin less to it, or ask for a smaller context or fewer slots"
        case .doesNotFit(let shortfall):
            shortfall.description
        }
    }
}

extension PlacementError.Shortfall: CustomStringConvertible {
    /// The shortfall and the mends, as one sentence.
    package var description: String {
        var mends: [String] = []
        if let fittingContext { mends.append("a context of at most \(fittingContext)") }
        if let fittingSlots { mends.append(fittingSlots == 1 ? "a single slot" : "at most \(fittingSlots) slots") }
        if let extraDeviceBytes {
            mends.append("one more device with \(ByteCount(extraDeviceBytes)) (\(extraDeviceBytes) bytes)")
        }
        let mend = mends.isEmpty ? "more memory, or fewer pins" : mends.joined(separator: ", or ")
        return "the layers take \(ByteCount(layerBytes)) and the devices have room for \(ByteCount(roomBytes)): "
            + "\(ByteCount(missingBytes)) (\(missingBytes) bytes) found no place; what would help: \(mend)"
    }
}
