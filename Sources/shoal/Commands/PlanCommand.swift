import API
import ArgumentParser
import ClusterFile
import ClusterStore
import CoordinatorCore
import Formats
import Foundation
import ModelGraph
import ModelParts
import Placement
import Synth
import Tensors
import Transport
import Wire
import WorkerCore

struct PlanCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Shows where each layer of a model would go.",
        discussion: """
            Without devices it is what `shoal place` would do: on the devices that joined the cluster, as the running coordinator knows them, else
            as its data folder does. Devices declared with their memory in a cluster file need not be there; others are asked for theirs, and for
            how fast they are. The plan is the best there is by its objective, with what is known of the devices' speed. No file is
            needed with --shape and --type.
            Example: shoal plan --shape llama2-13b --type Q4_0 --cluster Cluster/pi5x4.yaml
            """)

    @Argument(help: ArgumentHelp("The model's GGUF file, or its name.", valueName: "model")) var model: String?
    @Option(help: "Plans for a known model instead of a file, together with --type.") var shape: ModelShape?
    @Option(help: "The type of its matrices: \(RandomBlocks.types.map(\.name).joined(separator: ", ")).")
    var type: SynthType?
    @OptionGroup var models: ModelsFolderOptions
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var computing: ComputeOptions
    @Option(help: ArgumentHelp("Sequences computed at the same time.", valueName: "N")) var slots: Int?
    @OptionGroup var links: LinkOptions
    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON.") var json = false

    func validate() throws {
        try ValueBounds.slots(slots)
        guard (shape == nil) == (type == nil) else { throw ValidationError("--shape and --type go together") }
        guard (shape == nil) != (model == nil) else {
            throw ValidationError(
                shape == nil
                    ? "name a model's file, or a shape with --shape and --type" : "name a file or a --shape, not both")
        }
    }

    /// Whether devices are named, rather than that those of the cluster are meant.
    private var namesDevices: Bool { cluster.cluster != nil || !cluster.workers.isEmpty }

    func run() async throws {
        if let shape, let type {
            let folder = try ShapeFolder(shape, type)
            defer { folder.remove() }
            return try await plan(folder.path)
        }
        let model = model ?? ""
        let known = namesDevices ? nil : try await coordinatorsModels()
        let path =
            ModelLibrary.isPath(model)
            ? model
            : try ModelLibrary(folder: models.folder, known: known?.models.compactMap(\.path) ?? []).path(named: model)
        guard known != nil else { return try await plan(path) }
        let wishes = PlacementWishes(
            planning, context: computing.context, slots: slots, keyValueType: computing.keyValueType, pins: cluster.pins
        )
        let data = try await HTTP(server).post(
            "/api/models/plan", PlaceRequest(path: ModelLibrary.absolute(path), wishes: wishes))
        let body = try PlanBody.decoded(data)
        try PlanView.show(body.plan, body.shortfall, json: json)
    }

    /// What a running coordinator knows, where one is to be asked; nil where none answers and none was named.
    private func coordinatorsModels() async throws -> KnownModelList? {
        let http = try HTTP(server)
        // Most who plan have no coordinator yet.
        if server.isStandard, await !http.answers() { return nil }
        do {
            return try JSONDecoder().decode(KnownModelList.self, from: try await http.get("/api/models"))
        } catch  where server.isStandard {
            Console.error("note: planned without the coordinator: \(error)")
            return nil
        }
    }

    /// Plans here.
    private func plan(_ path: String) async throws {
        let declaration = try cluster.declaration()
        let file = try Model(path: path)
        let context = computing.context ?? declaration?.context
        let own = declaration?.coordinator ?? DeclaredCoordinator()
        let facts = try file.facts(
            compute: computing.compute.mode, keyValueType: computing.keyValueType?.mode ?? .standard, context: context,
            threads: computing.threads ?? own.threads ?? ProcessorCount.usable)
        let named = namesDevices ? cluster.devices(declaration) : try members()
        let found = try await PlannedDevices(named, identity: server.identity, links: self.links)
        var devices = found.capacities
        let profile = own.memory == nil ? ClusterSession.ownProfile(threads: computing.threads) : nil
        devices.append(
            DeviceCapacity(
                name: ClusterSession.ownDevice, memoryBytes: own.memory ?? DeviceMemory.budget(), isCoordinator: true,
                speed: own.speed ?? profile.flatMap { DeviceSpeed($0) }, power: profile.flatMap { DevicePower($0) }))
        var request = PlacementRequest(
            devices: devices, links: found.links, model: facts.sizes,
            context: context ?? min(facts.trainedContext, CoordinatorConfiguration.defaultContext),
            slots: slots ?? declaration?.slots ?? 4,
            pins: ((declaration?.pins ?? []) + cluster.pins).map { $0.naming(by: found.roster) },
            preferences: planning.preferences(declaration).naming(by: found.roster))
        request.pagePositions = Scheduler.Limits.pagePositions
        do {
            try PlanView.show(try place(request), nil, json: json)
        } catch PlacementError.doesNotFit(let shortfall) {
            try PlanView.show(nil, shortfall, json: json)
        }
    }

    /// The devices that joined, where this machine is a coordinator.
    private func members() throws -> [NamedDevice] {
        guard let store = try ClusterRecords.open(server.folder) else { return [] }
        return try store.members().compactMap { member in
            guard let endpoint = try? Endpoint(parsing: member.address) else { return nil }
            return NamedDevice(name: member.name, endpoint: endpoint, memoryBytes: nil, memberID: member.id)
        }
    }
}

/// A file of a known model's shape, without weights, for as long as it is planned with.
private struct ShapeFolder {
    let path: String
    private let folder: String

    init(_ shape: ModelShape, _ type: SynthType) throws {
        folder = NSTemporaryDirectory() + "/shoal-plan-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = "\(folder)/\(shape.rawValue).gguf"
        do {
            try SyntheticModel(name: shape.rawValue, shape: shape.dimensions, type: type.element).write(
                to: path, hasWeights: false)
        } catch {
            remove()
            throw error
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
