package import Placement
import Synchronization
package import Wire

extension Coordinator {
    /// What is asked of the planner, with the devices that are there.
    ///
    /// - Parameter links: those that were measured; what the devices declare counts for the others.
    func request(_ reports: [String: DeviceReport], links measured: MeasuredLinks) -> PlacementRequest {
        let (devices, drained, slowed, roster) = state.withLock { ($0.devices, $0.drained, $0.slowed, $0.roster) }
        let present = devices.filter { reports[$0.name] != nil }
        var links = LinkTable(measured, coordinator: devices.first(where: \.isInProcess)?.name)
        for device in present where links.coordinatorLink(of: device.name) == nil {
            if let declared = device.link { links.setCoordinatorLink(of: device.name, declared) }
        }
        var preferences = configuration.planning.naming(by: roster)
        // A device that is away holds nothing anyway.
        preferences.excluded.removeAll { name in
            devices.contains { $0.name == name } && reports[name] == nil
        }
        preferences.excluded += drained.filter { reports[$0] != nil && !preferences.excluded.contains($0) }
        // One that joined meanwhile and tells no watts must not keep the others from being planned for.
        if preferences.objective == .energy, state.withLock({ $0.plan }) != nil {
            preferences.excluded += present.map(\.name).filter { name in
                power(of: name, reports[name]) == nil && !preferences.excluded.contains(name)
            }
        }
        // Once it has answered, a pin to a device that is away or to be left empty waits for it.
        let away = Set(devices.map(\.name)).subtracting(present.map(\.name)).union(drained)
        let named = configuration.pins.map { $0.naming(by: roster) }
        let pins = state.withLock { $0.plan } == nil ? named : named.filter { !away.contains($0.device) }
        var request = PlacementRequest(
            devices: present.map { device in
                let report = reports[device.name]!
                return DeviceCapacity(
                    name: device.name, memoryBytes: device.memoryBytes ?? Int(clamping: report.memoryBudgetBytes),
                    diskBytes: device.isInProcess ? nil : report.diskBytes,
                    isCoordinator: device.isInProcess,
                    speed: Self.speed(
                        report.profile.flatMap { DeviceSpeed($0) } ?? device.speed, slower: slowed[device.name]?.times),
                    power: power(of: device.name, report))
            },
            links: links, model: facts.sizes, context: model.context,
            slots: configuration.slots,
            rowsPerStep: configuration.rowsPerStep, pins: pins, preferences: preferences)
        request.pagePositions = Scheduler.Limits.pagePositions
        request.keyValuePositions = configuration.pages.map { $0 * Scheduler.Limits.pagePositions }
        return request
    }

    /// A device that nobody measured is slower than what it is taken for.
    private static func speed(_ known: DeviceSpeed?, slower times: Double?) -> DeviceSpeed? {
        guard let times else { return known }
        return (known ?? .nominal).slowed(times)
    }

    /// What a device takes: as it is declared, else as it measured itself.
    func power(of device: String, _ report: DeviceReport?) -> DevicePower? {
        configuration.planning.watts[device] ?? declaration(of: device)?.power
            ?? report?.profile.flatMap { DevicePower($0) }
    }
}

extension DeviceReport {
    /// What a shard takes beside its weights, of a model's layers and its configuration, at most and about.
    private static let besideWeights = 1 << 20

    /// Bytes of weights that the device may keep on its disk; nil where it does not say.
    package var diskBytes: Int? {
        storeLimitBytes == 0 ? nil : max(0, Int(clamping: storeLimitBytes) - Self.besideWeights)
    }
}

extension Pin {
    /// The same pin, to the device's name where an address was written.
    package func naming(by roster: DeviceRoster) -> Pin { Pin(part, device: roster.name(of: device)) }
}

extension PlanningPreferences {
    /// The same, with the devices' names where addresses were written.
    package func naming(by roster: DeviceRoster) -> PlanningPreferences {
        var preferences = self
        preferences.excluded = excluded.map { roster.name(of: $0) }
        return preferences
    }
}

extension PlacementRequest {
    /// Leaves devices out for now, and what is pinned to them.
    mutating func leaveOut(_ devices: Set<String>) {
        let present = Set(self.devices.map(\.name)).intersection(devices).subtracting(preferences.excluded)
        preferences.excluded += present.sorted()
        pins.removeAll { devices.contains($0.device) }
    }
}
