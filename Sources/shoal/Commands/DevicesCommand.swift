import API
import ArgumentParser
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
    @Option(help: ArgumentHelp("The coordinator to ask.", valueName: "URL")) var server = "http://127.0.0.1:8080"
    @Flag(help: "Prints JSON.") var json = false
    @OptionGroup var links: LinkOptions

    func run() async throws {
        let named = cluster.devices(try cluster.declaration())
        let rows = named.isEmpty ? try await fromCoordinator() : await fromWorkers(named)
        if json {
            try Console.json(["devices": rows])
        } else {
            let models = Set(rows.flatMap { $0.models })
            Console.write(table(rows, naming: models.count > 1).description + "\n")
            if models.count == 1 { Console.write("model: \(models.first!)\n") }
        }
        for row in rows {
            // What the link says begins with the address, which is the name of a device without one.
            if let error = row.error {
                Console.error("shoal: \(row.name == row.address ? "" : "\(row.name): ")\(error)")
            }
        }
        if rows.contains(where: { !$0.connected }) { throw ExitCode(1) }
    }

    private func fromCoordinator() async throws -> [DeviceRow] {
        let body = try await HTTP.get("\(server)/api/cluster")
        return try JSONDecoder().decode(ClusterBody.self, from: body).devices.map(DeviceRow.init)
    }

    private func fromWorkers(_ devices: [NamedDevice]) async -> [DeviceRow] {
        await withTaskGroup(of: (Int, DeviceRow).self) { group in
            for (index, device) in devices.enumerated() {
                group.addTask {
                    do {
                        return (index, DeviceRow(device, try await DeviceInquiry.report(of: device)))
                    } catch {
                        return (index, DeviceRow(device, error: "\(error)"))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func table(_ rows: [DeviceRow], naming: Bool) -> Table {
        var table = Table([
            ("device", .left), ("address", .left), ("cores", .right), ("threads", .right), ("instructions", .left),
            ("memory", .right), ("resident", .right), ("weights", .right), ("KV cache", .right), ("store", .right),
            ("holds", .left),
        ])
        func size(_ bytes: UInt64?) -> String { bytes.map { "\(ByteCount(Int(clamping: $0)))" } ?? "–" }
        for row in rows {
            table.add([
                row.name, row.address, row.cores.map { "\($0)" } ?? "–", row.threads.map { "\($0)" } ?? "–",
                row.instructionSet.map { "\(row.architecture ?? "") \($0)" } ?? "–", size(row.memoryBudgetBytes),
                size(row.residentBytes),
                size(row.weightBytes), size(row.keyValueBytes), size(row.storeBytes),
                row.connected ? (naming ? row.holds : row.parts)?.joined(separator: "; ") ?? "" : "not connected",
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
    var error: String?
    /// The models of its stages, and `holds` without them.
    fileprivate var models: [String] = []
    fileprivate var parts: [String]?

    private enum CodingKeys: String, CodingKey {
        case name, address, connected, softwareVersion, architecture, instructionSet, cores, threads
        case memoryBudgetBytes, residentBytes, storeBytes, weightBytes, keyValueBytes, holds, error
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
        weightBytes = report.stages.reduce(0) { $0 &+ $1.weightBytes }
        keyValueBytes = report.stages.reduce(0) { $0 &+ $1.keyValueBytes }
        models = report.stages.map(\.modelName)
        parts = report.stages.map(Self.words)
        holds = zip(models, parts!).map { "\($0): \($1)" }
    }

    private static func words(_ stage: StageReport) -> String {
        var parts: [String] = []
        if stage.range.embedding { parts.append("embedding") }
        if stage.range.lastLayer > stage.range.firstLayer {
            parts.append("layers \(stage.range.firstLayer)-\(stage.range.lastLayer - 1)")
        }
        if stage.range.head { parts.append("head") }
        return parts.joined(separator: ", ")
    }
}
