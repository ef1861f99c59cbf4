package import Sensors

/// What a caller knows beside the machine itself.
package struct FactsOptions: Sendable {
    /// Where layers are kept.
    package var folder: String?
    /// How fast that disk is, as it was measured.
    package var diskBytesPerSecond: Int?
    /// The port of the worker.
    package var port: Int?
    /// Seconds since 1970.
    package var now: Int
    /// When the device's certificate is good.
    package var certificate: ClosedRange<Int>?

    package init(
        folder: String? = nil, diskBytesPerSecond: Int? = nil, port: Int? = nil, now: Int,
        certificate: ClosedRange<Int>? = nil
    ) {
        self.folder = folder
        self.diskBytesPerSecond = diskBytesPerSecond
        self.port = port
        self.now = now
        self.certificate = certificate
    }
}

extension Machine {
    /// Finds out all that checks go by. It reads files and runs a few small programs, and blocks the calling thread meanwhile: for a
    /// fraction of a second, or some seconds where programs hang.
    package func facts(_ options: FactsOptions) -> DeviceFacts {
        var facts = DeviceFacts()
        facts.model = files.text("/proc/device-tree/model").map { String($0.prefix { $0 != "\0" }) }
        facts.architecture = files.text("/proc/sys/kernel/arch") ?? Self.compiledFor
        facts.userlandBits = userlandBits
        facts.instructions = instructions
        facts.throttling = throttling(runsPrograms: true)
        facts.throttleCount = throttleCount
        facts.celsius = temperature?.celsius
        facts.frequencies = frequencies
        facts.interfaces = interfaces
        facts.memory = memory
        facts.swaps = swaps
        facts.swapMaker = swapMaker
        facts.memoryGroup = memoryGroup
        facts.disk = options.folder.flatMap { disk(of: $0) }
        facts.disk?.bytesPerSecond = options.diskBytesPerSecond
        facts.openFiles = openFiles
        facts.clock.seconds = options.now
        facts.clock.isSynchronized = isSynchronized
        facts.certificate = options.certificate
        facts.port = options.port.map { port in
            DeviceFacts.Port(number: port, listener: listener(on: port), blockedBy: firewall?.block(port: port))
        }
        return facts
    }

    #if arch(arm64)
    private static let compiledFor = "aarch64"
    #elseif arch(x86_64)
    private static let compiledFor = "x86_64"
    #else
    private static let compiledFor = "unknown"
    #endif

    /// Of the shell, by the head of its file (elf(5)): 1 stands for 32 bits, 2 for 64.
    private var userlandBits: Int? {
        guard let head = files.bytes("/bin/sh", most: 5), head.count == 5, head.prefix(4) == [0x7f, 0x45, 0x4c, 0x46]
        else { return nil }
        return head[4] == 1 ? 32 : head[4] == 2 ? 64 : nil
    }

