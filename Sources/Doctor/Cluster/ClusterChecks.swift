/// What a device of a cluster has, and what only shows between devices.
package struct Diagnosis: Sendable, Hashable {
    package let device: String
    package let findings: [Finding]

    package init(device: String, findings: [Finding]) {
        self.device = device
        self.findings = findings
    }

    /// Whether anything is wrong, hints aside.
    package var hasProblems: Bool { findings.contains { $0.severity == .problem } }
}

extension ClusterFacts {
    /// Clocks that are further apart than this are told: a day behind, certificates may not be valid yet.
    private static let mostSkew = 60

    /// The findings of each device, its own and those that show beside the others.
    package var diagnoses: [Diagnosis] {
        devices.map { Diagnosis(device: $0.name, findings: findings(of: $0)) }
    }

    /// Of the cluster as a whole.
    package var findings: [Finding] {
        var addresses: [String: [String]] = [:]
        for neighbour in neighbours { addresses[neighbour.fingerprint, default: []].append(neighbour.address) }
        return addresses.sorted { $0.key < $1.key }.map { fingerprint, addresses in
            Finding(
                check: "two-clusters", severity: .hint,
                what:
                    "another cluster (\(fingerprint)) is on this network, at \(addresses.sorted().prefix(4).joined(separator: ", "))",
                mend:
                    "nothing, where that is meant; else let its devices join this one: shoal token here, shoal join there"
            )
        }
    }

    private func findings(of device: Device) -> [Finding] {
        switch device.answer {
        case .findings(let own, let version, let ahead):
            return [skew(ahead), mismatch(version)].compactMap { $0 } + own
        case .tooOld(let version):
            return [
                Finding(
                    check: "version", severity: .hint,
                    what: "its program (\(version)) is too old to be asked how it is",
                    mend: "install version \(self.version) there, and start its worker again")
            ]
        case .ofNoneOfOurs(let reason):
            return [
                Finding(
                    check: "two-clusters", severity: .problem,
                    what: "what answers there is no device of this cluster: \(reason)",
                    mend:
                        "where it belongs to another, let it join this one: shoal token here, shoal join there"
                )
            ]
        case .unreachable(let reason):
            return [
                Finding(
                    check: "reachable", severity: .problem, what: "it cannot be asked: \(reason)",
                    mend: "see that it is on and its worker runs: systemctl status shoal-worker, or shoal doctor there")
            ]
        }
    }

    private func skew(_ ahead: Int?) -> Finding? {
        guard let ahead, abs(ahead) > Self.mostSkew else { return nil }
        return Finding(
            check: "clock-skew", severity: .problem,
            what:
                "its clock is \(abs(ahead)) s \(ahead > 0 ? "ahead of" : "behind") this machine's; from a day behind or 30 ahead, links may not open",
            mend: "on the one that is wrong: sudo timedatectl set-ntp true; see: timedatectl status")
    }

    private func mismatch(_ version: String) -> Finding? {
        guard version != self.version else { return nil }
        return Finding(
            check: "version", severity: .problem,
            what: "it runs Shoal \(version), and this machine \(self.version)",
            mend: "install the same version on all devices")
    }
}
