package import Wire

/// What a device's sensors tell. What none tells is absent.
package struct SensorsBody: Codable, Sendable, Equatable {
    /// Of the processor, degrees.
    package var celsius: Double?
    /// The mean of its processors, and what they could.
    package var megahertz: Int?
    package var highestMegahertz: Int?
    /// What holds it back now: such as `under-voltage`, `throttled`.
    package var throttling: [String]
    /// The same since it was switched on.
    package var throttlingSinceStart: [String]
    /// The mean of the last ten seconds, and where it is read.
    package var watts: Double?
    package var powerSource: String?
    /// For how much of the last ten seconds it computed, from 0 to 1.
    package var busy: Double
    /// Threads that compute now: fewer than there are where it is too hot, or to be quiet.
    package var activeThreads: Int
    /// As how many times slower it asks to be reckoned with, since it is too hot.
    package var slower: Double?

    enum CodingKeys: String, CodingKey {
        case celsius, megahertz, throttling, watts, busy, slower
        case highestMegahertz = "highest_megahertz"
        case throttlingSinceStart = "throttling_since_start"
        case powerSource = "power_source"
        case activeThreads = "active_threads"
    }

    package init(_ sensors: DeviceSensors) {
        celsius = sensors.celsius.map { ($0 * 10).rounded() / 10 }
        megahertz = sensors.megahertz > 0 ? Int(sensors.megahertz) : nil
        highestMegahertz = sensors.highestMegahertz > 0 ? Int(sensors.highestMegahertz) : nil
        throttling = Self.words(sensors.throttling)
        throttlingSinceStart = Self.words(sensors.throttling >> 16)
        watts = sensors.watts
        powerSource = sensors.powerSource.isEmpty ? nil : sensors.powerSource
        busy = Double(sensors.busyThousandths) / 1000
        activeThreads = Int(sensors.activeThreads)
        slower = sensors.slowerHundredths > 100 ? Double(sensors.slowerHundredths) / 100 : nil
    }

    /// PROTOCOL.md, "Sensors".
    private static let names = ["under-voltage", "frequency capped", "throttled", "soft temperature limit"]

    private static func words(_ bits: UInt32) -> [String] {
        names.indices.filter { bits & 1 << UInt32($0) != 0 }.map { names[$0] }
    }
}
