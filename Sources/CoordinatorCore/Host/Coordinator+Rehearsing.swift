import Placement
import Synchronization
import Wire

extension Coordinator {
    /// Finds out whether there is a place for the model on the devices that are there, without taking anything of them.
    ///
    /// - Parameter before: the one that is served now, in whose place this one would come.
    /// - Throws: `CoordinatorError`: worker where a device that is required does not answer, placement where nothing fits.
    func rehearse(replacing before: Coordinator) async throws(CoordinatorError) {
        var request = try await requestOfPresent(replacing: before)
        // It is asked whether it fits; what a device takes may be measured before the placement itself.
        if request.preferences.objective == .energy { request.preferences.objective = .balanced }
        do {
            _ = try place(request)
        } catch {
            throw CoordinatorError(.placement, error.description)
        }
    }

    /// What would be placed on the devices that are there, as they and their links are known; nothing is measured or taken of them.
    ///
    /// - Parameter before: the one that is served now, if any, in whose place this one would come.
    /// - Throws: `CoordinatorError`: worker where a device that is required does not answer.
    func plan(replacing before: Coordinator?) async throws(CoordinatorError) -> Result<PlacementPlan, PlacementError> {
        let request = try await requestOfPresent(replacing: before)
        do {
            return .success(try place(request))
        } catch {
            return .failure(error)
        }
    }

    /// What the planner would be asked now. A device's budget is what it has for models, whatever others hold now: theirs goes before this
    /// one comes.
    private func requestOfPresent(
        replacing before: Coordinator?
    ) async throws(CoordinatorError) -> PlacementRequest {
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
        for own in before?.devices ?? [] where own.isInProcess {
            guard let report = await DeviceInspection(transport: transport, device: own).report() else { continue }
            let budget = reports[own.name]?.memoryBudgetBytes ?? 0
            reports[own.name]?.memoryBudgetBytes = max(budget, report.memoryBudgetBytes)
        }
        await measureLinks(of: Set(reports.keys), .nothing)
        return request(reports, links: state.withLock { $0.links })
    }
}
