import CSodium
import Crypto

/// The key exchange CPACE-RISTR255-SHA512 of draft-irtf-cfrg-cpace, with an initiator and a responder.
///
/// Who does not know the password learns nothing of it by listening, and with each exchange that it takes part in can try one guess.
package enum CPace {
    /// Bytes of a share, and of a scalar.
    package static let shareBytes = 32
    private static let domain = Array("CPaceRistretto255".utf8)
    /// SHA-512's input block.
    private static let blockBytes = 128

    /// One side's scalar with its share.
    package struct Half: Sendable {
        let scalar: [UInt8]
        /// What the other side is sent.
        package let share: [UInt8]

        /// - Parameters:
        ///   - password: what both sides know.
        ///   - channel: what both sides see alike, such as who they are.
        ///   - session: what no other exchange has.
        package init(password: [UInt8], channel: [UInt8], session: [UInt8]) {
            var scalar = [UInt8](repeating: 0, count: shareBytes)
            _ = CPace.isReady
            crypto_core_ristretto255_scalar_random(&scalar)
            self.init(password: password, channel: channel, session: session, scalar: scalar)
        }

        /// With a scalar that is known: for tests.
        package init(password: [UInt8], channel: [UInt8], session: [UInt8], scalar: [UInt8]) {
            precondition(scalar.count == shareBytes, "a scalar of \(scalar.count) bytes")
            let generator = CPace.generator(password: password, channel: channel, session: session)
            guard let share = CPace.multiply(scalar, generator) else {
                preconditionFailure("a generator that is no point, or a scalar that is 0")
            }
            self.scalar = scalar
            self.share = share
        }
    }

    /// What a side sends: its share, and data that is bound to it.
    package struct Message: Sendable, Hashable {
        package var share: [UInt8]
        package var data: [UInt8]

        package init(share: [UInt8], data: [UInt8]) {
            self.share = share
            self.data = data
        }

        var encoded: [UInt8] { CPace.lengthsAndValues([share, data]) }
    }

    /// The key that both sides have: ISK, 64 bytes.
    ///
    /// - Parameters:
    ///   - own: the half of this side, whichever that is.
    ///   - other: the other side's share.
    /// - Returns: `nil` for a share that is no point, or the neutral one: the exchange must end.
    package static func key(
        own: Half, other: [UInt8], session: [UInt8], initiator: Message, responder: Message
    ) -> [UInt8]? {
        guard let point = multiply(own.scalar, other) else { return nil }
        let prefix = lengthsAndValues([domain + Array("_ISK".utf8), session, point])
        return Array(SHA512.hash(data: prefix + initiator.encoded + responder.encoded))
    }

    /// A side's proof that it has the key: a MAC of what it sent.
    package static func confirmation(key: [UInt8], session: [UInt8], of message: Message) -> [UInt8] {
        let macKey = SHA512.hash(data: Array("CPaceMac".utf8) + session + key)
        return Array(HMAC<SHA512>.authenticationCode(for: message.encoded, using: SymmetricKey(data: Array(macKey))))
    }

    /// A point that nobody knows the logarithm of, from the password.
    package static func generator(password: [UInt8], channel: [UInt8], session: [UInt8]) -> [UInt8] {
        let hash = Array(SHA512.hash(data: generatorText(password: password, channel: channel, session: session)))
        var point = [UInt8](repeating: 0, count: shareBytes)
        crypto_core_ristretto255_from_hash(&point, hash)
        return point
    }

    /// The password alone, filled up, takes the first block of the hash.
    package static func generatorText(password: [UInt8], channel: [UInt8], session: [UInt8]) -> [UInt8] {
        let taken = lengthsAndValues([password]).count + lengthsAndValues([domain]).count
        let filling = [UInt8](repeating: 0, count: max(0, blockBytes - 1 - taken))
        return lengthsAndValues([domain, password, filling, channel, session])
    }

    /// Values one after the other, each with its length before it (LEB128).
    package static func lengthsAndValues(_ values: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for value in values {
            var length = value.count
            while length >= 128 {
                bytes.append(UInt8(length & 127) | 128)
                length >>= 7
            }
            bytes.append(UInt8(length))
            bytes += value
        }
        return bytes
    }

    /// A point times a scalar; `nil` where it is no point, or comes out as the neutral one.
    package static func multiply(_ scalar: [UInt8], _ point: [UInt8]) -> [UInt8]? {
        guard scalar.count == shareBytes, point.count == shareBytes, crypto_core_ristretto255_is_valid_point(point) == 1
        else { return nil }
        var product = [UInt8](repeating: 0, count: shareBytes)
        return crypto_scalarmult_ristretto255(&product, scalar, point) == 0 ? product : nil
    }

    /// Random bytes that nobody can foretell.
    static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// The library may be used from any thread once it was told to begin.
    private static let isReady: Bool = {
        precondition(sodium_init() >= 0, "libsodium cannot begin")
        return true
    }()
}
