/// Who a certificate speaks for: a cluster's coordinator or one of its members, by a random id that nothing else has.
package struct ClusterIdentity: Sendable, Hashable, CustomStringConvertible {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case coordinator, member
    }

    package let kind: Kind
    /// 32 hexadecimal digits, in lower case.
    package let id: String

    /// A new one: 128 random bits.
    package init(new kind: Kind) {
        self.kind = kind
        id = (0..<16).map { _ in UInt8.random(in: .min ... .max).hexadecimal }.joined()
    }

    /// Reads what `uri` writes; `nil` for anything else.
    package init?(uri: String) {
        let parts = uri.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "shoal", let kind = Kind(rawValue: String(parts[1])) else { return nil }
        self.init(kind: kind, id: String(parts[2]))
    }

    /// One that is known by its id; `nil` where that is not 32 lower-case hexadecimal digits.
    package init?(kind: Kind, id: String) {
        guard id.utf8.count == 32, id.utf8.allSatisfy(Self.isDigit) else { return nil }
        self.kind = kind
        self.id = id
    }

    /// `shoal:member:ID` or `shoal:coordinator:ID`: the subject's alternative name in a certificate.
    package var uri: String { "shoal:\(kind.rawValue):\(id)" }

    package var description: String { uri }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

extension UInt8 {
    /// Two lower-case digits.
    var hexadecimal: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}
