import Synchronization

/// How many connections a listener takes at a time.
package struct ConnectionBounds: Sendable {
    /// In all.
    package var connections: Int
    /// Of one address.
    package var connectionsOfAddress: Int
    /// Those that are not links yet, for who opens one says at once who it is.
    package var unfinished: Int
    /// Those of one address that are not links yet.
    package var unfinishedOfAddress: Int

    package init(
        connections: Int = .max, connectionsOfAddress: Int = .max, unfinished: Int = 256, unfinishedOfAddress: Int = 64
    ) {
        self.connections = connections
        self.connectionsOfAddress = connectionsOfAddress
        self.unfinished = unfinished
        self.unfinishedOfAddress = unfinishedOfAddress
    }
}

/// Counts a listener's connections, so that whoever opens many and says nothing leaves room for others. Safe from any thread.
final class ConnectionPlaces: Sendable {
    /// How many there are in all and by address.
    private struct Counts {
        private(set) var all = 0
        private var byAddress: [String: Int] = [:]

        func of(_ address: String) -> Int { byAddress[address, default: 0] }

        mutating func add(_ address: String) {
            all += 1
            byAddress[address, default: 0] += 1
        }

        mutating func remove(_ address: String) {
            all -= 1
            byAddress[address]! -= 1
            if byAddress[address] == 0 { byAddress[address] = nil }
        }
    }

    private struct State {
        var open = Counts()
        var unfinished = Counts()
    }

    /// One connection's place.
    final class Place: Sendable {
        private let places: ConnectionPlaces
        private let address: String
        private let isUnfinished = Atomic(true)

        fileprivate init(_ places: ConnectionPlaces, _ address: String) {
            self.places = places
            self.address = address
        }

        /// The connection has become a link.
        func becameLink() {
            guard isUnfinished.exchange(false, ordering: .relaxed) else { return }
            places.state.withLock { $0.unfinished.remove(address) }
        }

        /// The connection is over.
        func closed() {
            becameLink()
            places.state.withLock { $0.open.remove(address) }
        }
    }

    private let bounds: ConnectionBounds
    private let state = Mutex(State())

    init(_ bounds: ConnectionBounds) { self.bounds = bounds }

    /// Takes a place, to be told how the connection goes on; nil when there is none.
    func take(from address: String) -> Place? {
        state.withLock { state in
            guard state.open.all < bounds.connections, state.open.of(address) < bounds.connectionsOfAddress,
                state.unfinished.all < bounds.unfinished, state.unfinished.of(address) < bounds.unfinishedOfAddress
            else { return nil }
            state.open.add(address)
            state.unfinished.add(address)
            return Place(self, address)
        }
    }
}
