/// A chip that measures, as Linux's hwmon lists it.
struct HardwareMonitor {
    /// The driver's name, such as `ina226`.
    let name: String
    /// Its folder in sysfs.
    let folder: String
}

extension Machine {
    /// All of them, in the system's order.
    var hardwareMonitors: [HardwareMonitor] {
        files.names(in: "/sys/class/hwmon").compactMap { entry in
            let folder = "/sys/class/hwmon/\(entry)"
            return files.text("\(folder)/name").map { HardwareMonitor(name: $0, folder: folder) }
        }
    }
}
