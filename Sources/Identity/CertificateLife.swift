/// From when to when a certificate is valid; seconds since 1970.
package struct CertificateLife: Sendable, Hashable {
    /// How long an authority is valid: 10 years.
    package static let authoritySeconds: Int64 = 3650 * 86_400
    /// How long a member's and the coordinator's certificates are valid: 90 days.
    package static let memberSeconds: Int64 = 90 * 86_400
    /// How far a certificate is dated back: devices without a battery for their clock start with the time of their last shutdown.
    package static let backdatedSeconds: Int64 = 86_400

    package var start: Int64
    package var end: Int64

    package init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }

    /// Of a certificate that is made now, and valid for `seconds` from now on.
    package init(from now: Int64, seconds: Int64) {
        self.init(start: now - Self.backdatedSeconds, end: now + seconds)
    }

    /// Whether `now` is within it.
    package func contains(_ now: Int64) -> Bool { start <= now && now <= end }

    /// Whether it is time for a new certificate: a third of the life is left, or less.
    package func isRenewalDue(at now: Int64) -> Bool { (end - now) * 3 <= end - start }
}
