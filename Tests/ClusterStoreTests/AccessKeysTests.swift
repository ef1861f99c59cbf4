import ClusterStore
import Foundation
import TestSupport
import Testing

@Suite struct AccessKeysTests {
    private func key(_ name: String, secret: String = AccessKey.makeSecret()) -> AccessKey {
        AccessKey(
            id: "id of \(name)", name: name, secretHash: AccessKey.hash(of: secret), createdAt: 1_700_000_000,
            limits: AccessKey.Limits(requestsPerMinute: 60))
    }

    @Test func `keys are kept, listed by name and removed`() throws {
        let folder = try TemporaryFolder()
        let store = try ClusterStore(folder: folder.path)
        #expect(try store.accessKeys() == [])
        let (first, second) = (key("phone"), key("desk"))
        try store.add(first)
        try store.add(second)
        // Another process sees them.
        let other = try ClusterStore(folder: folder.path)
        #expect(try other.accessKeys() == [second, first])
        try other.removeAccessKey(named: "phone")
        #expect(try store.accessKeys() == [second])
    }

    @Test func `a name is taken once, and names what is removed`() throws {
        let folder = try TemporaryFolder()
        let store = try ClusterStore(folder: folder.path)
        try store.add(key("phone"))
        let taken = #expect(throws: ClusterStoreError.self) { try store.add(key("phone")) }
        #expect(taken?.message.contains("phone") == true)
        #expect(taken?.message.contains("shoal key remove") == true)
        let absent = #expect(throws: ClusterStoreError.self) { try store.removeAccessKey(named: "desk") }
        #expect(absent?.message.contains("desk") == true)
        for name in ["", "two\nlines", String(repeating: "a", count: 65)] {
            #expect(throws: ClusterStoreError.self) { try store.add(key(name)) }
        }
        #expect(try store.accessKeys().map(\.name) == ["phone"])
    }

    @Test func `a secret is 32 random bytes, and its hash is SHA-256`() {
        let secrets = Set((0..<100).map { _ in AccessKey.makeSecret() })
        #expect(secrets.count == 100)
        for secret in secrets {
            #expect(secret.hasPrefix("sk-shoal-"))
            let encoded = secret.dropFirst(9)
            #expect(encoded.count == 43)
            #expect(encoded.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        }
        // FIPS 180-2, appendix B.1.
        let hash = AccessKey.hash(of: "abc").map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hash == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `a key matches its own hash alone`() {
        let secret = AccessKey.makeSecret()
        let key = key("phone", secret: secret)
        let hash = AccessKey.hash(of: secret)
        #expect(key.matches(hash))
        for index in hash.indices {
            var other = hash
            other[index] ^= 1
            #expect(!key.matches(other))
        }
        #expect(!key.matches([]))
        #expect(!key.matches(hash + [0]))
    }

    @Test func `the secret is nowhere in the store's files`() throws {
        let folder = try TemporaryFolder()
        let store = try ClusterStore(folder: folder.path)
        let secret = AccessKey.makeSecret()
        try store.add(key("phone", secret: secret))
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(file)"))
            #expect(data.range(of: Data(secret.dropFirst(9).utf8)) == nil)
        }
    }
}
