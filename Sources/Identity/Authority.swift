import Crypto
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A cluster's authority, with its key: issues the certificates of the coordinator and of members.
package struct Authority: Sendable {
    package let certificate: AuthorityCertificate
    package let key: DeviceKey

    /// - Throws: `IdentityError` (foreign) when the key is not the certificate's.
    package init(certificate: AuthorityCertificate, key: DeviceKey) throws(IdentityError) {
        guard certificate.certificate.publicKey == Certificate.PublicKey(key.key.publicKey) else {
            throw IdentityError(.foreign, "the authority's key is not the one of its certificate")
        }
        self.certificate = certificate
        self.key = key
    }

    /// A new one, with a key of its own.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Throws: `IdentityError` (malformed).
    package static func make(now: Int64) throws(IdentityError) -> Authority {
        let key = DeviceKey()
        let life = CertificateLife(from: now, seconds: CertificateLife.authoritySeconds)
        do {
            let subject = try DistinguishedName {
                OrganizationName("Shoal")
                // Not two authorities with the same name: chains are built by names.
                CommonName("Shoal cluster \(ClusterIdentity(new: .coordinator).id.prefix(8))")
            }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.key.publicKey),
                notValidBefore: Date(timeIntervalSince1970: Double(life.start)),
                notValidAfter: Date(timeIntervalSince1970: Double(life.end)), issuer: subject, subject: subject,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true))
                },
                issuerPrivateKey: .init(key.key))
            return try Authority(certificate: AuthorityCertificate(der: try certificate.der()), key: key)
        } catch {
            throw (error as? IdentityError) ?? IdentityError(.malformed, "no authority can be made: \(error)")
        }
    }

    /// Issues a certificate for the key of a signing request.
    ///
    /// - Parameters:
    ///   - name: the device's name.
    ///   - now: seconds since 1970.
    /// - Throws: `IdentityError` (malformed) for a name that no certificate can hold.
    package func issue(
        signing request: SigningRequest, identity: ClusterIdentity, name: String, now: Int64
    ) throws(IdentityError) -> IssuedCertificate {
        try issue(to: request.publicKey, identity: identity, name: name, now: now)
    }

    /// Issues a certificate for a key that is here.
    ///
    /// - Throws: `IdentityError` (malformed).
    package func issue(
        to key: DeviceKey, identity: ClusterIdentity, name: String, now: Int64
    ) throws(IdentityError) -> IssuedCertificate {
        try issue(to: Certificate.PublicKey(key.key.publicKey), identity: identity, name: name, now: now)
    }

    private func issue(
        to publicKey: Certificate.PublicKey, identity: ClusterIdentity, name: String, now: Int64
    ) throws(IdentityError) -> IssuedCertificate {
        let life = CertificateLife(from: now, seconds: CertificateLife.memberSeconds)
        do {
            let issued = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
                notValidBefore: Date(timeIntervalSince1970: Double(life.start)),
                notValidAfter: Date(timeIntervalSince1970: Double(life.end)),
                issuer: certificate.certificate.subject, subject: try DistinguishedName { CommonName(name) },
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    // Links are dialed by either side.
                    try ExtendedKeyUsage([.serverAuth, .clientAuth])
                    SubjectAlternativeNames([.uniformResourceIdentifier(identity.uri)])
                },
                issuerPrivateKey: .init(key.key))
            return try IssuedCertificate(der: try issued.der())
        } catch {
            throw (error as? IdentityError)
                ?? IdentityError(.malformed, "no certificate can be issued for the name \"\(name)\": \(error)")
        }
    }
}
