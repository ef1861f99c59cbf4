import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What lets one device join a cluster once: a secret, until when it is good, which authority to trust, and where to ask.
///
/// As text: `shoal1.` and base64url of version (1), end (u64 little-endian), secret (32), fingerprint (32), count of addresses, each
/// as length and UTF-8, and the first 4 bytes of the SHA-256 of all that.
package struct JoinToken: Sendable, Hashable {
    package static let secretBytes = 32
    package static let mostAddresses = 16
    /// How long a token is good at most: 30 days.
    package static let mostSeconds: Int64 = 30 * 86_400
    private static let prefix = "shoal1."
    private static let checksumBytes = 4

    package let secret: [UInt8]
    /// Seconds since 1970.
    package let expiresAt: Int64
    /// SHA-256 of the authority's certificate.
    package let fingerprint: [UInt8]
    /// HOST:PORT of the coordinator's join listener, as devices may reach it; at least one.
    package let addresses: [String]

    /// A new one with a random secret.
    ///
    /// - Precondition: 1 to 16 addresses of at most 255 bytes.
    package init(fingerprint: [UInt8], expiresAt: Int64, addresses: [String]) {
        var generator = SystemRandomNumberGenerator()
        self.init(
            secret: (0..<Self.secretBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) },
            expiresAt: expiresAt, fingerprint: fingerprint, addresses: addresses)
    }

    /// One whose secret is known.
    ///
    /// - Precondition: as above.
    package init(secret: [UInt8], expiresAt: Int64, fingerprint: [UInt8], addresses: [String]) {
        precondition((1...Self.mostAddresses).contains(addresses.count), "\(addresses.count) addresses in a join token")
        precondition(addresses.allSatisfy { (1...255).contains($0.utf8.count) }, "an address of more than 255 bytes")
        precondition(fingerprint.count == 32, "a fingerprint of \(fingerprint.count) bytes")
        self.secret = secret
        self.expiresAt = expiresAt
        self.fingerprint = fingerprint
        self.addresses = addresses
    }

    /// At any of which times the certificate must be valid of a coordinator that a device with this token asks.
    ///
    /// The token tells when it may have been made, which a device without a clock does not know by itself.
    ///
    /// - Parameter now: what the device's clock says, in seconds since 1970: a token may be shown late.
    package func judgedTimes(at now: Int64) -> ClosedRange<Int64> {
        let (start, isTooEarly) = expiresAt.subtractingReportingOverflow(Self.mostSeconds)
        return (isTooEarly ? .min : start)...max(expiresAt, now)
    }

    /// Whether a text is meant to be a token, whole or not, of this version or another.
    package static func isMeant(by text: String) -> Bool {
        let trimmed = text.drop { $0.isWhitespace }
        let name = trimmed.prefix { $0 != "." }
        return trimmed.count > name.count && name.hasPrefix("shoal") && name.dropFirst(5).allSatisfy(\.isNumber)
            && name.count > 5 && trimmed.count { $0 == "." } == 1
    }

    /// Under which a secret is kept: its SHA-256. It has 256 random bits, so that nothing slower is needed.
    package static func hash(secret: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: secret)) }

    package var secretHash: [UInt8] { Self.hash(secret: secret) }

    /// The token to print.
    package var text: String {
        var bytes: [UInt8] = [1]
        withUnsafeBytes(of: expiresAt.littleEndian) { bytes += $0 }
        bytes += secret + fingerprint + [UInt8(addresses.count)]
        for address in addresses { bytes += [UInt8(address.utf8.count)] + Array(address.utf8) }
        bytes += SHA256.hash(data: bytes).prefix(Self.checksumBytes)
        let base64 = Data(bytes).base64EncodedString()
        return Self.prefix
            + String(base64.compactMap { $0 == "=" ? nil : $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    /// Reads a printed token; spaces and line ends around it are left out.
    ///
    /// - Throws: `IdentityError` (malformed), without the text.
    package init(parsing text: String) throws(IdentityError) {
        let damaged = IdentityError(
            .malformed,
            "the join token is damaged or not whole: copy all of what `shoal token` printed, from shoal1. on")
        let trimmed = text.drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
        guard trimmed.hasPrefix(Self.prefix), text.utf8.count <= 1 << 16 else { throw damaged }
        var base64 = String(
            trimmed.dropFirst(Self.prefix.count).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: base64), data.count > Self.checksumBytes else { throw damaged }
        let bytes = Array(data)
        let body = bytes.dropLast(Self.checksumBytes)
        guard Array(SHA256.hash(data: body).prefix(Self.checksumBytes)) == Array(bytes.suffix(Self.checksumBytes))
        else {
            throw damaged
        }
        var rest = body[...]
        func take(_ count: Int) throws(IdentityError) -> [UInt8] {
            guard rest.count >= count else { throw damaged }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        guard try take(1) == [1] else {
            throw IdentityError(
                .malformed, "the join token is of a later version; install a newer shoal on this device")
        }
        let end = try take(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
        let secret = try take(Self.secretBytes)
        let fingerprint = try take(32)
        let count = Int(try take(1)[0])
        guard (1...Self.mostAddresses).contains(count), let expiresAt = Int64(exactly: end) else { throw damaged }
        var addresses: [String] = []
        for _ in 0..<count {
            let length = Int(try take(1)[0])
            guard length > 0, let address = String(validating: try take(length), as: UTF8.self) else { throw damaged }
            addresses.append(address)
        }
        guard rest.isEmpty else { throw damaged }
        self.init(secret: secret, expiresAt: expiresAt, fingerprint: fingerprint, addresses: addresses)
    }
}
