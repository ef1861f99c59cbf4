/// Numbers of Avahi's interface: avahi-common/defs.h and address.h of Avahi 0.8.
package enum AvahiNumbers {
    /// `AVAHI_IF_UNSPEC`, `AVAHI_PROTO_UNSPEC`
    package static let unspecified: Int32 = -1
    /// `AVAHI_PROTO_INET`
    package static let ipv4: Int32 = 0
    /// `AVAHI_PROTO_INET6`
    package static let ipv6: Int32 = 1
    /// `AVAHI_SERVER_RUNNING`
    package static let running: Int32 = 2
    /// `AVAHI_ENTRY_GROUP_ESTABLISHED`
    package static let established: Int32 = 2
    /// `AVAHI_ENTRY_GROUP_COLLISION`
    package static let collision: Int32 = 3
    /// `AVAHI_ENTRY_GROUP_FAILURE`
    package static let failure: Int32 = 4
}
