import API
import ArgumentParser
import ChatTemplate
import ClusterFile
import CoordinatorCore
import Foundation
import Logging
import NIOCore
import Placement
import ServiceLifecycle
import Tokenizer
import Transport
import UnixSignals

struct ServeCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves a model on the cluster: places it, and answers the OpenAI API.",
        discussion: """
            Without workers the model runs in this process.
            Example: shoal serve llama-2-13b.Q4_0.gguf --worker pi1:7077 --worker pi2:7077 --insecure
            """)

    @Argument(
        help: ArgumentHelp("The model's GGUF file (may be named in the cluster file instead).", valueName: "model"))
    var model: String?

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var computing: ComputeOptions
    @OptionGroup var packing: PackedOptions

    @Option(help: ArgumentHelp("Where the API listens.", valueName: "HOST:PORT"))
    var listen = Endpoint(host: "127.0.0.1", port: 8080)

    @Option(help: ArgumentHelp("The folder for what the coordinator keeps.", valueName: "FOLDER"))
    var dataDir: String?

    @Option(help: ArgumentHelp("Sequences computed at the same time; more requests wait.", valueName: "N"))
    var slots: Int?

    @OptionGroup var links: LinkOptions

    func validate() throws {
        if let slots, !(1...1024).contains(slots) { throw ValidationError("--slots takes 1 to 1024, not \(slots)") }
    }

    func run() async throws {
        let declaration = try cluster.declaration()
        guard let path = model ?? declaration?.model else {
            throw ValidationError("name a model: shoal serve MODEL.gguf, or `model:` in the cluster file")
        }
        let devices = cluster.devices(declaration)
        links.warn(when: !devices.isEmpty)
        let file = try Model(path: path)
        let tokenizer = try file.tokenizer()
        let template = try tokenizer.chatTemplate.map { try ChatTemplate(source: $0) }
        try await APIServer.checkFree(host: listen.host, port: listen.port)
        let display = StartupDisplay(verbose: true)
        let logger = Log.make("shoal.serve")
        let session = try await ClusterSession.start(
            file, tokenizer: tokenizer,
            settings: .init(
                devices: devices, pins: (declaration?.pins ?? []) + cluster.pins, planning: planning.preferences,
                compute: computing.compute,
                keyValueType: computing.keyValueType,
                context: computing.context ?? declaration?.context, slots: slots ?? declaration?.slots ?? 4,
                threads: computing.threads, isPinned: computing.pinning.isOn,
                dataFolder: dataDir ?? DataFolder.standard("coordinator"),
                packed: packing.folder(for: file.file)),
            logger: logger,
            progress: { progress in
                if case .placed(let plan) = progress { Console.write(PlacementTable(plan).description + "\n") }
                display.show(progress)
            })
        let server = APIServer(
            coordinator: session.coordinator, template: template, host: listen.host, port: listen.port, logger: logger,
            onListening: { address in
                let port = address?.port ?? listen.port
                Console.error(
                    "\(session.coordinator.model.id) answers at http://\(Endpoint(host: listen.host, port: port))/v1")
            })
        // Shut down from the last to the first: running answers end before the server does.
        var group = ServiceGroupConfiguration(
            services: [.init(service: server), .init(service: Draining(coordinator: session.coordinator))],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(8)
        try await ServiceGroup(configuration: group).run()
    }
}

/// Ends the answers when the program is to end: those that run have a few seconds left, new ones are refused.
private struct Draining: Service {
    let coordinator: Coordinator

    func run() async throws {
        try await gracefulShutdown()
        await coordinator.drain(limit: .seconds(5))
    }
}
