/// A worker that announces itself, as far as this machine can reach it.
package struct FoundWorker: Sendable, Hashable {
    /// Where it is to be dialed.
    package struct Place: Sendable, Hashable {
        /// A numeric address; of one that is good on one link alone with the interface behind `%`.
        package var host: String
        package var port: UInt16

        package init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }
    }

    /// The name of the service's instance and its domain, which tell it from others. Not checked: not for people's eyes.
    package var instance: String
    package var record: ServiceRecord
    /// At least one, the best first: IPv4 before IPv6, and those that are good on one link alone last.
    package var places: [Place]

    package init(instance: String, record: ServiceRecord, places: [Place]) {
        self.instance = instance
        self.record = record
        self.places = places
    }
}

/// What comes of looking for workers and announcing one.
package enum DiscoveryEvent: Sendable, Hashable {
    /// This worker is announced, under a name and on interfaces.
    case announced(as: String, on: [String])
    /// It is not announced, and why.
    case notAnnounced(String)
    /// A worker was found, or is found otherwise than before.
    case found(FoundWorker)
    /// A worker that was found is announced no more.
    case lost(FoundWorker)
    /// Those that were there when it began are found.
    case settled
    /// Nothing can be announced or found at present, and why.
    case unavailable(String)
}
