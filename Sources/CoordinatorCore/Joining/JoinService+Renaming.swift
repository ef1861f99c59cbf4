import ClusterStore
import Logging
import Synchronization

/// Members that get another name.
extension JoinService {
    /// Gives a member another name: the coordinator uses it from now on, and the device gets a certificate with it when it next asks.
    ///
    /// - Throws: `CoordinatorError`: invalidRequest when there is no such member, or the name is taken or none; unavailable when the store
    ///   cannot be changed.
    package func rename(_ name: String, to new: String) async throws(CoordinatorError) {
        let result = await queue.result { [self] in
            Result { () throws(ClusterStoreError) in
                // What was so before is not taken for news.
                try followRenamings()
                let member = try store.renameMember(name, to: new)
                try followRenamings()
                return member
            }
        }
        do {
            _ = try result.get()
        } catch {
            throw CoordinatorError(error.isRefusal ? .invalidRequest : .unavailable, "\(error)")
        }
    }

    /// Has the coordinator use the names that the store has. On the queue.
    func followRenamings() throws(ClusterStoreError) {
        for member in try store.members() {
            let before = names.withLock { $0.updateValue(member.name, forKey: member.id) }
            guard let before, before != member.name, let device = declaration(of: member) else { continue }
            logger.info("device renamed", metadata: ["device": "\(before)", "to": "\(member.name)"])
            note(.renamed, member, before: before)
            actions.renamed(before, device)
        }
    }
}
