import Sensors

/// Heat and power.
extension Check {
    /// From here on a processor is near what it holds itself back at (80 to 85 degrees on a Raspberry Pi).
    static let hot = 80.0

    static let underVoltage = Check("under-voltage") { facts in
        guard let throttling = facts.throttling, throttling.now.union(throttling.sinceStart).contains(.underVoltage)
        else { return nil }
        let isNow = throttling.now.contains(.underVoltage)
        return (
            .problem,
            isNow ? "the supply gives too little voltage now" : "the supply gave too little voltage since the start",
            "use the supply that belongs to the board (a Raspberry Pi 5 takes 5 V at 5 A) and a short cable; look again with: vcgencmd get_throttled"
        )
    }

    static let throttling = Check("throttling") { facts in
        guard let throttling = facts.throttling else { return nil }
        let heat: Throttling.Reasons = [.throttled, .softLimit]
        let mend = "give it a heat sink or a fan, or let the worker keep it cooler: shoal worker --max-temperature 75"
        if !throttling.now.isDisjoint(with: heat) {
            return (.problem, "the processor is slowed down for heat now", mend)
        }
        guard !throttling.sinceStart.isDisjoint(with: heat) else { return nil }
        let often = facts.throttleCount.map { $0 > 0 ? " (\($0) times)" : "" } ?? ""
        return (.hint, "the processor was slowed down for heat since the start\(often)", mend)
    }

    static let temperature = Check("temperature") { facts in
        guard let celsius = facts.celsius, celsius >= hot else { return nil }
        return (
            .problem, "the processor has \(Int(celsius.rounded())) °C",
            "give it a heat sink or a fan, or let the worker keep it cooler: shoal worker --max-temperature 75"
        )
    }

    static let governor = Check("governor") { facts in
        let slow = facts.frequencies.filter { frequency in
            frequency.governor == "powersave" && !choosesItself(frequency.driver)
        }
        if let first = slow.first {
            return (
                .problem,
                "the governor powersave keeps the processor at its lowest frequency (\(first.megahertz) of \(first.highestMegahertz) MHz)",
                "echo performance | sudo tee /sys/devices/system/cpu/cpufreq/policy*/scaling_governor"
            )
        }
        guard facts.frequencies.contains(where: { $0.preference == "power" }) else { return nil }
        return (
            .hint, "the processor is told to save power before all else",
            "echo balance_performance | sudo tee /sys/devices/system/cpu/cpufreq/policy*/energy_performance_preference"
        )
    }

    /// Drivers of processors that choose their frequency themselves: `powersave` is the usual governor there (admin-guide/pm/intel_pstate of
    /// Linux's documentation).
    private static func choosesItself(_ driver: String) -> Bool {
        driver == "intel_pstate" || driver == "amd-pstate-epp"
    }

    static let frequencyCap = Check("frequency-cap") { facts in
        if facts.throttling?.now.contains(.frequencyCap) == true {
            return (
                .hint, "the firmware caps the processor's frequency now",
                "look at the supply and the temperature: vcgencmd get_throttled; vcgencmd measure_temp"
            )
        }
        guard
            let capped = facts.frequencies.first(where: {
                $0.allowedMegahertz < $0.highestMegahertz && $0.governor != "powersave"
            })
        else { return nil }
        return (
            .hint,
            "the system allows the processor \(capped.allowedMegahertz) of \(capped.highestMegahertz) MHz",
            "echo \(capped.highestMegahertz * 1000) | sudo tee /sys/devices/system/cpu/cpufreq/policy*/scaling_max_freq"
        )
    }
}
