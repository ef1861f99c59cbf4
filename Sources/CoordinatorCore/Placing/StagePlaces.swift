/// Which stages a coordinator had its devices load. A pure value.
struct StagePlaces: Sendable {
    /// Which stage, of which placement.
    struct Place: Sendable, Hashable {
        var epoch: UInt32
        var stage: UInt32
    }

    private var devices: [Place: String] = [:]

    /// A device is asked to load a stage.
    mutating func add(_ place: Place, on device: String) { devices[place] = device }

    /// Placements up to an epoch are gone.
    mutating func forget(through epoch: UInt32) { devices = devices.filter { $0.key.epoch > epoch } }

    /// The stages of a device.
    func places(on device: String) -> Set<Place> { Set(devices.filter { $0.value == device }.keys) }
}
