import Crypto
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A certificate of a coordinator or member: what this program reads of X.509. Reading proves nothing of who issued it.
package struct IssuedCertificate: Sendable {
    /// X.509 in DER.
    package let der: [UInt8]
    package let identity: ClusterIdentity
    /// The device's name, for people.
    package let name: String
    package let life: CertificateLife
    let certificate: Certificate

    /// - Throws: `IdentityError` (malformed) for what is not X.509, or has not exactly one identity.
    package init(der: [UInt8]) throws(IdentityError) {
        certificate = try Certificate.parsed(der: der)
        self.der = der
        life = certificate.life
        name = certificate.subject.commonName ?? ""
        guard let names = try? certificate.extensions.subjectAlternativeNames, names.count == 1,
            case .uniformResourceIdentifier(let uri)? = names.first, let identity = ClusterIdentity(uri: uri)
        else {
            throw IdentityError(.malformed, "the certificate names no coordinator or member of a cluster")
        }
        self.identity = identity
    }

    /// Whether it is for this key.
    package func isFor(_ key: DeviceKey) -> Bool {
        certificate.publicKey == Certificate.PublicKey(key.key.publicKey)
    }
}

extension Certificate {
    /// - Throws: `IdentityError` (malformed).
    static func parsed(der: [UInt8]) throws(IdentityError) -> Certificate {
        do {
            return try Certificate(derEncoded: der)
        } catch {
            throw IdentityError(.malformed, "not an X.509 certificate in DER")
        }
    }

    /// - Throws: `IdentityError` (malformed).
    func der() throws(IdentityError) -> [UInt8] {
        do {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        } catch {
            throw IdentityError(.malformed, "the certificate cannot be written: \(error)")
        }
    }

    var life: CertificateLife {
        CertificateLife(
            start: Int64(notValidBefore.timeIntervalSince1970), end: Int64(notValidAfter.timeIntervalSince1970))
    }
}

extension DistinguishedName {
    var commonName: String? {
        for relative in self {
            for attribute in relative where attribute.type == .RDNAttributeType.commonName {
                return String(attribute.value)
            }
        }
        return nil
    }
}
