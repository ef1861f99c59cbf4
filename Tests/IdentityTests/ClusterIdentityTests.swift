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

    @Test func `No list of revocations lets a device in that another shut out, and no coordinator is in one`() {
        let devices = (0..<4).map { _ in ClusterIdentity(new: .member) }
        var list = RevocationList(version: 2, devices: [devices[0].id])
        // Version and device of a list, whether it is taken, and the version after it.
        let told: [(UInt64, Int?, Bool, UInt64)] = [
            (2, nil, false, 2), (1, 0, false, 2), (1, 1, true, 2), (2, 2, true, 2), (3, nil, true, 3), (4, 3, true, 4),
        ]
        for (version, device, isNew, after) in told {
            let devices = Set(device.map { [devices[$0].id] } ?? [])
            let isTaken = list.unite(with: RevocationList(version: version, devices: devices))
            #expect(isTaken == isNew && list.version == after)
        }
        #expect(devices.allSatisfy(list.contains))
        #expect(ClusterIdentity(kind: .coordinator, id: devices[1].id).map(list.contains) == false)
    }
}
