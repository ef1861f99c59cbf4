import ClusterStore
import TestSupport
import Testing

@Suite struct MembersTests {
    private let secret: [UInt8] = Array(1...32)
    private let key: [UInt8] = [7]

    private func member(_ id: String, _ name: String = "pi1") -> Member {
        Member(id: id, name: name, address: "192.168.1.7:7077", joinedAt: 1_000)
    }

    private func withStore(_ body: (ClusterStore, String) throws -> Void) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try body(try ClusterStore(folder: folder.path), folder.path)
    }

    @Test func `A token makes one device a member, until it expires`() throws {
        try withStore { store, _ in
            try store.addJoinToken(secretHash: secret, now: 0, expiresAt: 1_000)
            #expect(try store.join(member("a"), secretHash: [9], keyHash: key, now: 1_000) == .unknownToken)
            #expect(try store.join(member("a"), secretHash: secret, keyHash: key, now: 1_001) == .expiredToken)
            #expect(try store.members().isEmpty)
            #expect(try store.join(member("a"), secretHash: secret, keyHash: key, now: 1_000) == nil)
            #expect(try store.join(member("b", "pi2"), secretHash: secret, keyHash: key, now: 1_000) == .usedToken)
            #expect(try store.members() == [member("a")])
            #expect(try store.member(id: "a") == member("a") && store.member(id: "b") == nil)
        }
    }

    @Test func `A name that is taken costs no token, and is free again after a removal`() throws {
        try withStore { store, _ in
            for (index, secret) in [[UInt8(1)], [2], [3]].enumerated() {
                try store.addJoinToken(secretHash: secret, now: Int64(index), expiresAt: 100)
            }
            #expect(try store.join(member("a"), secretHash: [1], keyHash: key, now: 10) == nil)
            #expect(try store.join(member("b"), secretHash: [2], keyHash: key, now: 10) == .nameTaken("pi1"))
            #expect(try store.join(member("b", "pi2"), secretHash: [2], keyHash: key, now: 10) == nil)
            // Nor is it given to a device whose name looks like it.
            for name in ["PI1", "pil"] {
                #expect(try store.join(member("d", name), secretHash: [3], keyHash: key, now: 10) == .nameTaken("pi1"))
            }
            #expect(try store.removeMember(named: "pi1", now: 20)?.removedAt == 20)
            #expect(try store.removeMember(named: "pi1", now: 21) == nil)
            #expect(try store.join(member("c"), secretHash: [3], keyHash: key, now: 30) == nil)
            #expect(try store.members().map(\.id) == ["c", "b"])
        }
    }

    @Test func `A member gets another name, also in what is placed, and names stay unique`() throws {
        try withStore { store, path in
            for (index, name) in ["pi1", "pi2"].enumerated() {
                try store.addJoinToken(secretHash: [UInt8(index)], now: 0, expiresAt: 100)
                #expect(
                    try store.join(member(name, name), secretHash: [UInt8(index)], keyHash: key, now: 1) == nil)
            }
            func stage(_ device: String) -> PlacementRecord.Stage {
                PlacementRecord.Stage(device: device, embedding: false, layers: 0..<2, head: false)
            }
            try store.setPlacement(
                PlacementRecord(modelPath: "/m", session: 1, epoch: 2, stages: [stage("pi1"), stage("pi2")]))
            #expect(try store.renameMember("pi1", to: "attic") == member("pi1", "attic"))
            #expect(try store.placement()?.stages.map(\.device) == ["attic", "pi2"])
            #expect(try ClusterStore(folder: path).members().map(\.name) == ["attic", "pi2"])
            for (old, new) in [
                ("pi2", "ATTIC"), ("pi1", "pi3"), ("none", "pi3"), ("pi2", "coordinator"), ("pi2", "pi2:7077"),
                ("pi2", ""),
            ] {
                let error = #expect(throws: ClusterStoreError.self) { try store.renameMember(old, to: new) }
                #expect(error?.isRefusal == true)
            }
            // Only the case of letters.
            #expect(try store.renameMember("attic", to: "Attic").name == "Attic")
            #expect(try store.removeMember(named: "Attic", now: 5) != nil)
            #expect(throws: ClusterStoreError.self) { try store.renameMember("Attic", to: "pi9") }
            #expect(try store.renameMember("pi2", to: "attic").name == "attic")
        }
    }

    @Test func `Tokens are listed without their secrets, and taken back while nobody used them`() throws {
        try withStore { store, _ in
            let hashes = (1...3).map { index in [UInt8](repeating: UInt8(index), count: 32) }
            for (index, hash) in hashes.enumerated() {
                try store.addJoinToken(secretHash: hash, now: Int64(index), expiresAt: index == 2 ? 50 : 1_000)
            }
            #expect(try store.join(member("a"), secretHash: hashes[1], keyHash: key, now: 10) == nil)
            let ids = hashes.map { JoinTokenRecord.id(ofSecretHash: $0) }
            #expect(ids == ["01010101", "02020202", "03030303"])
            #expect(
                try store.joinTokens() == [
                    JoinTokenRecord(id: ids[2], createdAt: 2, expiresAt: 50),
                    JoinTokenRecord(id: ids[1], createdAt: 1, expiresAt: 1_000, usedAt: 10, usedBy: "pi1"),
                    JoinTokenRecord(id: ids[0], createdAt: 0, expiresAt: 1_000),
                ])
            for id in [ids[1], "ffffffff", ""] {
                #expect(throws: ClusterStoreError.self) { try store.revokeJoinTokens(id: id, now: 20) }
            }
            #expect(try store.revokeJoinTokens(id: ids[0], now: 20) == [ids[0]])
            #expect(try store.join(member("b", "pi2"), secretHash: hashes[0], keyHash: key, now: 20) == .unknownToken)
            // One that has expired was good for nothing.
            #expect(try store.revokeJoinTokens(id: nil, now: 60) == [])
            #expect(try store.joinTokens().map(\.id) == [ids[1]])
        }
    }

    @Test func `A member has one key`() throws {
        try withStore { store, path in
            try store.addJoinToken(secretHash: secret, now: 0, expiresAt: 1_000)
            _ = try store.join(member("a"), secretHash: secret, keyHash: key, now: 1)
            let again = try ClusterStore(folder: path)
            #expect(try !again.isKey([8], ofMember: "a"))
            #expect(try again.isKey(key, ofMember: "a"))
            #expect(try !again.isKey(key, ofMember: "b"))
        }
    }

    @Test func `A token that was used tells of the device and its key, until it expires or that is removed`() throws {
        try withStore { store, path in
            try store.addJoinToken(secretHash: secret, now: 0, expiresAt: 1_000)
            #expect(try store.use(ofToken: [9], now: 1_000) == .failure(.unknownToken))
            #expect(try store.use(ofToken: secret, now: 1_000) == .success(nil))
            #expect(try store.use(ofToken: secret, now: 1_001) == .failure(.expiredToken))
            _ = try store.join(member("a"), secretHash: secret, keyHash: key, now: 1_000)
            #expect(try store.use(ofToken: secret, now: 1_001) == .failure(.usedToken))
            let again = try ClusterStore(folder: path)
            #expect(
                try again.use(ofToken: secret, now: 1_000) == .success(TokenUse(member: member("a"), keyHash: key)))
            _ = try store.removeMember(named: "pi1", now: 1_000)
            #expect(try again.use(ofToken: secret, now: 1_000) == .failure(.usedToken))
        }
    }

    @Test func `Removals are counted and listed for ever, whatever the clock said`() throws {
        try withStore { store, path in
            for (number, time) in [(1, 10), (2, -5), (3, 30)] {
                try store.addJoinToken(secretHash: [UInt8(number)], now: 0, expiresAt: 100)
                let refusal = try store.join(
                    member("\(number)", "pi\(number)"), secretHash: [UInt8(number)], keyHash: key, now: 1)
                #expect(refusal == nil)
                _ = try store.removeMember(named: "pi\(number)", now: Int64(time))
            }
            let again = try ClusterStore(folder: path)
            func removed(_ most: Int) throws -> (UInt64, [String]) {
                let (count, ids) = try again.removedMembers(most: most)
                return (count, ids)
            }
            #expect(try removed(9) == (3, ["3", "1", "2"]))
            #expect(try removed(1) == (3, ["3"]))
        }
    }

    @Test func `A member that moved is found at its new address, one that was removed does not move`() throws {
        try withStore { store, _ in
            try store.addJoinToken(secretHash: secret, now: 0, expiresAt: 100)
            _ = try store.join(member("a"), secretHash: secret, keyHash: key, now: 1)
            try store.moveMember(id: "a", to: "pi1:9000")
            #expect(try store.members().map(\.address) == ["pi1:9000"])
            _ = try store.removeMember(named: "pi1", now: 2)
            try store.moveMember(id: "a", to: "pi1:1")
            #expect(try store.member(id: "a")?.address == "pi1:9000")
        }
    }
}
