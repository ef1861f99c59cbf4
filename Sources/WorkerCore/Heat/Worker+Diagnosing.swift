package import Doctor
import Sensors
import Synchronization
package import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Saying what is wrong with the device.
extension Worker {
    /// For how long a diagnosis is good: whoever asks more often has no programs run for it.
    private static let diagnosisLife = Duration.seconds(5)

    /// What is wrong with this device; `nil` where nothing is looked at. Blocks the calling thread for up to seconds.
    func diagnosis() -> [DeviceFinding]? {
        guard let machine = configuration.machine else { return nil }
        if let (findings, at) = lastDiagnosis.withLock({ $0 }), .now - at < Self.diagnosisLife { return findings }
        let disk = profiler.profile.flatMap { $0.diskBytesPerSecond > 0 ? Int(clamping: $0.diskBytesPerSecond) : nil }
        let facts = machine.facts(
            FactsOptions(
                folder: configuration.profileFolder, diskBytesPerSecond: disk, port: configuration.port,
                now: Int(time(nil)), certificate: configuration.certificateLife()))
        let findings = Check.findings(facts).map { DeviceFinding($0) }
        lastDiagnosis.withLock { $0 = (findings, .now) }
        return findings
    }
}

extension DeviceFinding {
    /// The wire's form of a finding.
    package init(_ finding: Finding) {
        self.init(
            check: finding.check,
            severity: {
                switch finding.severity {
                case .hint: .hint
                case .problem: .problem
                }
            }(), what: finding.what, mend: finding.mend)
    }
}

extension Finding {
    /// What a device said.
    package init(_ finding: DeviceFinding) {
        self.init(
            check: finding.check,
            severity: {
                switch finding.severity {
                case .hint: .hint
                case .problem: .problem
                }
            }(), what: finding.what, mend: finding.mend)
    }
}
