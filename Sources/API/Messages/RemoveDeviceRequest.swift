/// The body of `POST /api/devices/remove`.
package struct RemoveDeviceRequest: Sendable, Codable {
    /// The device's name.
    package var device: String

    package init(device: String) { self.device = device }
}

/// The answer to it.
package struct RemovedDeviceBody: Sendable, Codable {
    /// The device's name.
    package var removed: String

    package init(removed: String) { self.removed = removed }
}
