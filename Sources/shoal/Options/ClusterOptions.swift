import ArgumentParser
import ClusterFile
import CoordinatorCore
import Foundation
import Placement
import Transport

/// Which devices take part, and what goes where.
struct ClusterOptions: ParsableArguments {
    @Option(name: .customLong("worker"), help: ArgumentHelp("A worker to use (repeatable).", valueName: "HOST:PORT"))
    var workers: [Endpoint] = []

    @Option(help: ArgumentHelp("A file of declared devices, as in Cluster/.", valueName: "FILE"))
    var cluster: String?

    @Option(
        name: .customLong("pin"),
        help: ArgumentHelp(
            "Puts layers on a device: 0-9=pi1, 7=pi2, embedding=pi1, head=pi2 (repeatable).", valueName: "PART=DEVICE"))
    var pins: [Pin] = []

    /// The declared cluster, if a file was named.
    ///
    /// - Throws: `ClusterFileError`, or `CommandError` when the file cannot be read.
    func declaration() throws -> ClusterDeclaration? {
        guard let cluster else { return nil }
        guard let data = FileManager.default.contents(atPath: cluster) else {
            throw CommandError("the cluster file \(cluster) cannot be read: check the path given with --cluster")
        }
        return try ClusterDeclaration(yaml: String(decoding: data, as: UTF8.self), file: cluster)
    }

    /// All devices named: those of the file, then those of `--worker`, which are called by their addresses until they are asked for their
    /// names. An address that is named twice is there once.
    func devices(_ declaration: ClusterDeclaration?) -> [NamedDevice] {
        let declared = declaration?.devices ?? []
        var seen: Set<Endpoint> = []
        return
            (declared.map {
                NamedDevice(
                    name: $0.name, endpoint: Endpoint(host: $0.address.host, port: $0.address.port),
                    memoryBytes: $0.memory,
                    speed: $0.speed, link: $0.link, power: $0.power)
            } + workers.map { NamedDevice(name: $0.description, endpoint: $0, memoryBytes: nil) })
            .filter { seen.insert($0.endpoint).inserted }
    }
}

/// A device to reach over the network.
struct NamedDevice: Sendable {
    var name: String
    var endpoint: Endpoint
    var memoryBytes: Int?
    /// How fast it computes and its link is, as declared.
    var speed: DeviceSpeed?
    var link: LinkSpeed?
    /// How much power it takes, as declared.
    var power: DevicePower?
    /// The identity in its certificate, where it is known: another one that answers there is not talked to.
    var memberID: String?

    var declaration: DeviceDeclaration {
        DeviceDeclaration(
            name: name, connection: .tcp(endpoint), memoryBytes: memoryBytes, speed: speed, link: link, power: power)
    }
}

extension Endpoint: ExpressibleByArgument {
    public init?(argument: String) { try? self.init(parsing: argument) }
}

extension Pin: ExpressibleByArgument {
    public init?(argument: String) { try? self.init(parsing: argument) }
}
