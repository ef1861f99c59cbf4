import API
import ArgumentParser
import ChatTemplate
import ClusterFile
import CoordinatorCore
import Foundation
import NIOCore
import Placement
import Tokenizer
import Transport

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
    @OptionGroup var computing: ComputeOptions

    @Option(help: ArgumentHelp("Where the API listens.", valueName: "HOST:PORT"))
    var listen = Endpoint(host: "127.0.0.1", port: 8080)

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
                devices: devices, pins: (declaration?.pins ?? []) + cluster.pins, compute: computing.compute,
                context: computing.context ?? declaration?.context, slots: slots ?? declaration?.slots ?? 4,
                threads: computing.threads),
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
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { await Signals.termination() }
            try await group.next()
            session.coordinator.stop()
            group.cancelAll()
        }
    }
}
