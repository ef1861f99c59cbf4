import ArgumentParser
import ClusterFile
import CoordinatorCore
import ModelGraph
import Placement
import Tensors
import Transport
import Wire
import WorkerCore

struct PlanCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Shows where each layer of a model would go.",
        discussion: """
            Devices declared with their memory in a cluster file need not be there; others are asked for theirs.
            Example: shoal plan llama-2-13b.Q4_0.gguf --cluster Cluster/pi5x4.yaml
            """)

    @Argument(help: ArgumentHelp("The model's GGUF file.", valueName: "model")) var model: String
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var computing: ComputeOptions
    @Option(help: ArgumentHelp("Sequences computed at the same time.", valueName: "N")) var slots: Int?
    @Flag(help: "Prints JSON.") var json = false

    func validate() throws {
        if let slots, !(1...1024).contains(slots) { throw ValidationError("--slots takes 1 to 1024, not \(slots)") }
    }

    func run() async throws {
        let declaration = try cluster.declaration()
        let file = try Model(path: model)
        let context = computing.context ?? declaration?.context
        let facts = try file.facts(
            compute: computing.compute == .f32 ? .f32 : .int8,
            keyValueType: computing.keyValueType == .q8_0 ? .q8_0 : .standard, context: context,
            threads: computing.threads ?? ProcessorCount.usable)
        var devices: [DeviceCapacity] = []
        for device in cluster.devices(declaration) {
            devices.append(DeviceCapacity(name: device.name, memoryBytes: try await memory(of: device)))
        }
        devices.append(
            DeviceCapacity(name: ClusterSession.ownDevice, memoryBytes: DeviceMemory.budget(), isCoordinator: true))
        let plan = try place(
            PlacementRequest(
                devices: devices, model: facts.sizes,
                context: context ?? min(facts.trainedContext, CoordinatorConfiguration.defaultContext),
                slots: slots ?? declaration?.slots ?? 4, pins: (declaration?.pins ?? []) + cluster.pins))
        if json { return try Console.json(PlanDocument(plan)) }
        Console.write(PlacementTable(plan).description + "\n")
    }

    private func memory(of device: NamedDevice) async throws -> Int {
        if let declared = device.memoryBytes { return declared }
        return Int(clamping: try await DeviceInquiry.report(of: device).memoryBudgetBytes)
    }
}

/// A plan as JSON.
private struct PlanDocument: Encodable {
    var stages: [Stage]
    var unused: [Unused]

    struct Stage: Encodable {
        var device: String
        var embedding: Bool
        var firstLayer: Int
        /// Exclusive.
        var lastLayer: Int
        var head: Bool
        var weightBytes: Int
        var keyValueBytes: Int
        var scratchBytes: Int
        var memoryBytes: Int
        var headroomBytes: Int
    }

    struct Unused: Encodable {
        var device: String
        var reason: String
    }

    init(_ plan: PlacementPlan) {
        stages = plan.stages.map {
            Stage(
                device: $0.device, embedding: $0.embedding, firstLayer: $0.layers.lowerBound,
                lastLayer: $0.layers.upperBound,
                head: $0.head, weightBytes: $0.weightBytes, keyValueBytes: $0.keyValueBytes,
                scratchBytes: $0.scratchBytes,
                memoryBytes: $0.memoryBytes, headroomBytes: $0.headroomBytes)
        }
        unused = plan.unused.map { Unused(device: $0.device, reason: $0.reason) }
    }
}
