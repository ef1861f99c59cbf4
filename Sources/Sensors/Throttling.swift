/// Why a device runs slower than it could, now and since it was switched on.
///
/// The bits are those of the Raspberry Pi's firmware (`vcgencmd get_throttled`; raspberrypi.com, "os" documentation): 0 to 3 now, 16 to 19 at
/// any time since the start. Other devices' signs are told with the same ones.
package struct Throttling: Sendable, Hashable {
    /// What may hold a device back.
    package struct Reasons: OptionSet, Sendable, Hashable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The supply gives less than the device needs.
        package static let underVoltage = Reasons(rawValue: 1 << 0)
        /// The processor's frequency is capped.
        package static let frequencyCap = Reasons(rawValue: 1 << 1)
        /// The processor is slowed down for heat or voltage.
        package static let throttled = Reasons(rawValue: 1 << 2)
        /// The temperature from which a Raspberry Pi holds itself back is reached.
        package static let softLimit = Reasons(rawValue: 1 << 3)

        static let all: Reasons = [.underVoltage, .frequencyCap, .throttled, .softLimit]
    }

    /// What holds it back now.
    package var now: Reasons
    /// What did at any time since the start, as far as anybody kept it.
    package var sinceStart: Reasons

    package init(now: Reasons = [], sinceStart: Reasons = []) {
        self.now = now
        self.sinceStart = sinceStart
    }

    /// - Parameter bits: the firmware's word; bits that mean nothing are dropped.
    package init(bits: UInt32) {
        now = Reasons(rawValue: bits).intersection(.all)
        sinceStart = Reasons(rawValue: bits >> 16).intersection(.all)
    }

    /// The firmware's word.
    package var bits: UInt32 { now.rawValue | sinceStart.rawValue << 16 }

    /// Both looks together: what holds it back in either.
    package func union(_ other: Throttling) -> Throttling {
        Throttling(now: now.union(other.now), sinceStart: sinceStart.union(other.sinceStart))
    }

    /// In words, the gravest first; empty where nothing holds it back now.
    package var words: [String] {
        var words: [String] = []
        if now.contains(.underVoltage) { words.append("under-voltage") }
        if now.contains(.throttled) { words.append("throttled") }
        if now.contains(.softLimit) { words.append("soft temperature limit") }
        if now.contains(.frequencyCap) { words.append("frequency capped") }
        return words
    }
}

extension Machine {
    /// What holds this device back, of all that tells of it; `nil` where nothing does.
    ///
    /// - Parameter runsPrograms: whether `vcgencmd` is asked too, a process of its own.
    package func throttling(runsPrograms: Bool) -> Throttling? {
        var found: [Throttling] = []
        // Hexadecimal digits without 0x (raspberrypi's drivers/firmware/raspberrypi.c).
        if let text = files.text("/sys/devices/platform/soc/soc:firmware/get_throttled"),
            let bits = UInt32(text, radix: 16)
        {
            found.append(Throttling(bits: bits))
        }
        if runsPrograms, let bits = Self.firmwareWord(run("vcgencmd", ["get_throttled"])) {
            found.append(Throttling(bits: bits))
        }
        // The kernel's own watch on a Raspberry Pi's supply (drivers/hwmon/raspberrypi-hwmon.c).
        for sensor in hardwareMonitors where sensor.name == "rpi_volt" {
            guard let alarm = files.number("\(sensor.folder)/in0_lcrit_alarm", in: 0...1) else { continue }
            found.append(Throttling(now: alarm == 1 ? .underVoltage : [], sinceStart: alarm == 1 ? .underVoltage : []))
        }
        if let count = throttleCount {
            found.append(Throttling(sinceStart: count > 0 ? .throttled : []))
        }
        return found.isEmpty ? nil : found.reduce(Throttling()) { $0.union($1) }
    }

    /// How often x86 processors were throttled for heat since the start; `nil` where they do not count it.
    package var throttleCount: Int? {
        let root = "/sys/devices/system/cpu"
        let counts = files.names(in: root).filter { $0.hasPrefix("cpu") && $0.dropFirst(3).allSatisfy(\.isNumber) }
            .flatMap { cpu in
                ["core", "package"].compactMap {
                    files.number("\(root)/\(cpu)/thermal_throttle/\($0)_throttle_count", in: 0...Int(Int32.max))
                }
            }
        return counts.max()
    }

    /// The number in `throttled=0x50005`.
    private static func firmwareWord(_ text: String?) -> UInt32? {
        guard let text, let mark = text.firstIndex(of: "=") else { return nil }
        let digits = text[text.index(after: mark)...].filter { !$0.isWhitespace }
        guard digits.hasPrefix("0x") else { return nil }
        return UInt32(digits.dropFirst(2), radix: 16)
    }
}
