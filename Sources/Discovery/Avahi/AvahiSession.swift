/// What is asked of avahi-daemon for as long as a client lives: events in, actions out. A pure value.
///
/// The daemon may come and go meanwhile: what is announced is announced anew, and what is looked for is looked for anew.
package struct AvahiSession: Sendable {
    private var announcing: Announcing?
    private var browsing: Browsing?
    private var isThere = false
    /// Whether it was told already that there is no daemon.
    private var isMissed = false

    /// - Parameters:
    ///   - service: what is announced, if anything.
    ///   - browsing: over which interfaces workers are looked for; `nil` is not at all.
    package init(announcing service: AnnouncedService?, browsing: InterfaceChoice?) {
        announcing = service.map { Announcing($0) }
        self.browsing = browsing.map { Browsing($0) }
    }

    /// The machine's interfaces as they are now.
    package mutating func look(at interfaces: [NetworkInterface]) -> [AvahiAction] {
        let announced = announcing?.look(at: interfaces) ?? []
        let browsed = browsing?.look(at: interfaces) ?? []
        return announced + browsed
    }

    package mutating func received(_ event: AvahiEvent) -> [AvahiAction] {
        switch event {
        case .daemon(.absent): return miss("avahi-daemon does not run")
        case .daemon(.settling): return daemonIsThere(isRunning: false)
        case .daemon(.running): return daemonIsThere(isRunning: true)
        case .daemon(.lost): return ended() + miss("avahi-daemon has ended") + [.reconnect]
        case .group(let state, let attempt): return announcing?.group(state, attempt: attempt) ?? []
        case .refused(let attempt, let isCollision, let reason):
            return announcing?.refused(
                attempt: attempt, isCollision: isCollision, "avahi-daemon refuses it: \(reason)") ?? []
        case .appeared(let sighting): return browsing?.appeared(sighting) ?? []
        case .vanished(let sighting): return browsing?.vanished(sighting) ?? []
        case .hasAllForNow: return browsing?.hasAllForNow() ?? []
        case .browsingFailed(let reason): return [.tell(.unavailable("avahi-daemon looks for nothing: \(reason)"))]
        case .resolved(let sighting, let resolution): return browsing?.resolved(sighting, resolution) ?? []
        }
    }

    /// The connection to the daemon is gone.
    package mutating func ended() -> [AvahiAction] {
        isThere = false
        announcing?.daemonLost()
        return browsing?.daemonLost() ?? []
    }

    private mutating func daemonIsThere(isRunning: Bool) -> [AvahiAction] {
        let browse: [AvahiAction] = isThere || browsing == nil ? [] : [.browse]
        (isThere, isMissed) = (true, false)
        return browse + (announcing?.daemonIsThere(isRunning: isRunning) ?? [])
    }

    private mutating func miss(_ reason: String) -> [AvahiAction] {
        defer { isMissed = true }
        return isMissed ? [] : [.tell(.unavailable(reason))]
    }
}
