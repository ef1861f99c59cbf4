/// How fast processors run that share a clock.
package struct Frequency: Sendable, Hashable {
    /// Megahertz now.
    package let megahertz: Int
    /// What the hardware can do.
    package let highestMegahertz: Int
    /// What the system allows.
    package let allowedMegahertz: Int
    /// How many processors share it.
    package let processors: Int
    /// Who sets it: the governor, and the driver below.
    package let governor: String
    package let driver: String
    /// What the driver is told to prefer, such as `balance_performance`; `nil` where it is not.
    package let preference: String?

    package init(
        megahertz: Int, highestMegahertz: Int, allowedMegahertz: Int, processors: Int, governor: String, driver: String,
        preference: String? = nil
    ) {
        self.megahertz = megahertz
        self.highestMegahertz = highestMegahertz
        self.allowedMegahertz = allowedMegahertz
        self.processors = processors
        self.governor = governor
        self.driver = driver
        self.preference = preference
    }
}

extension Machine {
    /// The frequencies of all processors, one for each clock (Linux, cpufreq).
    package var frequencies: [Frequency] {
        let root = "/sys/devices/system/cpu/cpufreq"
        return files.names(in: root).filter { $0.hasPrefix("policy") }.compactMap { name in
            let folder = "\(root)/\(name)"
            guard let now = kilohertz("\(folder)/scaling_cur_freq"),
                let highest = kilohertz("\(folder)/cpuinfo_max_freq")
            else { return nil }
            let processors = files.text("\(folder)/affected_cpus")?.split(separator: " ").count ?? 1
            return Frequency(
                megahertz: now / 1000, highestMegahertz: highest / 1000,
                allowedMegahertz: (kilohertz("\(folder)/scaling_max_freq") ?? highest) / 1000,
                processors: max(1, processors), governor: files.text("\(folder)/scaling_governor") ?? "",
                driver: files.text("\(folder)/scaling_driver") ?? "",
                preference: files.text("\(folder)/energy_performance_preference"))
        }
    }

    private func kilohertz(_ path: String) -> Int? { files.number(path, in: 1...20_000_000) }
}

extension [Frequency] {
    /// The mean over all processors, in megahertz; `nil` where none tells.
    package var meanMegahertz: Int? { mean(\.megahertz) }
    /// The mean of what they could do.
    package var meanHighestMegahertz: Int? { mean(\.highestMegahertz) }

    private func mean(_ value: (Frequency) -> Int) -> Int? {
        let processors = reduce(0) { $0 + $1.processors }
        guard processors > 0 else { return nil }
        return reduce(0) { $0 + value($1) * $1.processors } / processors
    }
}
