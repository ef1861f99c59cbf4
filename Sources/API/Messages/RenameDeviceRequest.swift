/// The body of `POST /api/devices/rename`.
package struct RenameDeviceRequest: Sendable, Codable {
    /// The device's name.
    package var device: String
    /// The one that it is to have.
    package var name: String

    package init(device: String, name: String) {
        self.device = device
        self.name = name
    }
}

/// The answer to it.
package struct RenamedDeviceBody: Sendable, Codable {
    /// The name that the device had.
    package var renamed: String
    /// The one that it has.
    package var name: String

    package init(renamed: String, name: String) {
        self.renamed = renamed
        self.name = name
    }
}
