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
    /// A pin to a device that is excluded.
    case excludedDevice(Pin)
    /// Two pins give one part to two devices.
    case overlappingPins(Pin, Pin)
    /// A pin names a layer that the model does not have.
    case layerOutOfRange(Pin, layerCount: Int)
    /// A pin takes some of the layers that must stay together.
    case dividedLayers(Pin, Range<Int>)
    /// Pins give a device layers with a gap between them.
    case notContiguous(device: String, first: Range<Int>, second: Range<Int>)
    /// A size or count that is negative, zero where it must not be, or too large to add up.
    case invalidSize(String)
    /// What must sit on one device is larger than its budget.
    case deviceTooSmall(
        device: String, holds: String, neededBytes: Int, memoryBytes: Int, expertsOnDiskHelp: Bool = false)
    /// The disk of a device has no room for the weights that it must keep.
    case diskTooSmall(device: String, holds: String, neededBytes: Int, diskBytes: Int)
    /// Energy is to be saved, and nothing tells how much power these devices take.
    case unknownPower([String])
    /// The layers do not fit on the devices in their order.
    case doesNotFit(Shortfall)

    static let expertsOnDiskMend =
        "--experts-on-disk, which reads what memory does not hold of the experts from the devices' disks"

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
        case .excludedDevice(let pin):
            "the pin \(pin) names a device that is excluded; drop the pin or the exclusion"
        case .overlappingPins(let first, let second):
            "the pins \(first) and \(second) both place the same part; drop one of them"
        case .layerOutOfRange(let pin, let layerCount):
            "the pin \(pin) names a layer that the model does not have; its layers are 0 to \(layerCount - 1)"
        case .dividedLayers(let pin, let layers):
            "the pin \(pin) divides the layers \(describe(layers)), which share keys and values: pin all of them to one device, or none"
        case .notContiguous(let device, let first, let second):
            "the pins give \(device) the layers \(describe(first)) and \(describe(second)), but a device holds one range without gaps; "
                + "pin \(describe(first.upperBound..<second.lowerBound)) to it too, or one of the ranges to another device"
        case .invalidSize(let what):
            what
        case .deviceTooSmall(let device, let holds, let needed, let memory, let expertsOnDiskHelp):
            "\(holds) on \(device) takes \(ByteCount(needed)), which is \(ByteCount(needed - memory)) (\(needed - memory) bytes) more "
                + "than its budget of \(ByteCount(memory)); raise the budget, pin less to it, or ask for a smaller context or fewer slots"
                + (expertsOnDiskHelp ? ", or \(Self.expertsOnDiskMend)" : "")
        case .diskTooSmall(let device, let holds, let needed, let disk):
            "\(holds) on \(device) takes \(ByteCount(needed)) of its disk, which has room for \(ByteCount(disk)); raise its --store-limit, "
                + "free disk space, or pin less to it"
        case .unknownPower(let devices):
            "nothing tells how much power \(devices.joined(separator: ", ")) \(devices.count == 1 ? "takes" : "take"), so that joules per token cannot be reckoned: "
                + "declare the watts of each, idle and computing, with --watts \(devices.first ?? "DEVICE")=2.7/6.8 or in the cluster file as "
                + "watts: {idle: 2.7, busy: 6.8}, or leave devices out with --exclude"
        case .doesNotFit(let shortfall):
            shortfall.description
        }
    }
}
