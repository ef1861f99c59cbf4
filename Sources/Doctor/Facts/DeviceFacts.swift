package import Sensors

/// What is known of a device. What could not be found out is `nil` or empty, and no check complains of it.
package struct DeviceFacts: Sendable, Hashable {
    /// The board, as a device tree or a firmware names it: `Raspberry Pi 5 Model B Rev 1.0`.
    package var model: String?
    /// Of the kernel: `aarch64`, `x86_64`.
    package var architecture: String?
    /// Bits of the programs that are installed; 32 below a 64-bit kernel is a 32-bit system.
    package var userlandBits: Int?
    /// What the processor can do beyond the least of its architecture, as /proc/cpuinfo names it.
    package var instructions: Set<String> = []
    package var throttling: Throttling?
    /// How often x86 processors were throttled.
    package var throttleCount: Int?
    package var celsius: Double?
    package var frequencies: [Frequency] = []
    package var interfaces: [NetworkInterface] = []
    package var memory: Memory?
    package var swaps: [Swap] = []
    /// What makes swap files here; `nil` where it is neither of the two.
    package var swapMaker: SwapMaker?
    package var memoryGroup: MemoryGroup?
    package var disk: Disk?
    /// Files that a process of this user may have open at most.
    package var openFiles: Int?
    package var clock = Clock()
    /// Between which moments the device's certificate is good, seconds since 1970.
    package var certificate: ClosedRange<Int>?
    /// The port that a worker listens on, and what is in its way.
    package var port: Port?

    package init() {}

    /// A network card.
    package struct NetworkInterface: Sendable, Hashable {
        package var name: String
        package var isWireless = false
        /// Mbit/s; `nil` where it is down or does not say.
        package var megabits: Int?
        package var modes: LinkModes?
        /// Whether the way to other networks goes through it.
        package var hasDefaultRoute = false

        package init(name: String) { self.name = name }
    }

    /// Bytes of memory.
    package struct Memory: Sendable, Hashable {
        package var total: Int
        package var available: Int

        package init(total: Int, available: Int) {
            self.total = total
            self.available = available
        }
    }

    /// Memory that is put on a disk.
    package struct Swap: Sendable, Hashable {
        /// As /proc/swaps has it.
        package var path: String
        package var isOnCard: Bool
        package var bytes: Int
        package var usedBytes: Int

        package init(path: String, isOnCard: Bool, bytes: Int, usedBytes: Int) {
            self.path = path
            self.isOnCard = isOnCard
            self.bytes = bytes
            self.usedBytes = usedBytes
        }
    }

    /// What Raspberry Pi OS makes its swap file with: up to version 12, and from 13 on.
    package enum SwapMaker: Sendable, Hashable { case dphysSwapfile, rpiSwap }

    /// Whether control groups can limit memory.
    package enum MemoryGroup: Sendable, Hashable { case on, off }

    /// The disk that layers are kept on.
    package struct Disk: Sendable, Hashable {
        /// As `mmcblk0`, `nvme0n1`.
        package var name: String
        package var kind: Kind
        /// As it was measured; `nil` where it was not.
        package var bytesPerSecond: Int?
        /// Tenths of its life that an eMMC says are used; 11 is more than all.
        package var usedLifeTenths: Int?
        /// Whether the spare blocks are nearly used up.
        package var isNearEnd = false
        /// Errors that the file system counted.
        package var errors: Int?
        package var isReadOnly = false

        package enum Kind: Sendable, Hashable { case card, soldered, other }

        package init(name: String, kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }

    /// What time the device takes it to be.
    package struct Clock: Sendable, Hashable {
        /// Seconds since 1970.
        package var seconds: Int?
        /// Whether something keeps it right.
        package var isSynchronized: Bool?

        package init() {}
    }

    /// A TCP port and what is in its way.
    package struct Port: Sendable, Hashable {
        package var number: Int
        package var listener: Listener
        /// What drops packets to it: a rule or a policy in words.
        package var blockedBy: String?

        package enum Listener: Sendable, Hashable {
            case nobody, shoal
            /// Another program, by its name where that can be seen.
            case other(String?)
        }

        package init(number: Int, listener: Listener = .nobody, blockedBy: String? = nil) {
            self.number = number
            self.listener = listener
            self.blockedBy = blockedBy
        }
    }
}