    private var instructions: Set<String> {
        guard let bytes = files.bytes("/proc/cpuinfo", most: 16 << 10) else { return [] }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].hasPrefix("Features") || parts[0].hasPrefix("flags") else { continue }
            return Set(parts[1].split(separator: " ").map(String.init))
        }
        return []
    }

    private var interfaces: [DeviceFacts.NetworkInterface] {
        let routes = files.text("/proc/net/route")?.split(separator: "\n").dropFirst().compactMap { line -> String? in
            let fields = line.split { $0 == "\t" || $0 == " " }
            return fields.count > 1 && fields[1] == "00000000" ? String(fields[0]) : nil
        }
        return files.names(in: "/sys/class/net").filter { files.exists("/sys/class/net/\($0)/device") }.map { name in
            let folder = "/sys/class/net/\(name)"
            var interface = DeviceFacts.NetworkInterface(name: name)
            interface.isWireless = files.exists("\(folder)/wireless") || files.exists("\(folder)/phy80211")
            let isUp = files.text("\(folder)/operstate") == "up"
            // A card that does not know says -1.
            interface.megabits = isUp ? files.number("\(folder)/speed", in: 1...1_000_000) : nil
            interface.modes = interface.isWireless ? nil : linkModes(name)
            interface.hasDefaultRoute = routes?.contains(name) ?? false
            return interface
        }
    }

    private var memory: DeviceFacts.Memory? {
        guard let text = files.text("/proc/meminfo") else { return nil }
        func bytes(_ name: String) -> Int? {
            for line in text.split(separator: "\n") where line.hasPrefix(name) {
                let words = line.split(separator: " ")
                if words.count > 1, let count = Int(words[1]), (0...1 << 42).contains(count) { return count * 1024 }
            }
            return nil
        }
        guard let total = bytes("MemTotal:"), let available = bytes("MemAvailable:") else { return nil }
        return DeviceFacts.Memory(total: total, available: available)
    }

    private var swaps: [DeviceFacts.Swap] {
        let mounts = mounts
        return (files.text("/proc/swaps") ?? "").split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split { $0 == " " || $0 == "\t" }
            guard fields.count >= 4, let size = Int(fields[2]), let used = Int(fields[3]),
                (0...1 << 42).contains(size), (0...1 << 42).contains(used)
            else { return nil }
            let path = Mounts.unescaped(fields[0])
            let isOnCard =
                path.hasPrefix("/dev/")
                ? path.hasPrefix("/dev/mmcblk")
                : mounts.mount(of: path).flatMap { disk(ofPart: $0.device) }.map {
                    kind(ofDisk: $0.disk) != .other
                } ?? false
            return DeviceFacts.Swap(path: path, isOnCard: isOnCard, bytes: size * 1024, usedBytes: used * 1024)
        }
    }

    /// By their files of settings. A machine that was upgraded may have both: the newer one is at work.
    private var swapMaker: DeviceFacts.SwapMaker? {
        if files.exists("/etc/rpi/swap.conf") { return .rpiSwap }
        return files.exists("/etc/dphys-swapfile") ? .dphysSwapfile : nil
    }

    /// Version 2 lists what groups can be given; version 1 has a table.
    private var memoryGroup: DeviceFacts.MemoryGroup? {
        if let controllers = files.text("/sys/fs/cgroup/cgroup.controllers") {
            return controllers.split(separator: " ").contains("memory") ? .on : .off
        }
        for line in (files.text("/proc/cgroups") ?? "").split(separator: "\n") {
            let fields = line.split { $0 == "\t" || $0 == " " }
            if fields.count == 4, fields[0] == "memory" { return fields[3] == "1" ? .on : .off }
        }
        return nil
    }

    private func disk(of folder: String) -> DeviceFacts.Disk? {
        guard let mount = mounts.mount(of: folder), let (name, part) = disk(ofPart: mount.device) else { return nil }
        var disk = DeviceFacts.Disk(name: name, kind: kind(ofDisk: name))
        disk.isReadOnly = mount.isReadOnly
        disk.errors = files.number("/sys/fs/ext4/\(part)/errors_count", in: 0...Int(Int32.max))
        // JEDEC's eMMC 5.0: tenths of the life of two kinds of blocks, and whether spare ones run out (2 is a warning, 3 urgent).
        let lives = files.text("/sys/block/\(name)/device/life_time")?.split(separator: " ").compactMap(hexadecimal)
        disk.usedLifeTenths = lives?.filter { (1...11).contains($0) }.max().map { $0 - 1 }
        disk.isNearEnd = files.text("/sys/block/\(name)/device/pre_eol_info").flatMap(hexadecimal) ?? 0 >= 2
        return disk
    }

    private var openFiles: Int? {
        for line in (files.text("/proc/self/limits") ?? "").split(separator: "\n")
        where line.hasPrefix("Max open files") {
            let fields = line.split(separator: " ")
            return fields.count >= 5 ? Int(fields[4]) : nil
        }
        return nil
    }

    /// systemd tells it of any program that keeps the clock.
    private var isSynchronized: Bool? {
        if files.exists("/run/systemd/timesync/synchronized") { return true }
        switch run("timedatectl", ["show", "--property=NTPSynchronized", "--value"])?.prefix(while: { !$0.isWhitespace }
        ) {
        case "yes": return true
        case "no": return false
        default: return nil
        }
    }

    /// Root alone may look.
    private var firewall: FirewallRules? {
        if let text = run("nft", ["list", "ruleset"]) { return FirewallRules(nft: text) }
        return run("iptables", ["-S"]).map { FirewallRules(iptables: $0) }
    }
}

private func hexadecimal(_ text: some StringProtocol) -> Int? {
    text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : nil
}
