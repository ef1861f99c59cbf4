import Crypto

/// What device and coordinator must see alike for a code to let the device in.
package struct PairingContext: Sendable, Hashable {
    /// SHA-256 of the coordinator's certificate on the link that they talk over, DER. Somebody between them would have to show another.
    package var certificateHash: [UInt8]
    /// What the device said of itself when it began to wait.
    package var name: String
    package var port: Int

    package init(certificate: [UInt8], name: String, port: Int) {
        certificateHash = Array(SHA256.hash(data: certificate))
        self.name = name
        self.port = port
    }

    /// The channel identifier of CPace, with the roles: neither side's messages are good for the other's.
    var channel: [UInt8] {
        CPace.lengthsAndValues([
            Array("shoal pairing 1".utf8), Array("coordinator".utf8), certificateHash, Array("device".utf8),
            Array(name.utf8), [UInt8(truncatingIfNeeded: port), UInt8(truncatingIfNeeded: port >> 8)],
        ])
    }
}

/// What the coordinator tells of itself, which is bound to the key.
package struct PairingStatement: Sendable, Hashable {
    /// SHA-256 of the authority's certificate.
    package var fingerprint: [UInt8]
    /// Its clock, in seconds since 1970.
    package var seconds: UInt64

    package init(fingerprint: [UInt8], seconds: UInt64) {
        self.fingerprint = fingerprint
        self.seconds = seconds
    }

    var bytes: [UInt8] { fingerprint + (0..<8).map { UInt8(truncatingIfNeeded: seconds >> (8 * UInt64($0))) } }
}

/// The coordinator's opening of an exchange.
package struct PairingOpening: Sendable, Hashable {
    package static let sessionBytes = 16

    package var session: [UInt8]
    package var share: [UInt8]
    package var statement: PairingStatement

    package init(session: [UInt8], share: [UInt8], statement: PairingStatement) {
        self.session = session
        self.share = share
        self.statement = statement
    }

    var message: CPace.Message { CPace.Message(share: share, data: statement.bytes) }
}

/// The device's answer to it, with its proof of the key.
package struct PairingProof: Sendable, Hashable {
    package var share: [UInt8]
    package var confirmation: [UInt8]

    package init(share: [UInt8], confirmation: [UInt8]) {
        self.share = share
        self.confirmation = confirmation
    }

    static func message(_ share: [UInt8]) -> CPace.Message { CPace.Message(share: share, data: Array("device".utf8)) }

    var message: CPace.Message { Self.message(share) }
}

/// The key of an exchange that came to its end.
struct PairingKey {
    let key: [UInt8]
    let session: [UInt8]

    func confirmation(of message: CPace.Message) -> [UInt8] {
        CPace.confirmation(key: key, session: session, of: message)
    }

    /// The secret of a join token, which both sides have now and nobody else.
    var joinSecret: [UInt8] {
        Array(
            HMAC<SHA512>.authenticationCode(for: Array("shoal join secret".utf8), using: SymmetricKey(data: key))
                .prefix(JoinToken.secretBytes))
    }
}
