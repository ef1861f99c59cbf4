import ClusterStore
import Logging
package import Transport

/// Members that announce themselves elsewhere than where they were.
extension JoinService {
    /// A worker announces itself under a member's name at some addresses. Where the member does not answer where it was, and is there by its
    /// certificate, it is used there from now on. What was announced is believed in nothing else.
    package func found(_ name: String, at endpoints: [Endpoint], over transport: TCPTransport) async {
        let member = await queue.result { [store] in
            (try? store.members())?.first { $0.name == name }
        }
        guard let member, !endpoints.contains(where: { $0.description == member.address }) else { return }
        guard await !answers(member, at: member.address, over: transport) else { return }
        for endpoint in endpoints where await answers(member, at: endpoint.description, over: transport) {
            await queue.result { [self] in
                var moved = member
                moved.address = endpoint.description
                do {
                    try store.moveMember(id: member.id, to: moved.address)
                } catch {
                    return logger.warning("where a device is cannot be kept", metadata: ["reason": "\(error)"])
                }
                logger.info("device moved", metadata: ["device": "\(member.name)", "address": "\(moved.address)"])
                note(.moved, moved, before: member.address)
                if let device = declaration(of: moved) { actions.joined(device) }
            }
            return
        }
    }

    /// Whether all members are where they were.
    package func reachesAllMembers(over transport: TCPTransport) async -> Bool {
        let members = await queue.result { [store] in (try? store.members()) ?? [] }
        return await withTaskGroup(of: Bool.self) { group in
            for member in members {
                group.addTask { [self] in await answers(member, at: member.address, over: transport) }
            }
            return await group.allSatisfy { $0 }
        }
    }

    /// Whether a member answers at an address; another one that does is not talked to.
    private func answers(_ member: Member, at address: String, over transport: TCPTransport) async -> Bool {
        var member = member
        member.address = address
        guard let device = declaration(of: member) else { return false }
        return await DeviceInspection(transport: transport, device: device).report() != nil
    }
}
