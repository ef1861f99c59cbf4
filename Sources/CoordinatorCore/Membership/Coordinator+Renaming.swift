import Placement
import Synchronization

extension Coordinator {
    /// A device has another name from now on. It is linked anew under that, and keeps its layers: answers wait until it is.
    ///
    /// What was pinned or excluded by the old name stays so.
    package func rename(device old: String, to device: DeviceDeclaration) {
        let reason = "\(old) is called \(device.name) from now on"
        let (client, isPlaced) = state.withLock { state -> (WorkerClient?, Bool) in
            guard let index = state.devices.firstIndex(where: { $0.name == old && !$0.isInProcess }) else {
                return (nil, false)
            }
            state.devices[index] = device
            state.roster.rename(old, to: device.name)
            state.rename(old, to: device.name)
            let isPlaced = state.plan?.stages.contains { $0.device == old } ?? false
            state.plan = state.plan?.naming(old, device.name)
            if isPlaced, state.broken?.epoch != state.epoch { state.broken = (state.epoch, .lost(device.name, reason)) }
            return (state.clients.removeValue(forKey: old), isPlaced)
        }
        client?.close()
        if isPlaced { placementBroken(reason) }
        events.continuation.yield(.tick)
    }
}

extension Coordinator.State {
    /// What is remembered of a device by its name.
    fileprivate mutating func rename(_ old: String, to new: String) {
        retries[old] = nil
        connectedSince[old] = nil
        faults[new] = faults.removeValue(forKey: old)
        suspects[new] = suspects.removeValue(forKey: old)
        lossReasons[new] = lossReasons.removeValue(forKey: old)
        slowed[new] = slowed.removeValue(forKey: old)
        if drained.remove(old) != nil { drained.insert(new) }
        if leftOut.remove(old) != nil { leftOut.insert(new) }
        links = MeasuredLinks(
            links.entries.map { entry in
                var entry = entry
                if entry.from == old { entry.from = new }
                if entry.to == old { entry.to = new }
                return entry
            })
        hasNewDevices = true
    }
}
