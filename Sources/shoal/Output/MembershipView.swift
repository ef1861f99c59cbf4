import Identity
import WorkerCore

/// How a device came to its membership, for people, where that is not what they may expect.
enum MembershipView {
    static func tell(_ entry: Membership.Entry, of credentials: Credentials) {
        switch entry {
        case .kept, .joined: break
        case .wasMember:
            Console.error(
                "this device is a member of this cluster already, as \(credentials.certificate.name): the token is not used, and good for another device"
            )
        case .replaced(let name, let fingerprint):
            let mark = fingerprint.prefix(4).map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
            Console.error(
                "this device was \(name) in another cluster (fingerprint \(mark)…), and left that for this one: `shoal remove \(name)` on the other coordinator's machine"
            )
        }
    }
}
