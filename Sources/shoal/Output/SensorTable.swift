import API

/// What devices' sensors tell, for people.
enum SensorTable {
    /// A line per device that tells anything; nil where none does.
    static func text(_ devices: [(device: String, sensors: SensorsBody)]) -> String? {
        let telling = devices.filter { $0.sensors.tellsAnything }
        guard !telling.isEmpty else { return nil }
        var table = Table(
            [
                ("heat of", .left), ("°C", .right), ("MHz", .right), ("watts", .right), ("busy", .right),
                ("threads", .right),
                ("held back", .left),
            ], spare: ["threads", "MHz"])
        for (device, sensors) in telling {
            table.add([
                device, sensors.celsius.map { SpeedTables.digits($0, 0) } ?? "–", frequency(sensors),
                sensors.watts.map { SpeedTables.digits($0, 1) } ?? "–", "\(SpeedTables.digits(sensors.busy * 100, 0))%",
                "\(sensors.activeThreads)", held(sensors),
            ])
        }
        return table.description
    }

    private static func frequency(_ sensors: SensorsBody) -> String {
        guard let now = sensors.megahertz else { return "–" }
        return sensors.highestMegahertz.map { "\(now) of \($0)" } ?? "\(now)"
    }

    /// What holds a device back now, and what did before.
    static func held(_ sensors: SensorsBody) -> String {
        let before = sensors.throttlingSinceStart.filter { !sensors.throttling.contains($0) }
        return
            (sensors.throttling + before.map { "\($0) earlier" }
            + (sensors.slower.map { ["asks for fewer layers (\(SpeedTables.digits($0, 0)) times slower)"] } ?? []))
            .joined(separator: ", ")
    }
}

extension SensorsBody {
    /// Whether there is more to tell than that nothing measures anything.
    var tellsAnything: Bool {
        celsius != nil || megahertz != nil || watts != nil || !throttling.isEmpty || !throttlingSinceStart.isEmpty
    }
}
