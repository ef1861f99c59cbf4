import Foundation

/// A user of this machine whom files belong to. Root acts as that user in folders that are not root's own: else files would stay there that
/// their owner cannot read.
struct Account {
    private let user: uid_t
    private let group: gid_t

    /// The account that this process is to act as for a folder: its owner, or that of the next folder above that is there. `nil` where this
    /// process is not root's, or the folder is.
    init?(owning folder: String) {
        guard geteuid() == 0 else { return nil }
        var path = URL(filePath: folder).standardizedFileURL
        while true {
            if let owner = Self.owner(of: path.path) {
                guard owner.user != 0 else { return nil }
                (user, group) = owner
                return
            }
            guard path.path != "/" else { return nil }
            path.deleteLastPathComponent()
        }
    }

    /// Whose a file or folder is, the one that links lead to; `nil` where there is none.
    static func owner(of path: String) -> (user: uid_t, group: gid_t)? {
        let path = URL(filePath: path).resolvingSymlinksInPath().path
        guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
            let user = facts[.ownerAccountID] as? NSNumber, let group = facts[.groupOwnerAccountID] as? NSNumber
        else { return nil }
        return (user.uint32Value, group.uint32Value)
    }

    /// Makes this process that user's, for good.
    ///
    /// - Throws: `CommandError`
    func become() throws {
        try takeGroups()
        guard setgid(group) == 0, setuid(user) == 0 else { throw failure }
    }

    /// Does something as that user, and is root again after. Nothing else may run meanwhile that needs to be root.
    ///
    /// - Throws: `CommandError`, or what the work throws.
    func acting<Result>(_ work: () async throws -> Result) async throws -> Result {
        try takeGroups()
        guard setegid(group) == 0, seteuid(user) == 0 else { throw failure }
        defer {
            var root: gid_t = 0
            precondition(
                seteuid(0) == 0 && setegid(0) == 0 && setgroups(1, &root) == 0, "root does not come back: \(errno)")
        }
        return try await work()
    }

    private func takeGroups() throws {
        var groups = [group]
        guard setgroups(.init(groups.count), &groups) == 0 else { throw failure }
    }

    private var failure: CommandError {
        CommandError(
            "this process cannot act as user \(user): \(String(cString: strerror(errno))); run it as that user")
    }
}

extension Account? {
    /// As `Account.acting`; as this process where there is no such account.
    func acting<Result>(_ work: () async throws -> Result) async throws -> Result {
        guard let account = self else { return try await work() }
        return try await account.acting(work)
    }
}

/// A command that reads and writes in a data folder, as the folder's owner.
protocol UsesDataFolder {
    var folder: String { get }
}
