import Placement
import Wire

extension Coordinator {
    /// Finds out whether there is a place for the model on the devices that are there, without taking anything of them.
    ///
    /// A device's budget is what it has for models, whatever others hold now: theirs goes before this one comes.
    ///
    /// - Parameter before: the one that is served now, in whose place this one would come.
    /// - Throws: `CoordinatorError`: worker where a device that is required does not answer, placement where nothing fits.
    func rehearse(replacing before: Coordinator) async throws(CoordinatorError) {
        var reports: [String: DeviceReport] = [:]
        var missing: [CoordinatorError] = []
        await identifyDevices()
        let devices = devices
        await withTaskGroup(of: (DeviceDeclaration, Result<DeviceReport, CoordinatorError>).self) { group in
            for device in devices {
                group.addTask { [transport] in
                    (device, await DeviceInspection(transport: transport, device: device).described())
                }
            }
            for await (device, result) in group {
                switch result {
                case .success(let report): reports[device.name] = report
                // One that says what none may say is left out.
                case .failure(let error): if device.isRequired, !error.isFault { missing.append(error) }
                }
            }
        }
        if let error = missing.first { throw error }
        // This process has a worker for each of the two, which tells what it has beside the other's stages.
        for own in before.devices where own.isInProcess {
            guard let report = await DeviceInspection(transport: transport, device: own).report() else { continue }
            let budget = reports[own.name]?.memoryBudgetBytes ?? 0
            reports[own.name]?.memoryBudgetBytes = max(budget, report.memoryBudgetBytes)
        }
        var request = request(reports, links: MeasuredLinks())
        // It is asked whether it fits; what a device takes may be measured before the placement itself.
        if request.preferences.objective == .energy { request.preferences.objective = .balanced }
        do {
            _ = try place(request)
        } catch {
            throw CoordinatorError(.placement, error.description)
        }
    }
}
