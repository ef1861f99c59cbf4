/// Tells clusters apart in public: the first 8 bytes of the SHA-256 of the authority's certificate, as 16 hexadecimal digits.
///
/// It is no secret and proves nothing: who is of a cluster is told by certificates alone.
package struct ClusterMark: Sendable, Hashable, CustomStringConvertible {
    private static let digits = 16

    package let description: String

    /// - Parameter fingerprint: SHA-256 of the authority's certificate.
    /// - Precondition: it has 32 bytes.
    package init(fingerprint: [UInt8]) {
        precondition(fingerprint.count == 32, "a fingerprint of \(fingerprint.count) bytes")
        description = fingerprint.prefix(Self.digits / 2).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// `nil` for what is not 16 lower-case hexadecimal digits.
    init?(text: String) {
        let isDigit = { (byte: UInt8) in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
        guard text.utf8.count == Self.digits, text.utf8.allSatisfy(isDigit) else { return nil }
        description = text
    }
}
