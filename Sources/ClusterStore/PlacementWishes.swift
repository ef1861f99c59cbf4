/// What whoever has a model placed wishes of that placement, in place of what the coordinator was started with; absent is as it was started.
///
/// One form for the API's requests and for what is remembered of a placement. The words are those of the command line; nothing is checked here.
package struct PlacementWishes: Codable, Sendable, Hashable {
    /// Watts of a device.
    package struct Watts: Codable, Sendable, Hashable {
        package var idle: Double
        package var busy: Double

        package init(idle: Double, busy: Double) {
            self.idle = idle
            self.busy = busy
        }
    }

    /// Positions of a sequence.
    package var context: Int?
    /// Sequences at the same time.
    package var slots: Int?
    /// `f16` or `q8_0`.
    package var keyValueType: String?
    /// Each as `0-9=pi1`.
    package var pins: [String]?
    package var objective: String?
    package var streams: Int?
    /// Names of devices that hold nothing.
    package var exclude: [String]?
    package var maximumDevices: Int?
    package var codec: String?
    package var useCoordinator: Bool?
    package var expertsOnDisk: Bool?
    /// By the devices' names.
    package var watts: [String: Watts]?

    enum CodingKeys: String, CodingKey {
        case context, slots, pins, objective, streams, exclude, codec, watts
        case keyValueType = "kv_type"
        case maximumDevices = "max_devices"
        case useCoordinator = "use_coordinator"
        case expertsOnDisk = "experts_on_disk"
    }

    package init() {}

    /// Whether nothing is wished.
    package var isEmpty: Bool { self == PlacementWishes() }
}
