import ClusterStore
import Placement
import Synchronization

/// What of the coordinator's life goes into the record.
extension Coordinator {
    /// Where it is recorded what happens.
    package var history: ClusterHistory { configuration.history }

    /// Records something that happened.
    func note(_ event: HistoryEvent) { history.note(event) }

    /// The link to a device ended: told once, until it is back.
    ///
    /// - Parameter linked: since when it was linked; `nil` is not known.
    func noteLoss(
        of device: String, _ reason: String, linked: ContinuousClock.Instant?, at now: ContinuousClock.Instant
    ) {
        let isNews = state.withLock { state in
            guard !state.stopped, state.awaySince[device] == nil,
                state.devices.contains(where: { $0.name == device && !$0.isInProcess })
            else { return false }
            state.awaySince[device] = now
            return true
        }
        guard isNews else { return }
        var event = HistoryEvent(.lost, device: device, model: model.id, reason: reason)
        event.seconds = linked.map { (now - $0) / .seconds(1) }
        note(event)
    }

    /// A device did not answer when it was called: told once, until it is linked.
    func noteUnreachable(_ device: DeviceDeclaration, _ reason: String) {
        let isNews = state.withLock { state in
            state.lastTries[device.name] = reason
            guard !state.stopped, state.awaySince[device.name] == nil,
                state.devices.contains(where: { $0.name == device.name })
            else { return false }
            state.awaySince[device.name] = .now
            return true
        }
        guard isNews else { return }
        var event = HistoryEvent(.unreachable, device: device.name, model: model.id, reason: reason)
        event.address = device.address
        note(event)
    }

    /// A device is linked: where it was away, it is back.
    func noteReturn(of device: DeviceDeclaration) {
        let since = state.withLock { state in
            state.lastTries[device.name] = nil
            return state.awaySince.removeValue(forKey: device.name)
        }
        guard let since else { return }
        let seconds = (ContinuousClock.now - since) / .seconds(1)
        var event = HistoryEvent(.returned, device: device.name, model: model.id)
        event.address = device.address
        event.seconds = seconds
        note(event)
        progress(.note("\(device.name) is back after \(HistoryEvent.duration(seconds))"))
    }

    /// Answers that waited go on.
    func noteResumption() {
        let since = state.withLock { state in
            defer { state.suspendedSince = nil }
            return state.suspendedSince
        }
        guard let since else { return }
        var event = HistoryEvent(.resumed, model: model.id)
        event.seconds = (ContinuousClock.now - since) / .seconds(1)
        note(event)
    }

    /// A placement is begun to be made.
    func notePlacing(because reason: String?) { note(HistoryEvent(.placing, model: model.id, reason: reason)) }

    /// A placement stands.
    ///
    /// - Parameters:
    ///   - before: the one that stood before; `nil` where that was in an earlier run, or nowhere.
    ///   - bytes: of shards that were brought for it, over the coordinator's link and from device to device.
    func notePlaced(
        _ plan: PlacementPlan, after before: PlacementPlan?, bytes: (sent: Int, passedOn: Int), seconds: Double
    ) {
        var event = HistoryEvent(.placed, model: model.id)
        let earlier = (predecessor?.stages ?? []).compactMap { stage in
            stage.layers.map { (device: stage.device, layers: $0) }
        }
        event.moves = HistoryEvent.Move.moves(from: before?.ranges ?? earlier, to: plan.ranges)
        (event.sentBytes, event.passedOnBytes) = bytes
        event.seconds = seconds
        note(event)
    }
}

extension PlacementPlan {
    fileprivate var ranges: [(device: String, layers: Range<Int>)] { stages.map { ($0.device, $0.layers) } }
}
