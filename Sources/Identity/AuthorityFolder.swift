#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The cluster's authority and the coordinator's own credentials, in the coordinator's data folder. May block.
///
/// `authority/authority.pem` holds the authority's key and certificate, `authority/coordinator.pem` the coordinator's key, its
/// certificate and the authority's.
package struct AuthorityFolder: Sendable {
    package let path: String

    /// - Parameter dataFolder: the coordinator's.
    package init(dataFolder: String) { path = "\(dataFolder)/authority" }

    private var authorityFile: String { "\(path)/authority.pem" }
    private var coordinatorFile: String { "\(path)/coordinator.pem" }

    /// Makes an authority and the coordinator's credentials: all of it, or nothing.
    ///
    /// - Parameters:
    ///   - name: the coordinator's, for people.
    ///   - now: seconds since 1970.
    /// - Throws: `IdentityError`: exists, or unwritable.
    package func make(name: String, now: Int64) throws(IdentityError) -> Authority {
        guard access(path, F_OK) != 0 else { throw exists }
        let authority = try Authority.make(now: now)
        let draft = AuthorityFolder(path: "\(path).new-\(getpid())")
        defer {
            unlink(draft.authorityFile)
            unlink(draft.coordinatorFile)
            rmdir(draft.path)
        }
        try draft.write(authority)
        try draft.write(
            try Self.credentials(authority, identity: ClusterIdentity(new: .coordinator), key: DeviceKey(), name, now))
        guard rename(draft.path, path) == 0 else {
            // Another process may have made one meanwhile.
            throw errno == EEXIST || errno == ENOTEMPTY ? exists : PrivateFile.unwritable(path)
        }
        return authority
    }

    /// The authority; `nil` where none was made.
    ///
    /// - Throws: `IdentityError` for files that cannot be read.
    package func load() throws(IdentityError) -> Authority? {
        guard let text = try Self.text(authorityFile) else { return nil }
        let (key, certificates) = try PEM.read(text, file: authorityFile)
        guard certificates.count == 1 else {
            throw IdentityError(
                .malformed, "\(authorityFile) holds \(certificates.count) certificates, not 1: restore it")
        }
        return try Authority(certificate: AuthorityCertificate(der: certificates[0]), key: key)
    }

    /// The coordinator's credentials, renewed where it is time for that; `nil` where no authority was made.
    ///
    /// - Throws: `IdentityError` for files that cannot be read or written.
    package func coordinator(now: Int64) throws(IdentityError) -> Credentials? {
        guard let authority = try load() else { return nil }
        guard let text = try Self.text(coordinatorFile) else {
            throw IdentityError(.missing, "\(coordinatorFile) is not there: restore it from a copy")
        }
        let present = try Credentials(pem: text, file: coordinatorFile)
        guard present.certificate.life.isRenewalDue(at: now) else { return present }
        let renewed = try Self.credentials(
            authority, identity: present.identity, key: present.key, present.certificate.name, now)
        try write(renewed)
        return renewed
    }

    private init(path: String) { self.path = path }

    private var exists: IdentityError {
        IdentityError(
            .exists,
            "\(path) is there already: this cluster has its authority, and a new one would shut out all devices that joined; to begin anew, move that folder away first"
        )
    }

    private func write(_ authority: Authority) throws(IdentityError) {
        try PrivateFile.write(
            "\(authority.key.pem)\n\(PEM.text(authority.certificate.der))\n".utf8, to: authorityFile)
    }

    private func write(_ credentials: Credentials) throws(IdentityError) {
        try PrivateFile.write(credentials.pem.utf8, to: coordinatorFile)
    }

    private static func credentials(
        _ authority: Authority, identity: ClusterIdentity, key: DeviceKey, _ name: String, _ now: Int64
    ) throws(IdentityError) -> Credentials {
        try Credentials(
            key: key, certificate: authority.issue(to: key, identity: identity, name: name, now: now),
            authority: authority.certificate)
    }

    private static func text(_ file: String) throws(IdentityError) -> String? {
        do {
            return String(decoding: try PrivateFile.read(file), as: UTF8.self)
        } catch {
            if error.code == .missing { return nil }
            throw error
        }
    }
}
