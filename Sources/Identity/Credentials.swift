import SwiftASN1
import X509

/// What a coordinator or member shows to its peers, and by which authority it knows them.
package struct Credentials: Sendable {
    package let key: DeviceKey
    package let certificate: IssuedCertificate
    package let authority: AuthorityCertificate

    /// - Throws: `IdentityError` (foreign) when the certificate is not the key's, or not the authority's. Dates are not looked at.
    package init(
        key: DeviceKey, certificate: IssuedCertificate, authority: AuthorityCertificate
    ) throws(IdentityError) {
        guard certificate.isFor(key) else {
            throw IdentityError(.foreign, "the certificate is for another key than this device's")
        }
        try authority.check(
            certificate, now: min(max(certificate.life.start, authority.life.start), certificate.life.end))
        self.key = key
        self.certificate = certificate
        self.authority = authority
    }

    package var identity: ClusterIdentity { certificate.identity }

    /// Key, certificate and authority's certificate, one after the other in PEM: for one file, which changes as a whole.
    package var pem: String {
        "\(key.pem)\n\(PEM.text(certificate.der))\n\(PEM.text(authority.der))\n"
    }

    /// Reads what `pem` gives.
    ///
    /// - Parameter file: how errors name it.
    /// - Throws: `IdentityError`: malformed or foreign.
    package init(pem: String, file: String) throws(IdentityError) {
        let (key, certificates) = try PEM.read(pem, file: file)
        guard certificates.count == 2 else {
            throw IdentityError(
                .malformed, "\(file) holds \(certificates.count) certificates, not 2; restore it or join anew")
        }
        try self.init(
            key: key, certificate: IssuedCertificate(der: certificates[0]),
            authority: AuthorityCertificate(der: certificates[1]))
    }
}

/// A private key and the certificates after it, as text.
enum PEM {
    static func text(_ certificate: [UInt8]) -> String {
        PEMDocument(type: "CERTIFICATE", derBytes: certificate).pemString
    }

    /// - Throws: `IdentityError` (malformed), without anything of the text.
    static func read(_ text: String, file: String) throws(IdentityError) -> (key: DeviceKey, certificates: [[UInt8]]) {
        guard let documents = try? PEMDocument.parseMultiple(pemString: text), let first = documents.first,
            documents.dropFirst().allSatisfy({ $0.discriminator == "CERTIFICATE" }),
            let key = try? DeviceKey(pem: first.pemString)
        else {
            throw IdentityError(
                .malformed, "\(file) does not hold a key and certificates in PEM: restore it from a copy")
        }
        return (key, documents.dropFirst().map(\.derBytes))
    }
}
