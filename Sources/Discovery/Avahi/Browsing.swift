/// The workers that are announced, as far as is known: what the daemon says in, what it is to be asked and what was found out. A pure value.
package struct Browsing: Sendable {
    /// Sightings at a time; whoever floods a network with services costs no more.
    package static let mostSightings = 512

    private enum State: Sendable, Hashable {
        case pending, failed
        case resolved(Resolution)
    }

    private let choice: InterfaceChoice
    private var interfaces: [Int32: NetworkInterface] = [:]
    private var sightings: [Sighting: State] = [:]
    private var found: [String: FoundWorker] = [:]
    private var hasAll = false
    private var isSettled = false

    package init(_ choice: InterfaceChoice) { self.choice = choice }

    /// The machine's interfaces as they are now.
    package mutating func look(at all: [NetworkInterface]) -> [AvahiAction] {
        let chosen = Dictionary(uniqueKeysWithValues: choice.chosen(of: all).map { ($0.index, $0) })
        guard chosen != interfaces else { return [] }
        interfaces = chosen
        return Set(sightings.keys.map(\.instance)).sorted().flatMap { review($0) }
    }

    package mutating func appeared(_ sighting: Sighting) -> [AvahiAction] {
        guard sightings[sighting] == nil, sightings.count < Self.mostSightings,
            interfaces[sighting.interface] != nil
        else { return [] }
        sightings[sighting] = .pending
        return [.resolve(sighting)]
    }

    package mutating func vanished(_ sighting: Sighting) -> [AvahiAction] {
        guard sightings.removeValue(forKey: sighting) != nil else { return [] }
        return [.release(sighting)] + review(sighting.instance) + settle()
    }

    /// - Parameter resolution: `nil` where it cannot be resolved.
    package mutating func resolved(_ sighting: Sighting, _ resolution: Resolution?) -> [AvahiAction] {
        guard let before = sightings[sighting] else { return [] }
        // What is known stays known until it vanishes.
        if resolution == nil, case .resolved = before { return [] }
        sightings[sighting] = resolution.map { .resolved($0) } ?? .failed
        return review(sighting.instance) + settle()
    }

    /// The daemon has told of all that it knew, and of what answered in the first second.
    package mutating func hasAllForNow() -> [AvahiAction] {
        hasAll = true
        return settle()
    }

    /// The daemon is gone, and what it knew with it.
    package mutating func daemonLost() -> [AvahiAction] {
        (sightings, hasAll, isSettled) = ([:], false, false)
        defer { found = [:] }
        return found.sorted { $0.key < $1.key }.map { .tell(.lost($0.value)) }
    }

    private mutating func settle() -> [AvahiAction] {
        guard hasAll, !isSettled else { return [] }
        // One way to each is enough: an address of the other family may never be told.
        guard sightings.allSatisfy({ $1 != .pending || found[$0.instance] != nil }) else { return [] }
        isSettled = true
        return [.tell(.settled)]
    }

    /// Looks at one instance again, and tells what changed.
    private mutating func review(_ instance: String) -> [AvahiAction] {
        let (before, now) = (found[instance], worker(instance))
        found[instance] = now
        guard before != now else { return [] }
        if let now { return [.tell(.found(now))] }
        return before.map { [.tell(.lost($0))] } ?? []
    }

    private func worker(_ instance: String) -> FoundWorker? {
        var places: [(rank: Int, place: FoundWorker.Place)] = []
        var record: ServiceRecord?
        let known = sightings.filter { $0.key.instance == instance }.sorted { one, other in
            (one.key.interface, one.key.family) < (other.key.interface, other.key.family)
        }
        for (sighting, state) in known {
            guard case .resolved(let resolution) = state, let interface = interfaces[sighting.interface],
                let said = try? ServiceRecord(strings: resolution.strings), record == nil || record == said,
                let ranked = interface.place(resolution)
            else { continue }
            record = said
            if !places.contains(where: { $0.place == ranked.place }) { places.append(ranked) }
        }
        guard let record, !places.isEmpty else { return nil }
        return FoundWorker(
            instance: instance, record: record,
            places: places.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
                .map(\.element.place))
    }
}

extension NetworkInterface {
    /// Where a service is to be dialed that was seen over this interface, lower ranks first; `nil` for an address of another network, which
    /// is nobody's business here.
    fileprivate func place(_ resolution: Resolution) -> (rank: Int, place: FoundWorker.Place)? {
        let address = resolution.address
        guard address.isDialable, resolution.port > 0 else { return nil }
        if address.isLinkLocal, !address.isIPv4 {
            return (2, FoundWorker.Place(host: "\(address)%\(name)", port: resolution.port))
        }
        guard networks.contains(where: { $0.contains(address) }) else { return nil }
        let rank = address.isIPv4 ? (address.isLinkLocal ? 3 : 0) : 1
        return (rank, FoundWorker.Place(host: address.description, port: resolution.port))
    }
}
