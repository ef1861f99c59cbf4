import Foundation
import Identity
import TestSupport
import Testing

@Suite struct FolderTests {
    private let now = TestAuthority.now

    private func mode(_ path: String) throws -> Int? {
        (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }

    @Test func `An authority is made once, for its owner alone, and reads back`() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let folder = AuthorityFolder(dataFolder: "\(temporary.path)/deep/er")
        #expect(try folder.load() == nil && folder.coordinator(now: now) == nil)
        let authority = try folder.make(name: "lap", now: now)
        #expect(try mode(folder.path) == 0o700)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            #expect(try mode("\(folder.path)/\(name)") == 0o600)
        }
        #expect(try folder.load()?.certificate.der == authority.certificate.der)
        let error = #expect(throws: IdentityError.self) { try folder.make(name: "lap", now: now) }
        #expect(error?.code == .exists)
        #expect(try folder.load()?.certificate.der == authority.certificate.der)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(temporary.path)/deep/er") == ["authority"])
    }

    @Test func `The coordinator's certificate is renewed in time, with the same identity and key`() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let folder = AuthorityFolder(dataFolder: temporary.path)
        _ = try folder.make(name: "lap", now: now)
        let first = try #require(try folder.coordinator(now: now))
        #expect(first.identity.kind == .coordinator && first.certificate.name == "lap")
        #expect(try folder.coordinator(now: now + 50 * 86_400)?.certificate.der == first.certificate.der)
        let later = now + 200 * 86_400
        let renewed = try #require(try folder.coordinator(now: later))
        #expect(renewed.identity == first.identity && renewed.key.pem == first.key.pem)
        #expect(renewed.certificate.life.contains(later))
        #expect(try folder.coordinator(now: later)?.certificate.der == renewed.certificate.der)
    }

    @Test func `A member's files read back, and damaged ones are refused by name`() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let folder = MemberFolder(dataFolder: temporary.path)
        #expect(try folder.credentials() == nil && folder.joining() == nil && folder.revoked() == RevocationList())
        let credentials = try TestAuthority.shared.credentials(.member)
        let joining = MemberFolder.Joining(addresses: ["lap:7078"], tokenHash: [1, 2, 3])
        let revoked = RevocationList(version: 4, devices: ["a"])
        try folder.store(credentials)
        try folder.store(joining)
        try folder.store(revoked)
        #expect(try folder.credentials()?.pem == credentials.pem)
        #expect(try folder.joining() == joining && folder.revoked() == revoked)
        let others = try TestAuthority.shared.credentials(.member)
        let rejoining = MemberFolder.Joining(addresses: ["top:7078"], tokenHash: nil)
        try folder.replace(others, joining: rejoining)
        #expect(try folder.credentials()?.pem == others.pem && folder.joining() == rejoining)
        #expect(try folder.revoked() == RevocationList())
        try folder.store(revoked)
        for name in ["member.pem", "revoked.json"] {
            let path = "\(folder.path)/\(name)"
            #expect(try mode(path) == 0o600)
            try Data("damaged".utf8).write(to: URL(fileURLWithPath: path))
        }
        let one = #expect(throws: IdentityError.self) { try folder.credentials() }
        let two = #expect(throws: IdentityError.self) { try folder.revoked() }
        #expect(one?.message.contains("member.pem") == true && two?.message.contains("revoked.json") == true)
    }

    @Test func `A link to nowhere in the authority's place is not said to be an authority`() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let folder = AuthorityFolder(dataFolder: temporary.path)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path, withDestinationPath: "\(temporary.path)/nowhere")
        let error = #expect(throws: IdentityError.self) { try folder.make(name: "lap", now: now) }
        #expect(error?.code == .unwritable, "\(error?.message ?? "")")
    }

    @Test func `The key to join with is the same until it was joined with, and is for its owner alone`() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let folder = MemberFolder(dataFolder: temporary.path)
        let key = try folder.makeJoiningKey(replacing: nil)
        #expect(try mode("\(folder.path)/pending.pem") == 0o600)
        #expect(try folder.makeJoiningKey(replacing: TestAuthority.shared.credentials(.member)).pem == key.pem)
        let certificate = try TestAuthority.shared.authority.issue(
            to: key, identity: ClusterIdentity(new: .member), name: "pi1", now: now)
        let credentials = try Credentials(
            key: key, certificate: certificate, authority: TestAuthority.shared.authority.certificate)
        #expect(try folder.makeJoiningKey(replacing: credentials).pem != key.pem)
        try folder.replace(credentials, joining: .init(addresses: ["lap:7078"], tokenHash: [1]))
        #expect(folder.joiningKey() == nil)
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)) == ["member.pem", "join.json"])
    }

    @Test func `Drafts of files are of one process, and none is left behind`() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let folder = MemberFolder(dataFolder: temporary.path)
        let joining = MemberFolder.Joining(addresses: ["lap:7078"], tokenHash: nil)
        try folder.store(joining)
        // Of a process that has ended, of one that runs, and what is no draft.
        let names = ["join.json.new-\(pid_t.max)", "join.json.new-1", "join.json.new-x"]
        for name in names { try Data().write(to: URL(fileURLWithPath: "\(folder.path)/\(name)")) }
        try folder.store(joining)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["join.json"] + names[1...])
        // A file that cannot take the draft's place.
        try FileManager.default.removeItem(atPath: "\(folder.path)/join.json")
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/join.json/in", withIntermediateDirectories: true)
        let error = #expect(throws: IdentityError.self) { try folder.store(joining) }
        #expect(error?.code == .unwritable)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["join.json"] + names[1...])
    }
}
