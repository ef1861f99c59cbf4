import ModelParts
import API
import ArgumentParser
import CoordinatorCore
import Foundation
import Placement
import Transport
import Wire

struct DevicesCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "Shows who is here, and what each device holds.",
        discussion: """
            Asks the coordinator, or the workers themselves when some are named.
            Example: shoal devices --worker pi1:7077 --worker pi2:7077
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var server: ServerOptions
    @Flag(
        help: "Measures anew how fast devices and the links between them are; refused while they compute for somebody.")
    var measure = false
    @Flag(help: "Prints JSON.") var json = false
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var links: LinkOptions

    func run() async throws {
        let named = cluster.devices(try cluster.declaration())
        let (rows, links) = named.isEmpty ? try await fromCoordinator() : try await fromWorkers(named)
        if json {
            try Console.json(Document(devices: rows, links: links))
        } else {
            let models = Set(rows.flatMap { $0.models })
            Console.write(table(rows, naming: models.count > 1).description + "\n")
            if models.count == 1 { Console.write("model: \(models.first!.printable(onOneLine: true))\n") }
            let profiles = rows.compactMap { row in row.profile.map { (device: row.name, profile: $0) } }
            let heat = SensorTable.text(rows.compactMap { row in row.sensors.map { (device: row.name, sensors: $0) } })
            for speeds in [heat, SpeedTables.devices(profiles), SpeedTables.links(links)].compactMap({ $0 }) {
                Console.write("\n\(speeds)\n")
            }
        }
        for row in rows {
            // What the link says begins with the address, which is the name of a device without one.
            if let error = row.error {
                Console.error("shoal: \(row.name == row.address ? "" : "\(row.name): ")\(error)")
            }
        }
        if rows.contains(where: { !$0.connected || $0.error != nil }) { throw ExitCode(1) }
    }

    private func fromCoordinator() async throws -> ([DeviceRow], [LinkBody]) {
        let http = try HTTP(server)
        let data = measure ? try await http.post("/api/cluster/measure") : try await http.get("/api/cluster")
        let body = try JSONDecoder().decode(ClusterBody.self, from: data)
        return (body.devices.map(DeviceRow.init), body.links)
    }

    private func fromWorkers(_ devices: [NamedDevice]) async throws -> ([DeviceRow], [LinkBody]) {
        let inquiry = DeviceInquiry(
            transport: try self.links.coordinatorSecurity(folder: identity.folder, dialsDevices: true).transport())
        let rows = await withTaskGroup(of: (Int, DeviceRow).self) { group in
            for (index, device) in devices.enumerated() {
                group.addTask { [measure] in (index, await DeviceRow.asking(device, by: inquiry, measuring: measure)) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
        let present = zip(devices, rows).filter { $1.connected }.map { (device: $0, name: $1.name) }
        var links: [LinkBody] = []
        for (device, name) in present {
            if let profile = try? await inquiry.measureLink(to: device) {
                links.append(LinkBody(from: "here", to: name, profile))
            }
        }
        guard measure else { return (rows, links) }
        for (from, to) in LinkPairs.rounds(devices: present.count).joined() {
            if let profile = try? await inquiry.measureLink(of: present[from].device, to: present[to].device) {
                links.append(LinkBody(from: present[from].name, to: present[to].name, profile))
            }
        }
        return (rows, links)
    }

    private struct Document: Encodable {
        var devices: [DeviceRow]
        var links: [LinkBody]
    }

    private func table(_ rows: [DeviceRow], naming: Bool) -> Table {
        // Most devices that are only named by their address have no other name.
        let naming = (models: naming, addresses: rows.contains { $0.name != $0.address && $0.address != "in process" })
        var table = Table(
            [("device", .left)] + (naming.addresses ? [("address", .left)] : []) + [
                ("cores", .right), ("instructions", .left), ("memory", .right), ("resident", .right),
                ("weights", .right), ("KV cache", .right), ("holds", .left),
            ])
        func size(_ bytes: UInt64?) -> String { bytes.map { "\(ByteCount(Int(clamping: $0)))" } ?? "–" }
        for row in rows {
            let cores = row.cores.map { cores in
                row.threads.map { $0 == cores ? "\(cores)" : "\($0) of \(cores)" } ?? "\(cores)"
            }
            table.add(
                [row.name] + (naming.addresses ? [row.address] : []) + [
                    cores ?? "–", row.instructionSet.map { "\(row.architecture ?? "") \($0)" } ?? "–",
                    size(row.memoryBudgetBytes), size(row.residentBytes), size(row.weightBytes),
                    size(row.keyValueBytes),
                    row.connected
                        ? (naming.models ? row.holds : row.parts)?.joined(separator: "; ") ?? "" : "not connected",
                ])
        }
        return table
    }
}

/// One device, for people and programs.
private struct DeviceRow: Encodable {
    var name: String
    var address: String
    var connected: Bool
    var softwareVersion: String?
    var architecture: String?
    var instructionSet: String?
    var cores: Int?
    var threads: Int?
    var memoryBudgetBytes: UInt64?
    var residentBytes: UInt64?
    var storeBytes: UInt64?
    var weightBytes: UInt64?
    var keyValueBytes: UInt64?
    /// Its stages, in words; absent where the coordinator was asked.
    var holds: [String]?
    var profile: ProfileBody?
    var sensors: SensorsBody?
    var error: String?
    /// The models of its stages, and `holds` without them.
    fileprivate var models: [String] = []
    fileprivate var parts: [String]?

    private enum CodingKeys: String, CodingKey {
        case name, address, connected, softwareVersion, architecture, instructionSet, cores, threads
        case memoryBudgetBytes, residentBytes, storeBytes, weightBytes, keyValueBytes, holds, profile, sensors, error
    }

    init(_ body: DeviceBody) {
        name = body.name
        address = body.address
        connected = body.connected
        softwareVersion = body.softwareVersion
        architecture = body.architecture
        instructionSet = body.instructionSet
        cores = body.cores
        threads = body.threads
        memoryBudgetBytes = body.memoryBudgetBytes
        residentBytes = body.residentBytes
        storeBytes = body.storeBytes
        weightBytes = body.weightBytes
        keyValueBytes = body.keyValueBytes
        profile = body.profile
        sensors = body.sensors
        error = body.connected ? nil : body.trouble
    }

    init(_ device: NamedDevice, error: String) {
        name = device.name
        address = device.endpoint.description
        connected = false
        self.error = error
    }

    init(_ device: NamedDevice, _ report: DeviceReport) {
        name = report.name
        address = device.endpoint.description
        connected = true
        softwareVersion = report.softwareVersion
        architecture = "\(report.architecture)"
        instructionSet = report.instructionSet
        cores = Int(report.cores)
        threads = Int(report.threads)
        memoryBudgetBytes = report.memoryBudgetBytes
        residentBytes = report.residentBytes
        storeBytes = report.storeBytes
        weightBytes = report.stages.reduce(0) { $0.saturatingAdd($1.weightBytes) }
        keyValueBytes = report.stages.reduce(0) { $0.saturatingAdd($1.keyValueBytes) }
        profile = report.profile.map(ProfileBody.init)
        sensors = report.sensors.map(SensorsBody.init)
        models = report.stages.map(\.modelName)
        parts = report.stages.map(Self.words)
        holds = zip(models, parts!).map { "\($0): \($1)" }
    }

    /// Asks a worker; one that cannot be asked or measured has an error.
    static func asking(_ device: NamedDevice, by inquiry: DeviceInquiry, measuring: Bool) async -> DeviceRow {
        do {
            var row = DeviceRow(device, try await inquiry.report(of: device))
            guard measuring else { return row }
            do {
                row.profile = ProfileBody(try await inquiry.measure(device))
            } catch {
                row.error = "\(error)"
            }
            return row
        } catch {
            return DeviceRow(device, error: "\(error)")
        }
    }

    private static func words(_ stage: StageReport) -> String {
        var parts: [String] = []
        if stage.range.embedding { parts.append("embedding") }
        if let last = stage.range.layers.last {
            parts.append("layers \(stage.range.layers.lowerBound)-\(last)")
        }
        if stage.range.head { parts.append("head") }
        return parts.joined(separator: ", ")
    }
}

extension LinkBody {
    fileprivate init(from: String, to: String, _ profile: LinkProfile) {
        self.init(
            from: from, to: to, roundTripSeconds: Double(profile.roundTripNanoseconds) / 1e9,
            bytesPerSecond: Double(profile.bytesPerSecond))
    }
}
