/// A device's name: what people and commands call it, and the common name in its certificate.
///
/// ASCII letters, digits, `.`, `-` and `_`, with a letter or digit first: so it is no flag, no `HOST:PORT`, forges no line, and is not written
/// with letters of another script that look the same.
package struct DeviceName: Sendable, Hashable, CustomStringConvertible {
    /// X.509's bound of a common name (RFC 5280, ub-common-name).
    package static let mostBytes = 64
    /// Words that commands and tables use for other things.
    private static let reserved: Set<String> = ["all", "here", "localhost"]
    /// The name of the coordinator's own device.
    package static let coordinator = "coordinator"

    package let description: String

    /// - Throws: `IdentityError` (malformed) with the mend.
    package init(_ text: String) throws(IdentityError) {
        guard let reason = Self.objection(to: text) else {
            description = text
            return
        }
        throw IdentityError(
            .malformed, "\"\(text.printable)\" is no name for a device: \(reason); give this one another with --name")
    }

    /// A name of a member, which must not look like the coordinator's.
    ///
    /// - Throws: `IdentityError` (malformed) with the mend.
    package static func member(_ text: String) throws(IdentityError) -> DeviceName {
        let name = try DeviceName(text)
        guard !resembles(text, coordinator) else {
            throw IdentityError(
                .malformed,
                "the name \"\(text)\" is, or looks like, that of the coordinator's own device; give this one another with --name"
            )
        }
        return name
    }

    /// A member's name that is made of a host's, as far as that may be one.
    package init(ofHost host: String) {
        let kept = host.utf8.prefix(mostBytesOfHost).map { byte in
            Self.isAllowed(byte) ? Character(UnicodeScalar(byte)) : "-"
        }
        let isPunctuation = { (character: Character) in !character.isLetter && !character.isNumber }
        let trimmed = String(String(kept.drop(while: isPunctuation)).trimmedEnd(of: isPunctuation))
        for candidate in trimmed.isEmpty ? [] : [trimmed, "device-\(trimmed)"] {
            if let name = try? Self.member(candidate) {
                self = name
                return
            }
        }
        self = Self.nameless
    }

    /// Whether people may take one name for another: the case of letters is ignored, and so is what looks the same in many fonts.
    package static func resembles(_ one: String, _ other: String) -> Bool { shape(one) == shape(other) }

    private static func shape(_ name: String) -> [UInt8] {
        name.utf8.map { byte in
            let lower = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
            return switch lower {
            case UInt8(ascii: "0"): UInt8(ascii: "o")
            case UInt8(ascii: "1"), UInt8(ascii: "i"): UInt8(ascii: "l")
            case UInt8(ascii: "_"): UInt8(ascii: "-")
            default: lower
            }
        }
    }

    /// Why a text is no name; `nil` where it is one.
    private static func objection(to text: String) -> String? {
        guard let first = text.utf8.first else { return "it is empty" }
        guard text.utf8.count <= mostBytes else {
            return "it has \(text.utf8.count) bytes, and a certificate takes \(mostBytes)"
        }
        guard text.utf8.allSatisfy(isAllowed) else {
            return "it has other characters than the letters a to z, digits, full stop, - and _"
        }
        guard isLetterOrDigit(first) else { return "it does not begin with a letter or digit" }
        guard isLetterOrDigit(text.utf8.last!) else { return "it does not end with a letter or digit" }
        guard !reserved.contains(text.lowercased()) else { return "it means something else already" }
        guard !isAddress(text) else { return "it is written like an address" }
        return nil
    }

    /// Whether a text is made of numbers alone: programs take `127.0.0.1`, `127.1`, `2130706433` and `0x7f.1` for the same address.
    private static func isAddress(_ text: String) -> Bool {
        text.split(separator: ".").allSatisfy { part in
            let lower = part.lowercased()
            let digits = lower.hasPrefix("0x") ? lower.dropFirst(2) : lower[...]
            return digits.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || lower.hasPrefix("0x") && (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) && byte < 0x80
    }

    private static let nameless = DeviceName(known: "device")

    private init(known text: String) { description = text }
}

/// A host's name is cut, so that there is room before it.
private let mostBytesOfHost = DeviceName.mostBytes - "device-".utf8.count

extension String {
    fileprivate func trimmedEnd(of isUnwanted: (Character) -> Bool) -> Substring {
        var rest = self[...]
        while let last = rest.last, isUnwanted(last) { rest.removeLast() }
        return rest
    }

    /// At most the beginning of a text, without what would change lines or terminals.
    fileprivate var printable: String {
        String(String.UnicodeScalarView(unicodeScalars.prefix(80).map { $0.properties.isPrintable ? $0 : "\u{fffd}" }))
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
