/// One thing that is looked at on a device: from what is known of it to what is wrong. A pure value.
package struct Check: Sendable {
    /// Such as `link-speed`.
    package let name: String
    private let examine: @Sendable (DeviceFacts) -> (severity: Finding.Severity, what: String, mend: String)?

    init(
        _ name: String, _ examine: @escaping @Sendable (DeviceFacts) -> (Finding.Severity, String, String)?
    ) {
        self.name = name
        self.examine = examine
    }

    /// What is wrong; `nil` where nothing is, or nothing is known.
    package func finding(_ facts: DeviceFacts) -> Finding? {
        examine(facts).map { Finding(check: name, severity: $0.severity, what: $0.what, mend: $0.mend) }
    }

    /// All checks of a device, in the order in which they are told.
    package static let all: [Check] = [
        underVoltage, throttling, temperature, governor, frequencyCap, linkSpeed, wireless, firewall, port, memory,
        swap,
        memoryGroup, disk, diskWear, files, clock, certificate, userland, instructions,
    ]

    /// What all checks find, problems first.
    package static func findings(_ facts: DeviceFacts) -> [Finding] {
        let found = all.compactMap { $0.finding(facts) }
        return found.filter { $0.severity == .problem } + found.filter { $0.severity == .hint }
    }
}
