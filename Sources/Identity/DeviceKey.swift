import Crypto
import SwiftASN1
import X509

/// A private key, P-256. It is never printed, logged or sent; `pem` is for a file that nobody else may read.
package struct DeviceKey: Sendable {
    let key: P256.Signing.PrivateKey

    /// A new one.
    package init() { key = P256.Signing.PrivateKey() }

    /// - Throws: `IdentityError` (malformed), without the text.
    package init(pem: String) throws(IdentityError) {
        do {
            key = try P256.Signing.PrivateKey(pemRepresentation: pem)
        } catch {
            throw IdentityError(.malformed, "not a P-256 private key in PEM")
        }
    }

    /// PKCS #8 in PEM.
    package var pem: String { key.pemRepresentation }

    /// A PKCS #10 request for a certificate for this key, in DER.
    ///
    /// - Parameter name: the device's name, which the authority may change.
    /// - Throws: `IdentityError` (malformed) for a name that no certificate can hold.
    package func signingRequest(name: String) throws(IdentityError) -> [UInt8] {
        do {
            let request = try CertificateSigningRequest(
                version: .v1, subject: try DistinguishedName { CommonName(name) }, privateKey: .init(key),
                attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA256)
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            return serializer.serializedBytes
        } catch {
            throw IdentityError(.malformed, "no certificate can be asked for with the name \"\(name)\": \(error)")
        }
    }
}
