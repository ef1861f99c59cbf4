package import Placement
package import Wire

/// What the devices of a placement take together, in the last seconds. A pure value.
package struct EnergyReport: Sendable, Hashable {
    /// Watts of all devices that hold something: measured where sensors tell, else of what is declared and how much each computed.
    package let watts: Double
    /// Joules for each token that was generated in the same time; `nil` where none was.
    package let joulesPerToken: Double?

    /// - Parameters:
    ///   - devices: those of the placement, each once: what its sensors say, and what is declared of it.
    ///   - tokens: generated in `seconds`, which are also those that the sensors' means are of.
    /// - Returns: `nil` where there is no device, or the power of one is not known.
    package init?(
        devices: [(sensors: DeviceSensors?, declared: DevicePower?)], tokens: Int, seconds: Double
    ) {
        var watts = 0.0
        for device in devices {
            if let measured = device.sensors?.watts {
                watts += measured
            } else if let declared = device.declared, let sensors = device.sensors {
                watts += declared.joules(seconds: 1, busy: Double(sensors.busyThousandths) / 1000)
            } else {
                return nil
            }
        }
        guard !devices.isEmpty else { return nil }
        self.watts = watts
        joulesPerToken = tokens > 0 ? watts * seconds / Double(tokens) : nil
    }
}
