import Discovery
import Identity
import Transport

/// The workers that announce themselves, as a command sees them that dials none.
struct NearbyWorkers {
    /// This machine's cluster, where it has one.
    let cluster: ClusterMark?
    let workers: [FoundWorker]
    /// Why it was not possible to look.
    let trouble: String?

    /// Looks for them, for some seconds.
    ///
    /// - Parameter folder: the coordinator's, with the cluster's authority.
    /// - Throws: `IdentityError` for an authority that cannot be read.
    static func look(folder: String, interfaces: [String]) async throws -> NearbyWorkers {
        let authority = try AuthorityFolder(dataFolder: folder).load()
        let nearby = await DiscoveryClient.nearby(InterfaceChoice(names: interfaces))
        return NearbyWorkers(
            cluster: authority.map { ClusterMark(fingerprint: $0.certificate.fingerprint) }, workers: nearby.workers,
            trouble: nearby.trouble)
    }

    /// Those of this machine's cluster.
    var members: [FoundWorker] { cluster.map { mark in workers.filter { $0.record.cluster == mark } } ?? [] }

    /// Those that take links of anyone.
    var insecure: [FoundWorker] { workers.filter { $0.record.standing == .insecure } }

    /// Those of no cluster.
    var strangers: [FoundWorker] { workers.filter { $0.record.cluster == nil } }
}

extension NamedDevice {
    init(_ worker: FoundWorker) {
        let endpoint = Endpoint(worker.places[0])
        self.init(name: endpoint.description, endpoint: endpoint, memoryBytes: nil)
    }
}
