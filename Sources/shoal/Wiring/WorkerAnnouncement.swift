import Discovery
import Identity
import Logging
import Synchronization
import Transport
import Wire

/// Announces a worker on the local network, where that is wanted and possible.
enum WorkerAnnouncement {
    /// Begins; it is taken back when the client is stopped or the process ends.
    ///
    /// - Parameters:
    ///   - isWanted: what was said; `nil` is nothing.
    ///   - endpoint: where it listens.
    /// - Returns: `nil` where it is not announced.
    static func start(
        _ standing: ServiceRecord.Standing, name: String, at endpoint: Endpoint, interfaces: [String], isWanted: Bool?,
        logger: Logger
    ) -> DiscoveryClient? {
        guard isWanted ?? true, let port = UInt16(exactly: endpoint.port),
            let name = try? DeviceName.member(name)
        else { return nil }
        let address = NetworkAddress(endpoint.host)
        guard address?.isLoopback != true else {
            if isWanted == true {
                Console.error("not announced: it listens on \(endpoint), where only this machine reaches it")
            }
            return nil
        }
        let record = ServiceRecord(name: name, protocolVersion: ProtocolVersion.highest, standing: standing)
        let service = AnnouncedService(
            record: record, port: port, interfaces: InterfaceChoice(address: address, names: interfaces))
        return DiscoveryClient(announcing: service) { event in
            switch event {
            case .announced(let name, let interfaces):
                logger.info(
                    "announced on the local network",
                    metadata: ["as": "\(name)", "on": "\(interfaces.joined(separator: ", "))"])
            case .notAnnounced(let reason), .unavailable(let reason):
                logger.info("no announcement on the local network", metadata: ["reason": "\(reason)"])
            case .found, .lost, .settled: break
            }
        }
    }
}

/// A worker's announcement, which is made again where the worker has another name.
final class RepeatedAnnouncement: Sendable {
    private let make: @Sendable () -> DiscoveryClient?
    private let client: Mutex<DiscoveryClient?>

    init(_ make: @escaping @Sendable () -> DiscoveryClient?) {
        self.make = make
        client = Mutex(make())
    }

    func makeAgain() {
        client.withLock { client in
            client?.stop()
            client = make()
        }
    }

    func stop() { client.withLock { $0?.stop() } }
}

extension Endpoint {
    /// Where a worker that was found is dialed first.
    init(_ place: FoundWorker.Place) { self.init(host: place.host, port: Int(place.port)) }
}
