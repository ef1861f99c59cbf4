/// Numbers of Avahi's interface: avahi-common/defs.h and address.h of Avahi 0.8.
enum AvahiNumbers {
    /// `AVAHI_IF_UNSPEC`, `AVAHI_PROTO_UNSPEC`
    static let unspecified: Int32 = -1
    /// `AVAHI_PROTO_INET`
    static let ipv4: Int32 = 0
    /// `AVAHI_PROTO_INET6`
    static let ipv6: Int32 = 1
    /// `AVAHI_SERVER_RUNNING`
    static let running: Int32 = 2
    /// `AVAHI_ENTRY_GROUP_ESTABLISHED`
    static let established: Int32 = 2
    /// `AVAHI_ENTRY_GROUP_COLLISION`
    static let collision: Int32 = 3
    /// `AVAHI_ENTRY_GROUP_FAILURE`
    static let failure: Int32 = 4
}
