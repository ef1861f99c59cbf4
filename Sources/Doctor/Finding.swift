/// Something that is not as it should be, and what to do about it.
package struct Finding: Sendable, Hashable {
    /// How bad it is.
    package enum Severity: String, Sendable, Hashable, Comparable, CaseIterable {
        /// It works; it could be better.
        case hint
        /// It costs much of the speed, or makes things fail.
        case problem

        package static func < (one: Severity, other: Severity) -> Bool { one == .hint && other == .problem }
    }

    /// The check's name, such as `link-speed`.
    package let check: String
    package let severity: Severity
    /// What is wrong, one sentence without a full stop.
    package let what: String
    /// What to do, with a command to type where there is one.
    package let mend: String

    package init(check: String, severity: Severity, what: String, mend: String) {
        self.check = check
        self.severity = severity
        self.what = what
        self.mend = mend
    }
}
