/// A chip that measures, as Linux's hwmon lists it.
struct HardwareMonitor {
    /// The driver's name, such as `ina226`.
    let name: String
    /// The system's name for it, such as `hwmon2`.
    let entry: String

    /// Its folder in sysfs.
    var folder: String { "/sys/class/hwmon/\(entry)" }
}

extension Machine {
    /// All of them, in the system's order.
    var hardwareMonitors: [HardwareMonitor] {
        files.names(in: "/sys/class/hwmon").compactMap { entry in
            files.text("/sys/class/hwmon/\(entry)/name").map { HardwareMonitor(name: $0, entry: entry) }
        }
    }
}
