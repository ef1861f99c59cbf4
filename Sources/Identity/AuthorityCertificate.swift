import Crypto
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The certificate of a cluster's authority: what tells who belongs to the cluster.
package struct AuthorityCertificate: Sendable {
    /// X.509 in DER.
    package let der: [UInt8]
    package let life: CertificateLife
    let certificate: Certificate

    /// - Throws: `IdentityError` (malformed) for what is no authority's certificate that is signed by itself.
    package init(der: [UInt8]) throws(IdentityError) {
        certificate = try Certificate.parsed(der: der)
        guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints,
            certificate.issuer == certificate.subject,
            certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
        else { throw IdentityError(.malformed, "not the certificate of a cluster's authority") }
        self.der = der
        life = certificate.life
    }

    /// SHA-256 of the certificate, by which a join token names the authority.
    package var fingerprint: [UInt8] { Array(SHA256.hash(data: der)) }

    /// Whether this authority issued the certificate, and it is valid now.
    ///
    /// - Throws: `IdentityError`: foreign or expired.
    package func check(_ issued: IssuedCertificate, now: Int64) throws(IdentityError) {
        guard issued.certificate.issuer == certificate.subject,
            certificate.publicKey.isValidSignature(issued.certificate.signature, for: issued.certificate)
        else { throw IdentityError(.foreign, "the certificate is of another cluster's authority") }
        guard issued.life.contains(now), life.contains(now) else {
            throw IdentityError(
                .expired, "the certificate is not valid at this time; if that is wrong, set this device's clock")
        }
    }

    /// Reads a chain as it is sent: the issued certificate first, the authority's last, nothing between, and checks it.
    ///
    /// - Parameter fingerprint: of the authority that it must be.
    /// - Throws: `IdentityError`: malformed, foreign or expired.
    package static func verify(
        chain: [[UInt8]], fingerprint: [UInt8], now: Int64
    ) throws(IdentityError) -> (issued: IssuedCertificate, authority: AuthorityCertificate) {
        guard chain.count == 2 else {
            throw IdentityError(.malformed, "\(chain.count) certificates; the device's and its authority's are needed")
        }
        let authority = try AuthorityCertificate(der: chain[1])
        guard ConstantTime.areEqual(authority.fingerprint, fingerprint) else {
            throw IdentityError(.foreign, "the certificate is of another cluster's authority")
        }
        let issued = try IssuedCertificate(der: chain[0])
        try authority.check(issued, now: now)
        return (issued, authority)
    }
}
