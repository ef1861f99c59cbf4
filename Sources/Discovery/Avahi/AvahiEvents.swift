#if canImport(CAvahi)
import CAvahi

/// What the library's callbacks wrote down. They have its address; whoever owns the library's objects keeps it for as long as those live.
final class AvahiEvents {
    var said: [AvahiEvent] = []

    /// What callbacks are given, and find the object by.
    var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    static func at(_ pointer: UnsafeMutableRawPointer?) -> AvahiEvents? {
        pointer.map { Unmanaged<AvahiEvents>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Gives what was said, once.
    func take() -> [AvahiEvent] {
        defer { said = [] }
        return said
    }

    func add(client state: AvahiClientState) {
        switch state {
        case AVAHI_CLIENT_CONNECTING: said.append(.daemon(.absent))
        case AVAHI_CLIENT_S_REGISTERING, AVAHI_CLIENT_S_COLLISION: said.append(.daemon(.settling))
        case AVAHI_CLIENT_S_RUNNING: said.append(.daemon(.running))
        case AVAHI_CLIENT_FAILURE: said.append(.daemon(.lost))
        default: break
        }
    }

    func add(
        browser event: AvahiBrowserEvent, interface: Int32, family: Int32, name: UnsafePointer<CChar>?,
        domain: UnsafePointer<CChar>?
    ) {
        switch event {
        case AVAHI_BROWSER_ALL_FOR_NOW: said.append(.hasAllForNow)
        case AVAHI_BROWSER_FAILURE: said.append(.browsingFailed(reason: "it failed"))
        case AVAHI_BROWSER_NEW:
            if let sighting = Sighting(interface, family, name, domain) { said.append(.appeared(sighting)) }
        case AVAHI_BROWSER_REMOVE:
            if let sighting = Sighting(interface, family, name, domain) { said.append(.vanished(sighting)) }
        default: break
        }
    }

    func add(
        resolver event: AvahiResolverEvent, interface: Int32, family: Int32, name: UnsafePointer<CChar>?,
        domain: UnsafePointer<CChar>?, address: UnsafePointer<AvahiAddress>?, port: UInt16,
        text: UnsafeMutablePointer<AvahiStringList>?
    ) {
        guard let sighting = Sighting(interface, family, name, domain) else { return }
        var resolution: Resolution?
        if event == AVAHI_RESOLVER_FOUND, let address = address.flatMap({ NetworkAddress($0.pointee) }) {
            resolution = Resolution(address: address, port: port, strings: strings(text))
        }
        said.append(.resolved(sighting, resolution))
    }
}

/// What is said of one group, which an attempt to publish made.
final class GroupEvents {
    private let events: AvahiEvents
    private let attempt: Int

    init(_ events: AvahiEvents, attempt: Int) { (self.events, self.attempt) = (events, attempt) }

    /// What callbacks are given, and find the object by.
    var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    static func at(_ pointer: UnsafeMutableRawPointer?) -> GroupEvents? {
        pointer.map { Unmanaged<GroupEvents>.fromOpaque($0).takeUnretainedValue() }
    }

    func add(_ state: AvahiEntryGroupState) {
        switch state {
        case AVAHI_ENTRY_GROUP_ESTABLISHED: events.said.append(.group(.established, attempt: attempt))
        case AVAHI_ENTRY_GROUP_COLLISION: events.said.append(.group(.collision, attempt: attempt))
        case AVAHI_ENTRY_GROUP_FAILURE: events.said.append(.group(.failure, attempt: attempt))
        default: break
        }
    }
}

extension Sighting {
    fileprivate init?(
        _ interface: Int32, _ family: Int32, _ name: UnsafePointer<CChar>?, _ domain: UnsafePointer<CChar>?
    ) {
        guard let name, let domain else { return nil }
        self.init(
            interface: interface, family: family, name: String(cString: name), domain: String(cString: domain))
    }
}

extension NetworkAddress {
    /// `nil` for an address of another family, as the library gives it for one that it cannot read.
    fileprivate init?(_ address: AvahiAddress) {
        switch Int(address.proto) {
        case Int(AVAHI_PROTO_INET): self.init(bytes: withUnsafeBytes(of: address.data.ipv4) { Array($0) })
        case Int(AVAHI_PROTO_INET6): self.init(bytes: withUnsafeBytes(of: address.data.ipv6) { Array($0) })
        default: return nil
        }
    }
}

/// The strings of a list, of which the library has the last one first; not many more than a record may have.
private func strings(_ list: UnsafeMutablePointer<AvahiStringList>?) -> [[UInt8]] {
    var strings: [[UInt8]] = []
    var next = list
    while let entry = next, strings.count <= ServiceRecord.mostStrings {
        next = avahi_string_list_get_next(entry)
        let bytes = UnsafeBufferPointer(
            start: avahi_string_list_get_text(entry), count: avahi_string_list_get_size(entry))
        strings.append(Array(bytes))
    }
    return strings.reversed()
}
#endif
