import NIOCore
import Synchronization
import Transport
import Wire

/// Finding out who the devices are that were named by an address alone, before they are linked to: a second link of this coordinator to one
/// worker would end the first.
extension Coordinator {
    /// Asks those that were not met yet, all at a time. Those that are there already are left out, the others get their own names; which is
    /// which does not depend on who answers first.
    ///
    /// - Parameters:
    ///   - timeout: how long one may take to answer the call.
    ///   - isMeant: which of them are asked.
    func identifyDevices(
        timeout: TimeAmount = DeviceInspection.standardTimeout,
        where isMeant: (DeviceDeclaration) -> Bool = { _ in true }
    ) async {
        let strangers = state.withLock { state in
            // One that has a name here, and is alone, is nobody else.
            let isAlone = state.devices.count { !$0.isInProcess } == 1
            return state.devices.filter {
                !$0.isInProcess && $0.memberID == nil && !state.roster.hasMet($0.name)
                    && state.clients[$0.name]?.isConnected != true && !(isAlone && $0.name != $0.address)
            }
        }.filter(isMeant)
        guard !strangers.isEmpty else { return }
        let introductions = await withTaskGroup(of: (String, DeviceRoster.Introduction?).self) { [transport] group in
            for device in strangers {
                group.addTask {
                    let inspection = DeviceInspection(transport: transport, device: device, timeout: timeout)
                    let answer = await inspection.introduced()
                    return (device.name, try? answer.get().introduction)
                }
            }
            return await group.reduce(into: [String: DeviceRoster.Introduction]()) { $0[$1.0] = $1.1 }
        }
        var notes: [String] = []
        state.withLock { state in
            for stranger in strangers {
                guard let introduction = introductions[stranger.name] else { continue }
                if let note = state.meet(stranger, introduction) { notes.append(note) }
            }
        }
        for note in notes { progress(.note(note)) }
    }
}

extension Coordinator.State {
    /// Meets a device.
    ///
    /// - Returns: a line for people, where one is needed.
    fileprivate mutating func meet(_ device: DeviceDeclaration, _ introduction: DeviceRoster.Introduction) -> String? {
        guard let index = devices.firstIndex(where: { $0.name == device.name && !$0.isInProcess }),
            !dialing.contains(device.name)
        else { return nil }
        var others = devices
        others.remove(at: index)
        // Not yet met ones have no say; of two that are met at a time the first counts.
        others.removeAll { $0.memberID == nil && !$0.isInProcess && !roster.hasMet($0.name) }
        switch roster.meet(device, introduction, others: others) {
        case .used(let name, let note):
            devices[index].name = name
            if name != device.name { retries[name] = retries.removeValue(forKey: device.name) }
            return note
        case .repeats(_, let note):
            devices.remove(at: index)
            retries[device.name] = nil
            return note
        }
    }
}
