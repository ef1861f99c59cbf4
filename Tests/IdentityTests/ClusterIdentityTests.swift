import Identity
import Testing

@Suite struct ClusterIdentityTests {
    @Test func `An identity reads back from its URI`() {
        for kind in ClusterIdentity.Kind.allCases {
            let identity = ClusterIdentity(new: kind)
            #expect(ClusterIdentity(uri: identity.uri) == identity)
            #expect(identity.uri == "shoal:\(kind.rawValue):\(identity.id)")
        }
    }

    @Test(arguments: [
        "", "shoal", "shoal:member", "shoal:member:", "shoal:owner:0123456789abcdef0123456789abcdef",
        "http:member:0123456789abcdef0123456789abcdef", "shoal:member:0123456789ABCDEF0123456789ABCDEF",
        "shoal:member:0123456789abcdef0123456789abcde", "shoal:member:0123456789abcdef0123456789abcdef:x",
        "shoal:member:0123456789abcdef0123456789abcdeg",
    ]) func `Other URIs are none`(uri: String) {
        #expect(ClusterIdentity(uri: uri) == nil)
    }

    @Test func `An older list of revocations changes nothing, and no coordinator is in one`() {
        let (one, two) = (ClusterIdentity(new: .member), ClusterIdentity(new: .member))
        var list = RevocationList(version: 2, devices: [one.id])
        let older = [RevocationList(version: 2, devices: []), RevocationList(version: 1, devices: [two.id])]
        let taken = older.map { list.update(to: $0) }
        #expect(taken == [false, false])
        #expect(list.contains(one) && !list.contains(two))
        let isTaken = list.update(to: RevocationList(version: 3, devices: [two.id]))
        #expect(isTaken)
        #expect(!list.contains(one) && list.contains(two))
        #expect(ClusterIdentity(kind: .coordinator, id: two.id).map(list.contains) == false)
    }
}
