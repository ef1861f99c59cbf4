import ModelParts
import API
import ArgumentParser
import CoordinatorCore
import Foundation
import Placement
import Transport
import Wire

struct DevicesCommand: AsyncParsableCommand, UsesNetwork, UsesDataFolder {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "Shows who is here, and what each device holds.",
        discussion: """
            Asks the coordinator, or the workers themselves when some are named. Where no coordinator answers, it asks the workers of this
            machine's cluster that announce themselves; with --insecure those that take links of anyone.
            Example: shoal devices --worker pi1:7077 --worker pi2:7077
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var server: ServerOptions
    @Flag(
        help: "Measures anew how fast devices and the links between them are; refused while they compute for somebody.")
    var measure = false
    @Flag(help: "Shows the machines that announce themselves and have not joined, and what to type there.")
    var nearby = false
    @OptionGroup var interfaces: InterfaceOptions
    @Flag(help: "Prints JSON.") var json = false
    @OptionGroup var links: LinkOptions

    var folder: String { server.folder }

    func validate() throws {
        if nearby, measure || !cluster.workers.isEmpty || cluster.cluster != nil {
            throw ValidationError("--nearby asks no device: it goes without --measure, --worker and --cluster")
        }
    }

    func run() async throws {
        if nearby {
            let nearby = try await NearbyWorkers.look(folder: server.folder, interfaces: interfaces.names)
            return try NearbyView(nearby).show(json: json, hasCluster: nearby.cluster != nil)
        }
        let named = cluster.devices(try cluster.declaration())
        let (rows, links) = named.isEmpty ? try await fromAnywhere() : try await fromWorkers(named)
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
        if !json {
            for row in rows {
                for mark in row.marks ?? [] {
                    Console.write("\(row.name): \(mark.reason)".printable(onOneLine: true) + "\n")
                }
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

    /// From the coordinator, or, where none answers, from the workers that announce themselves.
    private func fromAnywhere() async throws -> ([DeviceRow], [LinkBody]) {
        do {
            return try await fromCoordinator()
        } catch let error as CommandError {
            // One that answers, or was named, is the one to be asked.
            guard server.isStandard, await !(try HTTP(server).answers()) else { throw error }
            let nearby = try await NearbyWorkers.look(folder: server.folder, interfaces: interfaces.names)
            let found = links.insecure ? nearby.insecure : nearby.members
            guard !found.isEmpty else {
                guard !links.insecure, !nearby.insecure.isEmpty else { throw error }
                throw CommandError(
                    "\(error); \(nearby.insecure.count) that take links of anyone announce themselves: shoal devices --insecure asks them"
                )
            }
            return try await fromWorkers(found.map { NamedDevice($0) })
        }
    }

    private func fromCoordinator() async throws -> ([DeviceRow], [LinkBody]) {
        let http = try HTTP(server)
        let data = measure ? try await http.post("/api/cluster/measure") : try await http.get("/api/cluster")
        let body = try JSONDecoder().decode(ClusterBody.self, from: data)
        return (body.devices.map(DeviceRow.init), body.links)
    }

    private func fromWorkers(_ devices: [NamedDevice]) async throws -> ([DeviceRow], [LinkBody]) {
        let inquiry = DeviceInquiry(
            transport: try self.links.coordinatorSecurity(folder: server.folder, dialsDevices: true).transport())
        let answers = await withTaskGroup(of: (Int, DeviceAnswer).self) { group in
            for (index, device) in devices.enumerated() {
                group.addTask { [measure] in (index, await DeviceAnswer(device, by: inquiry, measuring: measure)) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
        let (asked, rows) = DeviceAnswer.named(answers)
        let present = zip(asked, rows).filter { $1.connected }.map { (device: $0, name: $1.name) }
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
        // Piece by piece: Swift 6.2 gives up on the sum of all.
        let addresses: [Table.Column] = naming.addresses ? [("address", .left)] : []
        let figures: [Table.Column] = [
            ("cores", .right), ("instructions", .left), ("memory", .right), ("resident", .right),
            ("weights", .right), ("KV cache", .right), ("holds", .left),
        ]
        var table = Table(
            [("device", .left)] + addresses + figures, spare: ["resident", "instructions", "KV cache", "cores"])
        func size(_ bytes: UInt64?) -> String { bytes.map { "\(ByteCount(Int(clamping: $0)))" } ?? "–" }
        for row in rows {
            let cores = row.cores.map { cores in
                row.threads.map { $0 == cores ? "\(cores)" : "\($0) of \(cores)" } ?? "\(cores)"
            }
            let parts = naming.models ? row.holds : row.parts
            let holds = row.connected ? parts?.joined(separator: "; ") ?? "" : "not connected"
            let instructions = row.instructionSet.map { "\(row.architecture ?? "") \($0)" }
            let figures = [
                cores ?? "–", instructions ?? "–", size(row.memoryBudgetBytes), size(row.residentBytes),
                size(row.weightBytes), size(row.keyValueBytes), holds,
            ]
            table.add([row.name] + (naming.addresses ? [row.address] : []) + figures)
        }
        return table
    }
}

/// One device, for people and programs.
struct DeviceRow: Encodable {
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
    /// What is special about it; absent where the coordinator was not asked, or has nothing to say.
    var marks: [DeviceBody.Mark]?
    var error: String?
    /// The models of its stages, and `holds` without them.
    fileprivate var models: [String] = []
    fileprivate var parts: [String]?

    private enum CodingKeys: String, CodingKey {
        case name, address, connected, softwareVersion, architecture, instructionSet, cores, threads
        case memoryBudgetBytes, residentBytes, storeBytes, weightBytes, keyValueBytes, holds, profile, sensors, marks
        case error
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
        marks = body.marks
        error = body.connected ? nil : body.trouble
    }

    init(_ device: NamedDevice, error: String) {
        name = device.name
        address = device.endpoint.description
        connected = false
        self.error = error
    }

    init(_ device: NamedDevice, _ report: DeviceReport) {
        name = device.name
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

/// What came of asking one worker.
private struct DeviceAnswer: Sendable {
    var device: NamedDevice
    var row: DeviceRow
    var introduction: DeviceRoster.Introduction?

    /// Asks it; one that cannot be asked or measured has an error.
    init(_ device: NamedDevice, by inquiry: DeviceInquiry, measuring: Bool) async {
        self.device = device
        do {
            let (report, introduction) = try await inquiry.introduction(of: device)
            row = DeviceRow(device, report)
            self.introduction = introduction
        } catch {
            row = DeviceRow(device, error: "\(error)")
            return
        }
        guard measuring else { return }
        do {
            row.profile = ProfileBody(try await inquiry.measure(device))
        } catch {
            row.error = "\(error)"
        }
    }

    /// The devices under their own names, each once.
    static func named(_ answers: [DeviceAnswer]) -> ([NamedDevice], [DeviceRow]) {
        var roster = DeviceRoster()
        var kept: [DeviceAnswer] = []
        for var answer in answers {
            if let introduction = answer.introduction {
                let met = kept.map(\.device.declaration)
                switch roster.meet(answer.device.declaration, introduction, others: met) {
                case .repeats(_, let note):
                    Console.error(note)
                    continue
                case .used(let name, let note):
                    if let note { Console.error(note) }
                    (answer.device.name, answer.row.name) = (name, name)
                }
            }
            kept.append(answer)
        }
        return (kept.map(\.device), kept.map(\.row))
    }
}

extension LinkBody {
    fileprivate init(from: String, to: String, _ profile: LinkProfile) {
        self.init(
            from: from, to: to, roundTripSeconds: Double(profile.roundTripNanoseconds) / 1e9,
            bytesPerSecond: Double(profile.bytesPerSecond))
    }
}
