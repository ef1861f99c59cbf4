import Doctor
import Testing

@Suite("Checks of a cluster")
struct ClusterChecksTests {
    private func findings(
        _ answer: ClusterFacts.Device.Answer, version: String = "1.0"
    ) -> [Finding] {
        ClusterFacts(version: version, devices: [.init(name: "pi1", address: "pi1:7077", answer: answer)])
            .diagnoses[0].findings
    }

    private let own = Finding(check: "swap", severity: .hint, what: "a", mend: "b")

    @Test func `a device that is well has its own findings alone`() {
        #expect(findings(.findings([own], version: "1.0", secondsAhead: 60)) == [own])
        #expect(findings(.findings([], version: "1.0", secondsAhead: nil)) == [])
    }

    @Test func `clocks that are apart`() {
        #expect(findings(.findings([], version: "1.0", secondsAhead: 61)).first?.what.contains("61 s ahead") == true)
        let behind = findings(.findings([own], version: "1.0", secondsAhead: -90_000))
        #expect(behind.map(\.check) == ["clock-skew", "swap"])
        #expect(behind.first?.what.contains("behind") == true)
    }

    @Test func `versions that differ`() {
        let found = findings(.findings([], version: "0.9", secondsAhead: 0))
        #expect(found.map(\.check) == ["version"] && found[0].severity == .problem)
    }

    @Test func `an old program is named, and is no problem`() {
        let found = findings(.tooOld(version: "0.1"))
        #expect(found.map(\.severity) == [.hint] && found[0].what.contains("0.1"))
    }

    @Test func `what cannot be asked is a problem, and so is another cluster's`() {
        #expect(findings(.unreachable("nobody there")).map(\.severity) == [.problem])
        #expect(findings(.ofNoneOfOurs("no TLS")).map(\.check) == ["two-clusters"])
    }

    @Test func `two clusters on one network`() {
        let facts = ClusterFacts(
            version: "1.0", devices: [],
            neighbours: [
                .init(fingerprint: "ab12", address: "10.0.0.7:7077"),
                .init(fingerprint: "ab12", address: "10.0.0.5:7077"),
            ])
        #expect(facts.findings.count == 1)
        #expect(facts.findings[0].what.contains("10.0.0.5:7077, 10.0.0.7:7077"))
        #expect(ClusterFacts(version: "1.0", devices: []).findings == [])
    }

    @Test func `problems come first, and hints alone are none`() {
        let hint = Diagnosis(device: "a", findings: [own])
        #expect(!hint.hasProblems)
        let problem = Finding(check: "port", severity: .problem, what: "a", mend: "b")
        #expect(Diagnosis(device: "a", findings: [own, problem]).hasProblems)
    }
}
