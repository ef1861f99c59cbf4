import GRDB
import Identity

/// The devices of the cluster.
extension ClusterStore {
    /// Those that are members now, by their names.
    ///
    /// - Throws: `ClusterStoreError`
    package func members() throws(ClusterStoreError) -> [Member] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM member WHERE removedAt IS NULL ORDER BY name").map(
                Member.init)
        }
    }

    /// The member with an id, also one that was removed.
    ///
    /// - Throws: `ClusterStoreError`
    package func member(id: String) throws(ClusterStoreError) -> Member? {
        try read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM member WHERE id = ?", arguments: [id]).map(Member.init)
        }
    }

    /// Notes where a member is to be reached now.
    ///
    /// - Throws: `ClusterStoreError`
    package func moveMember(id: String, to address: String) throws(ClusterStoreError) {
        try write { database in
            try database.execute(
                sql: "UPDATE member SET address = ? WHERE id = ? AND removedAt IS NULL", arguments: [address, id])
        }
    }

    /// Whether a key is the one that a member has its certificates for. That of one who joined when keys were not noted is noted now.
    ///
    /// - Parameter keyHash: SHA-256 of the public key.
    /// - Throws: `ClusterStoreError`
    package func isKey(_ keyHash: [UInt8], ofMember id: String) throws(ClusterStoreError) -> Bool {
        try write { database in
            try database.execute(
                sql: "UPDATE member SET keyHash = ? WHERE id = ? AND keyHash IS NULL", arguments: [Blob(keyHash), id])
            return try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM member WHERE id = ? AND keyHash = ?)",
                arguments: [id, Blob(keyHash)]) == true
        }
    }

    /// Gives a member another name, also in what is placed.
    ///
    /// - Throws: `ClusterStoreError`, also when no member has the name, or the new one is none or is, or looks like, another's.
    /// - Returns: the member as it is now.
    package func renameMember(_ name: String, to new: String) throws(ClusterStoreError) -> Member {
        do throws(IdentityError) { _ = try DeviceName.member(new) } catch { throw ClusterStoreError(error.message) }
        return try write { database in
            let members = try Row.fetchAll(database, sql: "SELECT * FROM member WHERE removedAt IS NULL").map(
                Member.init)
            guard var member = members.first(where: { $0.name == name }) else {
                let names = members.map(\.name).sorted().joined(separator: ", ")
                throw ClusterStoreError(
                    "no device \"\(name)\" has joined this cluster\(names.isEmpty ? "" : "; these have: \(names)")")
            }
            if let taken = members.first(where: { $0.id != member.id && DeviceName.resembles($0.name, new) }) {
                throw ClusterStoreError(
                    "a device is a member already whose name this is, or looks like: \(taken.name); choose another")
            }
            member.name = new
            try database.execute(sql: "UPDATE member SET name = ? WHERE id = ?", arguments: [new, member.id])
            if var placement = try Self.placement(database) {
                for index in placement.stages.indices where placement.stages[index].device == name {
                    placement.stages[index].device = new
                }
                try Self.set(placement, database)
            }
            return member
        }
    }

    /// Shuts a member out.
    ///
    /// - Returns: the member as it is now; `nil` when none has the name.
    /// - Throws: `ClusterStoreError`
    package func removeMember(named name: String, now: Int64) throws(ClusterStoreError) -> Member? {
        try write { database in
            guard
                let row = try Row.fetchOne(
                    database, sql: "SELECT * FROM member WHERE name = ? AND removedAt IS NULL", arguments: [name])
            else { return nil }
            var member = Member(row)
            member.removedAt = now
            try database.execute(sql: "UPDATE member SET removedAt = ? WHERE id = ?", arguments: [now, member.id])
            return member
        }
    }

    /// The devices that are shut out, the latest first.
    ///
    /// Also those whose certificates have ended: when that was, only a right clock could tell.
    ///
    /// - Parameter most: how many at most.
    /// - Returns: their ids, and how many devices were ever removed, which rises with every change.
    /// - Throws: `ClusterStoreError`
    package func removedMembers(most: Int) throws(ClusterStoreError) -> (count: UInt64, ids: [String]) {
        try read { database in
            let count = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM member WHERE removedAt IS NOT NULL") ?? 0
            let ids = try String.fetchAll(
                database, sql: "SELECT id FROM member WHERE removedAt IS NOT NULL ORDER BY removedAt DESC LIMIT ?",
                arguments: [most])
            return (UInt64(count), ids)
        }
    }
}

extension Member {
    init(_ row: Row) {
        self.init(
            id: row["id"], name: row["name"], address: row["address"], joinedAt: row["joinedAt"],
            removedAt: row["removedAt"])
    }
}
