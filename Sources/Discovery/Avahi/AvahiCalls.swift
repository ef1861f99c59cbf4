/// The calls to avahi-daemon and the bus that are made (org.freedesktop.Avahi.*.xml of Avahi 0.8; D-Bus Specification, "Message Bus").
struct AvahiCalls {
    static let daemon = "org.freedesktop.Avahi"
    static let bus = "org.freedesktop.DBus"
    private static let busPath = "/org/freedesktop/DBus"

    private var serial: UInt32 = 0

    private mutating func call(
        _ path: String, _ interface: String, _ member: String, _ body: [DBusValue] = [], to destination: String = daemon
    ) -> DBusMessage {
        serial += 1
        return DBusMessage(
            serial, to: destination, path: path, interface: interface, member: member, body: body)
    }

    private mutating func busCall(_ member: String, _ body: [DBusValue] = []) -> DBusMessage {
        call(Self.busPath, Self.bus, member, body, to: Self.bus)
    }

    private mutating func server(_ member: String, _ body: [DBusValue] = []) -> DBusMessage {
        call("/", "\(Self.daemon).Server", member, body)
    }

    mutating func hello() -> DBusMessage { busCall("Hello") }

    /// Signals that the daemon comes or goes.
    mutating func watchOwner() -> DBusMessage {
        busCall(
            "AddMatch",
            [
                .string(
                    "type='signal',sender='\(Self.bus)',interface='\(Self.bus)',member='NameOwnerChanged',arg0='\(Self.daemon)'"
                )
            ])
    }

    /// Signals of the daemon itself; those about what this program asked for come without.
    mutating func watchDaemon() -> DBusMessage {
        busCall("AddMatch", [.string("type='signal',sender='\(Self.daemon)'")])
    }

    mutating func owner() -> DBusMessage { busCall("GetNameOwner", [.string(Self.daemon)]) }

    mutating func serverState() -> DBusMessage { server("GetState") }

    mutating func makeGroup() -> DBusMessage { server("EntryGroupNew") }

    mutating func browse() -> DBusMessage {
        server(
            "ServiceBrowserNew",
            [
                .int32(AvahiNumbers.unspecified), .int32(AvahiNumbers.unspecified), .string(ServiceRecord.serviceType),
                .string(""), .uint32(0),
            ])
    }

    mutating func resolve(_ sighting: Sighting) -> DBusMessage {
        server(
            "ServiceResolverNew",
            [
                .int32(sighting.interface), .int32(sighting.family), .string(sighting.name),
                .string(ServiceRecord.serviceType), .string(sighting.domain), .int32(sighting.family), .uint32(0),
            ])
    }

    mutating func freeResolver(_ path: String) -> DBusMessage { call(path, "\(Self.daemon).ServiceResolver", "Free") }

    mutating func group(_ path: String, _ member: String) -> DBusMessage {
        call(path, "\(Self.daemon).EntryGroup", member)
    }

    mutating func add(
        _ service: AnnouncedService, as name: String, group: String, interface: Int32
    ) -> DBusMessage {
        call(
            group, "\(Self.daemon).EntryGroup", "AddService",
            [
                .int32(interface), .int32(service.addressFamily), .uint32(0), .string(name),
                .string(ServiceRecord.serviceType), .string(""), .string(""), .uint16(service.port),
                .array(of: "ay", service.record.strings.map { .bytes($0) }),
            ])
    }
}
