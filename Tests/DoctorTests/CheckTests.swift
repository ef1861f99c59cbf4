import Doctor
import Sensors
import TestSupport
import Testing

/// Every check on a device where the thing is wrong, and on one where it is right, as `/sys`, `/proc` and programs tell it.
@Suite("Checks of a device")
struct CheckTests {
    private static let now = 1_800_000_000

    /// What a check finds on a machine of these files and programs.
    private func finding(
        _ check: String, _ files: [String: String], programs: [String: String] = [:], links: [String: LinkModes] = [:],
        change: (FakeRoot) -> Void = { _ in },
        options: FactsOptions = FactsOptions(folder: "/var/lib/shoal", port: 7077, now: now)
    ) throws -> Finding? {
        let root = FakeRoot(files)
        change(root)
        let machine = Machine(
            files: SystemFiles(root: root.path), run: { program, _ in programs[program] }, linkModes: { links[$0] })
        return try #require(Check.all.first { $0.name == check }).finding(machine.facts(options))
    }

    @Test func `a device of which nothing is known has nothing wrong`() {
        let machine = Machine(files: SystemFiles(root: FakeRoot().path))
        #expect(Check.findings(machine.facts(FactsOptions(now: Self.now))) == [])
    }

    @Test func `every check has a name of its own`() {
        #expect(Set(Check.all.map(\.name)).count == Check.all.count)
    }

    // MARK: Heat and power

    @Test(arguments: [
        ("throttled=0x0", Finding.Severity?.none), ("throttled=0x50005", .problem), ("throttled=0x50000", .problem),
        ("throttled=0x4", nil),
    ])
    func `under-voltage, now or since the start`(word: String, severity: Finding.Severity?) throws {
        #expect(try finding("under-voltage", [:], programs: ["vcgencmd": word])?.severity == severity)
    }

    @Test(arguments: [
        ("throttled=0x0", Finding.Severity?.none), ("throttled=0x4", .problem), ("throttled=0x8", .problem),
        ("throttled=0x40000", .hint), ("throttled=0x10000", nil),
    ])
    func `throttling, now or since the start`(word: String, severity: Finding.Severity?) throws {
        #expect(try finding("throttling", [:], programs: ["vcgencmd": word])?.severity == severity)
    }

    @Test func `x86 processors that were throttled say how often`() throws {
        let count = "/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"
        #expect(try finding("throttling", [count: "12"])?.what.contains("12 times") == true)
        #expect(try finding("throttling", [count: "0"]) == nil)
    }

    @Test(arguments: [("62000", Finding.Severity?.none), ("84000", .problem)])
    func temperature(text: String, severity: Finding.Severity?) throws {
        let found = try finding(
            "temperature",
            ["/sys/class/thermal/thermal_zone0/type": "cpu-thermal", "/sys/class/thermal/thermal_zone0/temp": text])
        #expect(found?.severity == severity)
    }

    private func policy(
        governor: String, driver: String, preference: String? = nil, allowed: Int = 2_400_000
    ) -> [String: String] {
        let folder = "/sys/devices/system/cpu/cpufreq/policy0"
        return [
            "\(folder)/scaling_cur_freq": "600000", "\(folder)/cpuinfo_max_freq": "2400000",
            "\(folder)/scaling_max_freq": "\(allowed)", "\(folder)/scaling_governor": governor,
            "\(folder)/scaling_driver": driver,
        ].merging(preference.map { ["\(folder)/energy_performance_preference": $0] } ?? [:]) { $1 }
    }

