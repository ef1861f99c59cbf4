/// Where power can be read.
extension Machine {
    /// The source that sees most of this device; `nil` where none can be read. On many machines RAPL is for root alone.
    package var powerSource: PowerSource? {
        let sources = boardSensors + industrialSensors + energyCounters + processorMonitors
        return sources.filter { sample($0) != nil }.min { $0.scope.rawValue < $1.scope.rawValue }
    }

    /// Chips in the supply: TI's INA family, and ACPI's power meter (Documentation/hwmon of Linux: ina2xx, ina3221, acpi_power_meter).
    private var boardSensors: [PowerSource] {
        let monitors = hardwareMonitors.filter { $0.name.hasPrefix("ina") || $0.name == "power_meter" }
        return monitors.compactMap { monitor in
            // What the others are at, a part of the board or something beside it, none of them tells: the name says which one is read.
            let name =
                monitors.count == 1
                ? monitor.name : "\(monitor.name) (\(monitor.entry), one of \(monitors.count))"
            let names = files.names(in: monitor.folder)
            func source(_ reading: PowerSource.Reading) -> PowerSource {
                PowerSource(name: name, scope: .board, reading: reading)
            }
            let powers = names.filter { $0.hasPrefix("power") && $0.hasSuffix("_input") }
            if !powers.isEmpty { return source(.microwatts(powers.map { "\(monitor.folder)/\($0)" })) }
            let averages = names.filter { $0.hasPrefix("power") && $0.hasSuffix("_average") }
            if !averages.isEmpty { return source(.microwatts(averages.map { "\(monitor.folder)/\($0)" })) }
            let pairs = channels(of: monitor, names)
            return pairs.isEmpty ? nil : source(.millivoltsAndMilliamperes(pairs))
        }
    }

    /// The channels of an INA3221, which tells volts and amperes alone. Where one is the input of the board (NVIDIA's boards name it `VDD_IN`),
    /// the others are parts of it.
    private func channels(of monitor: HardwareMonitor, _ names: [String]) -> [PowerSource.Pair] {
        let numbers = (1...3).filter { names.contains("in\($0)_input") && names.contains("curr\($0)_input") }
        let input = numbers.first { number in
            files.text("\(monitor.folder)/in\(number)_label").map { $0.hasSuffix("_IN") } ?? false
        }
        return (input.map { [$0] } ?? numbers).map { number in
            PowerSource.Pair(
                millivolts: "\(monitor.folder)/in\(number)_input", milliamperes: "\(monitor.folder)/curr\(number)_input"
            )
        }
    }

    /// The same chips as converters of the iio subsystem.
    private var industrialSensors: [PowerSource] {
        files.names(in: "/sys/bus/iio/devices").compactMap { entry in
            let folder = "/sys/bus/iio/devices/\(entry)"
            guard let name = files.text("\(folder)/name"), name.hasPrefix("ina"),
                let raw = files.names(in: folder).first(where: { $0.hasPrefix("in_power") && $0.hasSuffix("_raw") })
            else { return nil }
            let scale = "\(folder)/\(raw.dropLast(4))_scale"
            guard files.exists(scale) else { return nil }
            return PowerSource(name: name, scope: .board, reading: .rawAndScale("\(folder)/\(raw)", scale))
        }
    }

    /// Intel's and AMD's running average power limit (Documentation/power/powercap of Linux): the platform where there is such a zone, else
    /// packages and their memory.
    private var energyCounters: [PowerSource] {
        let root = "/sys/class/powercap"
        let zones = files.names(in: root).filter { $0.hasPrefix("intel-rapl:") }.compactMap {
            entry -> (name: String, counter: PowerSource.Counter)? in
            guard let name = files.text("\(root)/\(entry)/name") else { return nil }
            let range = files.number("\(root)/\(entry)/max_energy_range_uj", in: 1...Int.max) ?? 0
            return (name, PowerSource.Counter(path: "\(root)/\(entry)/energy_uj", range: range))
        }
        var sources: [PowerSource] = []
        if let platform = zones.first(where: { $0.name == "psys" }) {
            sources.append(
                PowerSource(name: "RAPL psys", scope: .platform, reading: .counters([platform.counter])))
        }
        let parts = zones.filter { $0.name.hasPrefix("package-") || $0.name == "dram" }
        if !parts.isEmpty {
            sources.append(
                PowerSource(name: "RAPL packages", scope: .processor, reading: .counters(parts.map(\.counter))))
        }
        return sources
    }

    /// Counters of processors that hwmon lists (amd_energy and its like); those of sockets, where cores are counted too.
    private var processorMonitors: [PowerSource] {
        hardwareMonitors.filter { $0.name == "amd_energy" || $0.name == "zenpower" }.compactMap { monitor in
            let names = files.names(in: monitor.folder).filter { $0.hasPrefix("energy") && $0.hasSuffix("_input") }
            let sockets = names.filter { name in
                files.text("\(monitor.folder)/\(name.dropLast(6))_label")?.hasPrefix("Esocket") ?? false
            }
            let counters = (sockets.isEmpty ? names : sockets).map {
                PowerSource.Counter(path: "\(monitor.folder)/\($0)", range: 0)
            }
            guard !counters.isEmpty else { return nil }
            return PowerSource(name: monitor.name, scope: .processor, reading: .counters(counters))
        }
    }
}
