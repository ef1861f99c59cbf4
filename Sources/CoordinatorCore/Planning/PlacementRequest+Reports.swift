import Placement
import Wire

extension Coordinator {
    /// What is asked of the planner, with the devices that are there.
    ///
    /// - Parameter links: those that were measured; what the devices declare counts for the others.
    func request(_ reports: [String: DeviceReport], links measured: MeasuredLinks) -> PlacementRequest {
        let present = configuration.devices.filter { reports[$0.name] != nil }
        var links = LinkTable(measured, coordinator: configuration.devices.first(where: \.isInProcess)?.name)
        for device in present where links.coordinatorLink(of: device.name) == nil {
            if let declared = device.link { links.setCoordinatorLink(of: device.name, declared) }
        }
        var preferences = configuration.planning
        // A device that is away holds nothing anyway.
        preferences.excluded.removeAll { name in
            configuration.devices.contains { $0.name == name } && reports[name] == nil
        }
        var request = PlacementRequest(
            devices: present.map { device in
                let report = reports[device.name]!
                return DeviceCapacity(
                    name: device.name, memoryBytes: device.memoryBytes ?? Int(clamping: report.memoryBudgetBytes),
                    isCoordinator: device.isInProcess, speed: report.profile.flatMap { DeviceSpeed($0) } ?? device.speed
                )
            },
            links: links, model: facts.sizes, context: model.context,
            slots: configuration.slots,
            rowsPerStep: configuration.rowsPerStep, pins: configuration.pins, preferences: preferences)
        request.pagePositions = Scheduler.Limits.pagePositions
        request.keyValuePositions = configuration.pages.map { $0 * Scheduler.Limits.pagePositions }
        return request
    }
}
