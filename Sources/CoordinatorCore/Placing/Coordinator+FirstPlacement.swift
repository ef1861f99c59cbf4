import ClusterStore
import Placement
import Synchronization
import Wire

/// The first placement: nothing answers before it stands, and whoever wants it is told where it cannot.
extension Coordinator {
    /// Connects to the devices and makes a placement stand. Where devices or links between them are lost meanwhile it is planned anew over who
    /// is left, as after it.
    ///
    /// - Parameter requiresAll: whether devices that were named must be there.
    func establish(requiresAll: Bool) async throws(CoordinatorError) {
        try await connectAll(requiresAll: requiresAll)
        var reports = await measured(await describeAll()).filter { isConnected($0.key) }
        var before = predecessor
        var plan = try firstPlan(reports, as: before)
        var losses = 0
        while true {
            progress(.placed(plan))
            state.withLock { if !$0.stopped { $0.readiness = .starting("loading") } }
            do throws(CoordinatorError) {
                return try await realize(plan, reports: reports)
            } catch {
                // What was kept of before may fit no longer, and a device that does nothing is done without.
                let isLoss = error.isLoss || error.failure == .nextUnreachable
                if isLoss { losses += 1 }
                guard isLoss ? losses < mostLosses : leaveOut(for: error) || before != nil,
                    !state.withLock({ $0.stopped })
                else { throw isLoss ? error.after(losses) : error }
                progress(.note(error.message))
                note(HistoryEvent(.notPlaced, model: model.id, reason: error.message))
                if isLoss {
                    learn(from: error, of: plan)
                    try await comeBack(from: error, requiresAll: requiresAll)
                } else {
                    before = nil
                }
                reports = await describeAll()
                do throws(CoordinatorError) {
                    plan = try firstPlan(reports, as: before)
                } catch let failure {
                    throw CoordinatorError(
                        failure.code, "\(error.message); \(failure.message)", device: error.device)
                }
            }
        }
    }

    /// Losses that the first placement may have: each device is done without after two.
    private var mostLosses: Int { 2 * devices.count + 2 }

    /// After a loss: waits where there were some already, and connects to who is away.
    private func comeBack(from loss: CoordinatorError, requiresAll: Bool) async throws(CoordinatorError) {
        let pause = state.withLock { $0.pace.next(tokens: 0, at: .now) }
        if pause > .zero { try? await Task.sleep(for: pause) }
        let leftOut = suspects.union(state.withLock { $0.leftOut })
        do throws(CoordinatorError) {
            try await reconnectLost(requiresAll: requiresAll, leftOut: leftOut)
        } catch {
            throw CoordinatorError(
                .worker, "\(loss.message); \(error.device ?? "a device") does not come back: \(error.message)",
                device: error.device)
        }
    }

    /// The placement of before, where its devices are all there with what it needs; else the best one.
    private func firstPlan(
        _ reports: [String: DeviceReport], as predecessor: PlacementRecord?
    ) throws(CoordinatorError) -> PlacementPlan {
        let whole = request(reports, links: state.withLock { $0.links })
        let leftOut = state.withLock { $0.leftOut }
        let before = (predecessor?.stages ?? []).compactMap(Replacement.PlacedRange.init)
        let holding = reports.filter { $1.stages.contains { $0.session == session } }
        let mayBeAsBefore =
            before.allSatisfy { holding[$0.device] != nil || isInProcess($0.device) }
            && before.contains { holding[$0.device] != nil }
        var failure: PlacementError?
        for suspects in choicesToLeaveOut {
            var request = whole
            request.leaveOut(suspects.union(leftOut))
            if mayBeAsBefore, let plan = try? Replacement(request, current: before).plan(isStored: { _, _ in false }) {
                return plan
            }
            do throws(PlacementError) {
                return try place(request)
            } catch {
                failure = error
            }
        }
        throw CoordinatorError(.placement, failure?.description ?? "no device is there")
    }
}

extension CoordinatorError {
    /// Tells how often placing was tried.
    fileprivate func after(_ losses: Int) -> CoordinatorError {
        var error = self
        if losses > 1 { error.message += " (the last of \(losses) losses while the model was placed)" }
        return error
    }
}
