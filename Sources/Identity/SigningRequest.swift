import Crypto
import SwiftASN1
import X509

/// A device's request for a certificate, PKCS #10. Its signature shows that the device has the key; nothing but the key is taken from it.
package struct SigningRequest: Sendable {
    let publicKey: Certificate.PublicKey
    /// SHA-256 of the public key, SubjectPublicKeyInfo in DER: by it a device is known before it has an identity.
    package let keyHash: [UInt8]

    /// - Throws: `IdentityError` (malformed) for a request that cannot be read, is not signed by its key, or whose key is not P-256.
    package init(der: [UInt8]) throws(IdentityError) {
        guard let request = try? CertificateSigningRequest(derEncoded: der),
            request.publicKey.isValidSignature(request.signature, for: request)
        else {
            throw IdentityError(.malformed, "the signing request is not PKCS #10, or not signed by its own key")
        }
        guard let key = P256.Signing.PublicKey(request.publicKey) else {
            throw IdentityError(.malformed, "the signing request is for a key that is not P-256")
        }
        publicKey = request.publicKey
        keyHash = Array(SHA256.hash(data: key.derRepresentation))
    }
}
