import API
import ArgumentParser
import Foundation
import NIOPosix
import Placement
import Tensors
import Transport
import Wire
import WorkerCore

struct WorkerCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Makes this device a worker.",
        discussion: """
            Keeps the layers a coordinator gives it and computes with them, until it is stopped.
            Example: shoal worker --listen 0.0.0.0:7077 --insecure
            """)

    @Option(help: ArgumentHelp("Where coordinators reach it.", valueName: "HOST:PORT"))
    var listen = Endpoint(host: "0.0.0.0", port: Endpoint.workerPort)

    @Option(help: ArgumentHelp("The folder for the layers it keeps.", valueName: "FOLDER"))
    var dataDir: String?

    @Option(help: "The device's name (default: the host's).")
    var name: String?

    @Option(help: ArgumentHelp("Threads that compute (default: the physical cores it may use).", valueName: "N"))
    var threads: Int?

    @OptionGroup var pinning: PinningOptions

    @Option(
        help: ArgumentHelp(
            "Memory for layers and their caches, as 2GiB (default: what is free, less a reserve).", valueName: "SIZE"))
    var memory: ByteCount?

    @Option(
        help: ArgumentHelp(
            "What the kept layers may take on the disk, as 20GiB; those used least recently go (default: nine tenths of what they take and of what is free).",
            valueName: "SIZE"))
    var storeLimit: ByteCount?

    @Flag(
        help: "Hashes all kept layers before their first use, not only those whose files changed, and packs them anew.")
    var verify = false

    @OptionGroup var packing: PackedOptions
    @OptionGroup var links: LinkOptions

    @Flag(help: "Measures how fast this device is, keeps and prints it, and ends: it takes five seconds.")
    var profile = false

    @Flag(help: "With --profile, prints JSON.") var json = false

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads takes 1 to 1024, not \(threads)")
        }
        if json, !profile { throw ValidationError("--json goes with --profile") }
    }

    func run() async throws {
        try Kernels.checkEnvironment()
        let folder = dataDir ?? DataFolder.standard("worker")
        let configuration = WorkerConfiguration(
            name: name ?? ProcessInfo.processInfo.hostName, memoryBytes: memory?.bytes,
            threads: threads ?? ProcessorCount.usable, isPinned: pinning.isOn, profileFolder: folder)
        if profile { return try await show(Worker.measureDevice(configuration), of: configuration) }
        links.warn(when: true)
        let logger = Log.make("shoal.worker", verbose: true)
        let transport = TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        let worker = Worker(
            configuration: configuration,
            shards: try ShardStore(
                dataFolder: folder, keepsPacked: !packing.isOff, limitBytes: storeLimit?.bytes, verifiesAll: verify),
            transport: transport, logger: logger)
        let termination = Signals.watch()
        let listener = try await transport.listen(
            on: listen, welcome: { worker.welcome($0) }, handler: { worker.handler(for: $0) })
        Console.error(
            "worker \(worker.configuration.name) listens on \(listener.boundEndpoint), \(worker.configuration.threads) threads, \(Kernels.instructionSet)"
        )
        if let refusal = Kernels.refusal { Console.error("not used: \(refusal)") }
        // Only now: who asks in the meantime waits for it, but is answered.
        worker.measureOnce()
        await termination.wait()
        await listener.close()
    }

    private func show(_ measured: DeviceProfile, of configuration: WorkerConfiguration) throws {
        let document = ProfileDocument(
            name: configuration.name, cores: ProcessorCount.usable,
            memoryBudgetBytes: configuration.memoryBytes ?? DeviceMemory.budget(), profile: ProfileBody(measured))
        if json { return try Console.json(document) }
        let memory = ByteCount(document.memoryBudgetBytes)
        Console.write(
            "\(document.name): \(document.cores) cores, \(measured.instructionSet), \(memory) for layers and their caches\n\n"
        )
        Console.write((SpeedTables.devices([(document.name, document.profile)]) ?? "") + "\n\n")
        Console.write(SpeedTables.whole(document.profile) + "\n")
    }
}

/// What `--profile` prints as JSON.
private struct ProfileDocument: Encodable {
    var name: String
    var cores: Int
    var memoryBudgetBytes: Int
    var profile: ProfileBody
}

extension ByteCount: ExpressibleByArgument {
    public init?(argument: String) { self.init(parsing: argument) }
}
