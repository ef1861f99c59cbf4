import CoordinatorCore
import Testing
import Wire

@Suite struct PeerAdmissionsTests {
    private func identity(_ device: String) -> String? { device == "coordinator" ? nil : "id of \(device)" }

    @Test func `Steps are taken from the stage before, and caches are read by whom they are lent to`() {
        var admissions = PeerAdmissions(stages: ["coordinator", "w1", "w2", "w3", "w2", "coordinator"])
        admissions.lend(cachesOf: "w4", to: "w2")
        admissions.lend(cachesOf: "w1", to: "w2")
        admissions.lend(cachesOf: "w1", to: "coordinator")
        func told(_ device: String) -> AdmitPeers { admissions.message(to: device, identity: identity) }
        // The coordinator's own links are taken without being named.
        #expect(told("w1") == AdmitPeers(caches: ["id of w2"]))
        #expect(told("w2") == AdmitPeers(upstream: ["id of w1", "id of w3"]))
        #expect(told("w3") == AdmitPeers(upstream: ["id of w2"]))
        #expect(told("w4") == AdmitPeers(caches: ["id of w2"]))
        #expect(told("w5") == AdmitPeers())
        #expect(admissions.devices == ["w1", "w2", "w3", "w4", "coordinator"])
    }
}
