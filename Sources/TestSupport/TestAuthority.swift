package import Identity
package import Transport

/// A cluster's authority for tests, and credentials of it.
package struct TestAuthority: Sendable {
    package let authority: Authority

    /// One that all tests may share.
    package static let shared = TestAuthority()

    /// Seconds since 1970.
    package static var now: Int64 { LinkSecurity.systemClock() }

    /// A new one, which is valid since a year ago.
    package init() {
        do {
            authority = try Authority.make(now: Self.now - 365 * 86_400)
        } catch {
            preconditionFailure("no authority can be made: \(error)")
        }
    }

    /// Issues for an authority that is there.
    package init(of authority: Authority) { self.authority = authority }

    /// Credentials that were issued at some time.
    package func credentials(
        _ kind: ClusterIdentity.Kind, name: String = "pi1", issued: Int64 = now
    ) throws -> Credentials {
        let key = DeviceKey()
        let certificate = try authority.issue(to: key, identity: ClusterIdentity(new: kind), name: name, now: issued)
        return try Credentials(key: key, certificate: certificate, authority: authority.certificate)
    }

    /// What links are secured with, with new credentials.
    package func security(_ kind: ClusterIdentity.Kind, name: String = "pi1") throws -> LinkSecurity {
        try LinkSecurity(credentials(kind, name: name))
    }
}