    @Test func `a governor that saves power`() throws {
        #expect(try finding("governor", policy(governor: "powersave", driver: "cpufreq-dt"))?.severity == .problem)
        #expect(try finding("governor", policy(governor: "ondemand", driver: "cpufreq-dt")) == nil)
        // The usual one there.
        #expect(try finding("governor", policy(governor: "powersave", driver: "intel_pstate")) == nil)
        #expect(
            try finding("governor", policy(governor: "powersave", driver: "intel_pstate", preference: "power"))?
                .severity
                == .hint)
    }

    @Test func `a frequency that is capped`() throws {
        let capped = policy(governor: "ondemand", driver: "cpufreq-dt", allowed: 1_500_000)
        #expect(try finding("frequency-cap", capped)?.what.contains("1500 of 2400") == true)
        #expect(try finding("frequency-cap", policy(governor: "ondemand", driver: "cpufreq-dt")) == nil)
        #expect(try finding("frequency-cap", [:], programs: ["vcgencmd": "throttled=0x2"])?.severity == .hint)
    }

    // MARK: Network

    private func card(_ name: String, speed: String, wireless: Bool = false) -> [String: String] {
        [
            "/sys/class/net/\(name)/operstate": "up\n", "/sys/class/net/\(name)/device/vendor": "0x14e4",
            "/sys/class/net/\(name)/speed": speed,
        ].merging(wireless ? ["/sys/class/net/\(name)/phy80211/name": "phy0"] : [:]) { $1 }
    }

    @Test func `100 Mbit on gigabit hardware`() throws {
        let slow = try #require(
            try finding(
                "link-speed", card("eth0", speed: "100\n"), links: ["eth0": LinkModes(supported: 1000, partner: 1000)]))
        #expect(slow.severity == .problem && slow.mend.contains("cable"))
        let partner = try finding(
            "link-speed", card("eth0", speed: "100"), links: ["eth0": LinkModes(supported: 1000, partner: 100)])
        #expect(partner?.mend.contains("switch") == true)
        #expect(
            try finding("link-speed", card("eth0", speed: "1000"), links: ["eth0": LinkModes(supported: 1000)]) == nil)
        #expect(
            try finding("link-speed", card("eth0", speed: "100"), links: ["eth0": LinkModes(supported: 100)]) == nil)
        #expect(
            try finding("link-speed", card("eth0", speed: "-1"), links: ["eth0": LinkModes(supported: 1000)]) == nil)
    }

    @Test func `a board that has gigabit is known by its name`() throws {
        let files = card("eth0", speed: "100").merging(["/proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0"])
        { $1 }
        #expect(try finding("link-speed", files)?.severity == .problem)
        let older = card("eth0", speed: "100").merging(["/proc/device-tree/model": "Raspberry Pi 3 Model B\0"]) { $1 }
        #expect(try finding("link-speed", older) == nil)
    }

    @Test func `Wi-Fi as the only way`() throws {
        let route = "Iface\tDestination\tGateway\nwlan0\t00000000\t0101A8C0\nwlan0\t0001A8C0\t00000000\n"
        let wireless = card("wlan0", speed: "0", wireless: true).merging(["/proc/net/route": route]) { $1 }
        #expect(try finding("wireless", wireless)?.severity == .hint)
        #expect(try finding("wireless", wireless.merging(card("eth0", speed: "1000")) { $1 }) == nil)
        #expect(try finding("wireless", card("wlan0", speed: "0", wireless: true)) == nil)
    }

    /// A row of /proc/net/tcp.
    private func socket(port: Int, state: String, inode: Int) -> String {
        let hex = String(port, radix: 16, uppercase: true)
        return
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
            + "   0: 00000000:\(hex) 00000000:0000 \(state) 00000000:00000000 00:00000000 00000000  1000  0 \(inode) 1 0 100 0 0 10 0\n"
    }

    @Test func `another program on the port`() throws {
        let files = ["/proc/net/tcp": socket(port: 7077, state: "0A", inode: 4711), "/proc/812/comm": "nginx\n"]
        let holds: (FakeRoot) -> Void = { $0.link("/proc/812/fd/6", to: "socket:[4711]") }
        let other = try finding("port", files, change: holds)
        #expect(other?.severity == .problem && other?.what.contains("nginx") == true)
        let own = files.merging(["/proc/812/comm": "shoal\n"]) { $1 }
        #expect(try finding("port", own, change: holds) == nil)
        // Whose it is cannot be seen: a hint, unless this program runs.
        #expect(try finding("port", files)?.severity == .hint)
        #expect(try finding("port", own) == nil)
        #expect(try finding("port", ["/proc/net/tcp": socket(port: 7077, state: "01", inode: 4711)]) == nil)
        #expect(try finding("port", ["/proc/net/tcp6": socket(port: 80, state: "0A", inode: 4711)]) == nil)
    }

    // MARK: Memory

    private func memory(total: Int, available: Int) -> [String: String] {
        ["/proc/meminfo": "MemTotal:  \(total) kB\nMemFree: 1 kB\nMemAvailable:  \(available) kB\n"]
    }

    @Test func `memory that is nearly used up`() throws {
        #expect(try finding("memory", memory(total: 8 << 20, available: 4 << 20)) == nil)
        #expect(try finding("memory", memory(total: 1 << 20, available: 300 << 10))?.severity == .hint)
        #expect(try finding("memory", memory(total: 1 << 20, available: 100 << 10))?.severity == .problem)
        #expect(try finding("memory", ["/proc/meminfo": "MemTotal: x kB\nMemAvailable: -1 kB\n"]) == nil)
    }

    /// A root on an SD card, and a disk at USB.
    private func disks(_ root: FakeRoot) {
        root.write(
            "25 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw\n31 25 8:1 / /srv rw - ext4 /dev/sda1 rw\n",
            to: "/proc/self/mountinfo")
        root.link("/sys/dev/block/179:2", to: "../../devices/platform/mmc0/block/mmcblk0/mmcblk0p2")
        root.link("/sys/dev/block/8:1", to: "../../devices/pci0/usb1/block/sda/sda1")
        root.write("", to: "/sys/block/sda/size")
        if !SystemFiles(root: root.path).exists("/sys/block/mmcblk0/device/type") {
            root.write("SD", to: "/sys/block/mmcblk0/device/type")
        }
    }

    @Test func `swap on a card`() throws {
        let head = "Filename\tType\tSize\tUsed\tPriority\n"
        func swap(_ path: String) -> [String: String] { ["/proc/swaps": "\(head)\(path)\tfile\t204800\t1024\t-2\n"] }
        #expect(try finding("swap", swap("/var/swap"), change: disks)?.severity == .problem)
        #expect(try finding("swap", swap("/dev/mmcblk0p3"))?.severity == .problem)
        #expect(try finding("swap", swap("/srv/swap\\040file"), change: disks) == nil)
        #expect(try finding("swap", swap("/dev/zram0"), change: disks) == nil)
        #expect(try finding("swap", ["/proc/swaps": head]) == nil)
    }

    @Test(arguments: [
        ("/etc/rpi/swap.conf", "/var/swap", "/etc/rpi/swap.conf.d"),
        ("/etc/dphys-swapfile", "/var/swap", "dphys-swapfile"),
        ("/etc/other", "/var/swap", "/etc/fstab"), ("/etc/rpi/swap.conf", "/dev/mmcblk0p3", "/etc/fstab"),
    ])
    func `swap on a card is ended by what made it`(settings: String, path: String, mend: String) throws {
        let swaps = "Filename\tType\tSize\tUsed\tPriority\n\(path)\tfile\t204800\t1024\t-2\n"
        let finding = try #require(try finding("swap", ["/proc/swaps": swaps, settings: ""], change: disks))
        #expect(finding.mend.contains(mend))
        #expect(["/etc/rpi/", "dphys", "/etc/fstab"].filter(finding.mend.contains).count == 1)
    }

    @Test func `control groups without memory`() throws {
        #expect(
            try finding("memory-cgroup", ["/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids"])?.severity == .hint
        )
        #expect(try finding("memory-cgroup", ["/sys/fs/cgroup/cgroup.controllers": "cpu memory pids"]) == nil)
        let table = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
        #expect(try finding("memory-cgroup", ["/proc/cgroups": table + "memory\t0\t1\t0\n"])?.severity == .hint)
        #expect(try finding("memory-cgroup", ["/proc/cgroups": table + "memory\t4\t53\t1\n"]) == nil)
    }

    @Test(arguments: [("1024", Finding.Severity.problem as Finding.Severity?), ("1048576", nil), ("unlimited", nil)])
    func `open files`(hard: String, severity: Finding.Severity?) throws {
        let limits =
            "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 \(hard)              files     \n"
        #expect(try finding("open-files", ["/proc/self/limits": limits])?.severity == severity)
    }

    // MARK: Disk

    @Test func `a slow card`() throws {
        var options = FactsOptions(folder: "/var/lib/shoal", diskBytesPerSecond: 21_000_000, now: Self.now)
        #expect(try finding("slow-disk", [:], change: disks, options: options)?.what.contains("21 MB/s") == true)
        options.diskBytesPerSecond = 90_000_000
        #expect(try finding("slow-disk", [:], change: disks, options: options) == nil)
    }

    @Test func `a worn disk`() throws {
        let life = "/sys/block/mmcblk0/device/life_time"
        let emmc = ["/sys/block/mmcblk0/device/type": "MMC"]
        func severity(_ text: String) throws -> Finding.Severity? {
            try finding("worn-disk", emmc.merging([life: text]) { $1 }, change: disks)?.severity
        }
        #expect(try severity("0x01 0x02\n") == nil)
        #expect(try severity("0x09 0x02\n") == .hint)
        #expect(try severity("0x0b 0x0b\n") == .problem)
        #expect(try severity("0x00 worn") == nil)
        let ends = emmc.merging(["/sys/block/mmcblk0/device/pre_eol_info": "0x03"]) { $1 }
        #expect(try finding("worn-disk", ends, change: disks)?.severity == .problem)
        #expect(
            try finding("worn-disk", ["/sys/fs/ext4/mmcblk0p2/errors_count": "3"], change: disks)?.severity == .problem)
        #expect(try finding("worn-disk", ["/sys/fs/ext4/mmcblk0p2/errors_count": "0"], change: disks) == nil)
        let readOnly = try finding("worn-disk", [:]) { root in
            disks(root)
            root.write("25 1 179:2 / / ro,noatime shared:1 - ext4 /dev/mmcblk0p2 ro\n", to: "/proc/self/mountinfo")
        }
        #expect(readOnly?.what.contains("only be read") == true)
    }

    // MARK: System

    @Test func `a clock that nothing keeps`() throws {
        #expect(try finding("clock", [:], programs: ["timedatectl": "no\n"])?.severity == .hint)
        #expect(try finding("clock", [:], programs: ["timedatectl": "yes\n"]) == nil)
        #expect(
            try finding("clock", ["/run/systemd/timesync/synchronized": ""], programs: ["timedatectl": "no"]) == nil)
        #expect(try finding("clock", [:], options: FactsOptions(now: 3600))?.severity == .problem)
    }

    @Test func `a certificate that the clock is beside`() throws {
        let good = (Self.now - 100)...(Self.now + 100)
        func at(_ now: Int) throws -> Finding? {
            try finding("certificate", [:], options: FactsOptions(now: now, certificate: good))
        }
        #expect(try at(Self.now) == nil)
        #expect(try at(Self.now - 101)?.what.contains("behind") == true)
        #expect(try at(Self.now + 101)?.what.contains("expired") == true)
    }

    @Test func `a 32-bit system on a 64-bit kernel`() throws {
        func shell(_ bits: UInt8) -> (FakeRoot) -> Void {
            { $0.write([0x7f, 0x45, 0x4c, 0x46, bits, 1], to: "/bin/sh") }
        }
        let files = ["/proc/sys/kernel/arch": "aarch64\n"]
        #expect(try finding("userland", files, change: shell(1))?.mend.contains("64-bit") == true)
        #expect(try finding("userland", files, change: shell(2)) == nil)
        #expect(
            try finding("userland", ["/proc/sys/kernel/arch": "armv7l"], change: shell(1))?.what
                == "this is a 32-bit system")
        #expect(try finding("userland", files) { $0.write("#!/bin/true", to: "/bin/sh") } == nil)
    }

    @Test func `no dotprod`() throws {
        let pi4 = "processor\t: 0\nFeatures\t: fp asimd evtstrm crc32 cpuid\n"
        let pi5 = "processor\t: 0\nFeatures\t: fp asimd evtstrm aes asimddp cpuid\n"
        let arm = ["/proc/sys/kernel/arch": "aarch64"]
        #expect(try finding("instructions", arm.merging(["/proc/cpuinfo": pi4]) { $1 })?.severity == .hint)
        #expect(try finding("instructions", arm.merging(["/proc/cpuinfo": pi5]) { $1 }) == nil)
        let x86 = ["/proc/sys/kernel/arch": "x86_64"]
        #expect(
            try finding("instructions", x86.merging(["/proc/cpuinfo": "flags\t\t: fpu sse2 avx\n"]) { $1 })?.severity
                == .hint)
        #expect(try finding("instructions", x86.merging(["/proc/cpuinfo": "flags\t\t: fpu avx avx2\n"]) { $1 }) == nil)
    }
}
