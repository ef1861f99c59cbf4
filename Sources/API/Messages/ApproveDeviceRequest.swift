import CoordinatorCore

/// The body of `POST /api/devices/approve`.
package struct ApproveDeviceRequest: Sendable, Codable {
    /// What a person typed.
    package var code: String

    package init(code: String) { self.code = code }
}

/// The answer to it: the device that was let in.
package struct ApprovedDeviceBody: Sendable, Codable {
    package var name: String
    /// The host where it is.
    package var address: String

    package init(name: String, address: String) {
        self.name = name
        self.address = address
    }
}

/// The answer to `POST /api/devices/waiting`: the devices that wait to be let in, without their codes, which nobody here knows.
package struct WaitingDevicesBody: Sendable, Codable {
    package struct Device: Sendable, Codable {
        package var name: String
        /// The host from where it asks.
        package var address: String
        /// For how long it waits.
        package var seconds: Int
    }

    package var devices: [Device]

    init(_ devices: [WaitingDevice]) {
        self.devices = devices.map { Device(name: $0.name, address: $0.address, seconds: $0.seconds) }
    }
}
