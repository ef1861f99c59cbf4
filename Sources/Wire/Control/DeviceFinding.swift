import CWireProto

/// Something that is not as it should be on a device.
package struct DeviceFinding: Sendable, Hashable {
    /// How bad it is.
    package enum Severity: UInt32, Sendable, Hashable { case hint = 1, problem }

    /// The name of what was looked at.
    package var check: String
    package var severity: Severity
    /// What is wrong, and what to do, for people.
    package var what: String
    package var mend: String

    package init(check: String, severity: Severity, what: String, mend: String) {
        self.check = check
        self.severity = severity
        self.what = what
        self.mend = mend
    }
}

extension DeviceFinding {
    static func list(_ proto: Shoal__Diagnosis) throws(WireError) -> [DeviceFinding] {
        try ProtoReading.messages(
            proto.findings, proto.n_findings, "Diagnosis.findings", limit: WireLimits.findings
        ) { (finding) throws(WireError) in
            DeviceFinding(
                check: try ProtoReading.text(finding.check, "Finding.check", limit: WireLimits.nameBytes),
                severity: try ProtoReading.known(finding.severity.rawValue, "Finding.severity"),
                what: try ProtoReading.text(finding.what, "Finding.what", limit: WireLimits.findingBytes),
                mend: try ProtoReading.text(finding.mend, "Finding.mend", limit: WireLimits.findingBytes))
        }
    }

    /// Of more than there may be, the first.
    static func proto(
        _ findings: [DeviceFinding], _ arena: inout ProtoArena
    ) -> UnsafeMutablePointer<Shoal__Diagnosis> {
        let proto = arena.make(shoal__diagnosis__init)
        (proto.pointee.findings, proto.pointee.n_findings) = arena.list(
            Array(findings.prefix(WireLimits.findings))
        ) { finding, arena in
            let message = arena.make(shoal__finding__init)
            message.pointee.check = arena.text(finding.check, limit: WireLimits.nameBytes)
            message.pointee.severity = Shoal__Severity(rawValue: finding.severity.rawValue)
            message.pointee.what = arena.text(finding.what, limit: WireLimits.findingBytes)
            message.pointee.mend = arena.text(finding.mend, limit: WireLimits.findingBytes)
            return message
        }
        return proto
    }
}
