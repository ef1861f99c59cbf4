import Doctor
import Wire

/// What is wrong, for people and programs.
struct DoctorDocument: Encodable {
    struct Device: Encodable {
        var device: String
        var findings: [Item]
    }

    struct Item: Encodable {
        var check: String
        /// `problem` or `hint`.
        var severity: String
        var what: String
        var mend: String
    }

    var devices: [Device]
    /// Of the cluster as a whole.
    var cluster: [Item]
    var problems: Int
    var hints: Int

    init(_ diagnoses: [Diagnosis], cluster: [Finding]) {
        devices = diagnoses.map { Device(device: $0.device, findings: $0.findings.map { Item($0) }) }
        self.cluster = cluster.map { Item($0) }
        let all = diagnoses.flatMap(\.findings) + cluster
        problems = all.count { $0.severity == .problem }
        hints = all.count { $0.severity == .hint }
    }

    /// A table for each device, the mend of each finding below it.
    var text: String {
        let groups = devices.map { ($0.device, $0.findings) } + (cluster.isEmpty ? [] : [("the cluster", cluster)])
        return groups.map { name, findings in
            let heading = "\(name.printable(onOneLine: true)): \(Self.counts(findings))"
            return ([heading] + Self.lines(findings)).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private static func lines(_ findings: [Item]) -> [String] {
        let width = findings.map { $0.check.count }.max() ?? 0
        return findings.flatMap { finding in
            let severity = finding.severity.padded(to: 7)
            let check = finding.check.printable(onOneLine: true).padded(to: width)
            let indent = String(repeating: " ", count: 13 + width)
            return [
                "  \(severity)  \(check)  \(finding.what.printable(onOneLine: true))",
                "\(indent)→ \(finding.mend.printable(onOneLine: true))",
            ]
        }
    }

    private static func counts(_ findings: [Item]) -> String {
        let problems = findings.count { $0.severity == "problem" }
        let hints = findings.count - problems
        let words = [(problems, "problem"), (hints, "hint")].filter { $0.0 > 0 }.map {
            "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")"
        }
        return words.isEmpty ? "nothing wrong was found" : words.joined(separator: ", ")
    }
}

extension DoctorDocument.Item {
    init(_ finding: Finding) {
        self.init(
            check: finding.check, severity: finding.severity.rawValue, what: finding.what, mend: finding.mend)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
