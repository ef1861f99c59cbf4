/// A temperature that the machine tells.
package struct Temperature: Sendable, Hashable {
    /// What is measured, as the system names it: `cpu-thermal`, `x86_pkg_temp`.
    package let zone: String
    /// Degrees Celsius.
    package let celsius: Double

    package init(zone: String, celsius: Double) {
        self.zone = zone
        self.celsius = celsius
    }
}

extension Machine {
    /// Zones and monitors of processors (names of Linux's thermal and hwmon drivers).
    private static let processorNames = [
        "cpu", "soc", "x86_pkg_temp", "coretemp", "k10temp", "zenpower", "bigcore", "littlecore", "tcpu",
    ]

    /// All temperatures that thermal zones and hardware monitors tell.
    package var temperatures: [Temperature] {
        let zones = files.names(in: "/sys/class/thermal").filter { $0.hasPrefix("thermal_zone") }.compactMap {
            name -> Temperature? in
            let folder = "/sys/class/thermal/\(name)"
            guard let type = files.text("\(folder)/type"), let celsius = celsius("\(folder)/temp") else { return nil }
            return Temperature(zone: type, celsius: celsius)
        }
        let monitors = hardwareMonitors.flatMap { monitor in
            files.names(in: monitor.folder).filter { $0.hasPrefix("temp") && $0.hasSuffix("_input") }.compactMap {
                file in celsius("\(monitor.folder)/\(file)").map { Temperature(zone: monitor.name, celsius: $0) }
            }
        }
        return zones + monitors
    }

    /// The processor's temperature: the hottest of its zones, or of all where none says that it is the processor's.
    package var temperature: Temperature? {
        let all = temperatures
        let processors = all.filter { temperature in
            let zone = temperature.zone.lowercased()
            return Self.processorNames.contains { zone.hasPrefix($0) }
        }
        return (processors.isEmpty ? all : processors).max { $0.celsius < $1.celsius }
    }

    /// Thousandths of a degree, within what a working machine can have: sensors without power tell -273 and the like.
    private func celsius(_ path: String) -> Double? {
        files.number(path, in: -40_000...150_000).map { Double($0) / 1000 }
    }
}
