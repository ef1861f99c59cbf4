/// Why a device is not taken as a member.
package enum JoinRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// No token has this secret.
    case unknownToken
    case expiredToken
    /// A device joined with it before.
    case usedToken
    /// A member has this name already, which the other one is or looks like.
    case nameTaken(String)

    package var description: String {
        let another = "make another with `shoal token` on the coordinator"
        switch self {
        case .unknownToken: return "the join token is not one of this cluster, or was revoked; \(another)"
        case .expiredToken: return "the join token has expired; \(another)"
        case .usedToken: return "the join token was used before, and is good for one device; \(another)"
        case .nameTaken(let name):
            return
                "a device is a member already whose name this is, or looks like: \(name); give this one another with --name, or remove that one first: shoal remove \(name)"
        }
    }
}
