/// Why a device is not taken as a member.
package enum JoinRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// No token has this secret.
    case unknownToken
    case expiredToken
    /// A device joined with it before.
    case usedToken
    /// A member has the name already.
    case nameTaken(String)
    /// The name means the coordinator's own device.
    case nameReserved(String)
    /// The name has control characters.
    case nameUnprintable

    /// Why no device may have a name, whoever has it already; `nil` where one may.
    package init?(name: String) {
        if name == Member.reservedName {
            self = .nameReserved(name)
        } else if name.hasControlCharacters {
            self = .nameUnprintable
        } else {
            return nil
        }
    }

    package var description: String {
        let another = "make another with `shoal token` on the coordinator"
        switch self {
        case .unknownToken: return "the join token is not one of this cluster; \(another)"
        case .expiredToken: return "the join token has expired; \(another)"
        case .usedToken: return "the join token was used before, and is good for one device; \(another)"
        case .nameTaken(let name):
            return
                "a device with the name \"\(name)\" is a member already; give this one another with --name, or remove that one first: shoal remove \(name)"
        case .nameReserved(let name):
            return "the name \"\(name)\" is the coordinator's own device; give this one another with --name"
        case .nameUnprintable: return "the device's name has control characters; give it another with --name"
        }
    }
}
