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
        try check(issued, times: now...now)
    }

    /// Whether this authority issued the certificate, and it is valid at any of some times; `nil` is at any time.
    ///
    /// - Throws: `IdentityError`: foreign or expired.
    package func check(_ issued: IssuedCertificate, times: ClosedRange<Int64>?) throws(IdentityError) {
        guard issued.certificate.issuer == certificate.subject,
            certificate.publicKey.isValidSignature(issued.certificate.signature, for: issued.certificate)
        else { throw IdentityError(.foreign, "the certificate is of another cluster's authority") }
        guard let times else { return }
        let (start, end) = (max(issued.life.start, life.start), min(issued.life.end, life.end))
        guard start <= times.upperBound, times.lowerBound <= end else {
            let now =
                times.lowerBound == times.upperBound
                ? "the time here is \(ClockComparison.text(times.lowerBound))"
                : "it is asked for from \(ClockComparison.text(times.lowerBound)) to \(ClockComparison.text(times.upperBound))"
            throw IdentityError(
                .expired,
                "the certificate is good from \(ClockComparison.text(start)) to \(ClockComparison.text(end)), and \(now); if that is wrong, set this device's clock: \(ClockComparison.mend)"
            )
        }
    }

    /// Reads a chain as it is sent: the issued certificate first, the authority's last, nothing between, and checks it.
    ///
    /// - Parameters:
    ///   - fingerprint: of the authority that it must be; `nil` is any, so that nothing is known of whom the chain is of.
    ///   - times: at any of which it must be valid; `nil` where another way is found to tell.
    /// - Throws: `IdentityError`: malformed, foreign or expired.
    package static func verify(
        chain: [[UInt8]], fingerprint: [UInt8]?, times: ClosedRange<Int64>?
    ) throws(IdentityError) -> (issued: IssuedCertificate, authority: AuthorityCertificate) {
        guard chain.count == 2 else {
            throw IdentityError(.malformed, "\(chain.count) certificates; the device's and its authority's are needed")
        }
        let authority = try AuthorityCertificate(der: chain[1])
        if let fingerprint, !ConstantTime.areEqual(authority.fingerprint, fingerprint) {
            throw IdentityError(.foreign, "the certificate is of another cluster's authority")
        }
        let issued = try IssuedCertificate(der: chain[0])
        try authority.check(issued, times: times)
        return (issued, authority)
    }
    /// As above, at one time.
    package static func verify(
        chain: [[UInt8]], fingerprint: [UInt8], now: Int64
    ) throws(IdentityError) -> (issued: IssuedCertificate, authority: AuthorityCertificate) {
        try verify(chain: chain, fingerprint: fingerprint, times: now...now)
    }
}
