import Placement
import Synchronization
import Transport
import Wire

/// Telling devices whose links they take, where devices are known by their certificates.
extension Coordinator {
    /// Who a connected device is by its certificate; `nil` on a plain link and of the coordinator's own.
    func identity(of device: String) -> String? { state.withLock { $0.clients[device] }?.identity }

    /// Tells all connected devices whose links they are to take from now on, and no others. Those that are to hold a stage must say that
    /// they do; whoever else does not answer is lost, or has nothing to take links for.
    ///
    /// - Throws: `CoordinatorError` where a device that is to hold a stage cannot be told.
    func admit(_ admissions: PeerAdmissions, for plan: PlacementPlan) async throws(CoordinatorError) {
        guard transport.isSecured else { return }
        let placed = Set(plan.stages.map(\.device))
        let told = connectedDevices
        for device in told where !placed.contains(device) && !admissions.devices.contains(device) {
            try? client(of: device).ask(.admitPeers(message(admissions, device))) { _ in }
        }
        try await each(told.filter { placed.contains($0) || admissions.devices.contains($0) }) { [self] device in
            do {
                _ = try await client(of: device).request(.admitPeers(message(admissions, device)))
            } catch {
                if placed.contains(device) { throw error }
            }
        }
    }

    private func message(_ admissions: PeerAdmissions, _ device: String) -> AdmitPeers {
        admissions.message(to: device) { identity(of: $0) }
    }

    /// Whose links the devices of a placement take while it is made: also of those that take caches over.
    func admissions(_ plan: PlacementPlan, transfers: [StageTransfer]) -> PeerAdmissions {
        var admissions = PeerAdmissions(stages: plan.stages.map(\.device))
        for (stage, transfer) in zip(plan.stages, transfers) {
            for lender in transfer.lenders { admissions.lend(cachesOf: lender, to: stage.device) }
        }
        return admissions
    }
}
