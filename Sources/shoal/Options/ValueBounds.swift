import ArgumentParser
import Placement
import Tensors
import WorkerCore

/// Bounds that options of several commands have in common. Each throws `ValidationError`, which names the bound.
enum ValueBounds {
    /// Of memory for layers: less holds no model.
    private static let leastMemory = 1 << 20

    static func context(_ value: Int?) throws { try check(value, "--context", 1...1 << 24) }

    static func slots(_ value: Int?) throws { try check(value, "--slots", 1...1024) }

    /// More threads than processors would only take turns.
    static func threads(_ value: Int?) throws {
        let most = ProcessorCount.present
        guard let value, !(1...most).contains(value) else { return }
        throw ValidationError(
            "--threads takes 1 to \(most), the processor\(most == 1 ? "" : "s") of this machine, not \(value)")
    }

    static func memory(_ value: ByteCount?) throws {
        let most = DeviceMemory.present()
        guard let value, !(leastMemory...most).contains(value.bytes) else { return }
        throw ValidationError(
            "--memory takes \(ByteCount(leastMemory)) to \(ByteCount(most)), which this machine has, not \(value); write it as 2GiB or 700MiB: a plain number is one of bytes"
        )
    }

    static func store(_ value: ByteCount?) throws {
        guard let value, value.bytes < leastMemory else { return }
        throw ValidationError(
            "--store-limit takes at least \(ByteCount(leastMemory)), not \(value); write it as 20GiB: a plain number is one of bytes"
        )
    }

    private static func check(_ value: Int?, _ option: String, _ range: ClosedRange<Int>) throws {
        guard let value, !range.contains(value) else { return }
        throw ValidationError("\(option) takes \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
}
