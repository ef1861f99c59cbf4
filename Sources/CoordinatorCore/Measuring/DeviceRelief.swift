package import Wire

/// What a device asks for that is too hot though it computes with one thread: to be reckoned with as slower, so that it gets fewer layers.
package struct DeviceRelief: Sendable, Hashable {
    /// As how many times slower, more than 1.
    package let times: Double
    private let celsius: Double?

    /// What a device's sensors ask for; `nil` where it is as it is.
    package init?(_ sensors: DeviceSensors) {
        guard sensors.slowerHundredths > 100 else { return nil }
        times = Double(sensors.slowerHundredths) / 100
        celsius = sensors.celsius
    }

    /// Behind the device's name.
    package var description: String {
        let heat = celsius.map { " (\(Int($0.rounded())) °C)" } ?? ""
        return
            "is too hot\(heat) and asks for less: it is reckoned with as \((times * 10).rounded() / 10) times as slow"
    }
}
