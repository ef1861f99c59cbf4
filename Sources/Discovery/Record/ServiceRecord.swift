package import Identity

/// What a worker says of itself by DNS-SD: the TXT record of its `_shoal._tcp` service. Normative text: PROTOCOL.md.
///
/// Whoever is on the network can send one. It says where to ask, and nothing more: who answers there is found out by TLS.
package struct ServiceRecord: Sendable, Hashable {
    /// The type of the service (RFC 6763, 7).
    package static let serviceType = "_shoal._tcp"

    /// Which links the worker takes.
    package enum Standing: Sendable, Hashable {
        /// It joined the cluster with this mark, and takes links of that cluster alone.
        case member(ClusterMark)
        /// It has joined no cluster, and waits to be joined to one: it takes no links.
        case waiting
        /// It takes plain links of anyone.
        case insecure
    }

    /// The device's name; that of its certificate where it joined.
    package var name: DeviceName
    /// The highest version of the wire that it speaks.
    package var protocolVersion: UInt32
    package var standing: Standing

    package init(name: DeviceName, protocolVersion: UInt32, standing: Standing) {
        self.name = name
        self.protocolVersion = protocolVersion
        self.standing = standing
    }

    /// The cluster that it is of, if any.
    package var cluster: ClusterMark? { if case .member(let mark) = standing { mark } else { nil } }
}

/// Why a TXT record is none of Shoal's.
package struct ServiceRecordError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
