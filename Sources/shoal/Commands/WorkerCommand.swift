import API
import ArgumentParser
import Discovery
import Foundation
import Identity
import Logging
import NIOPosix
import Placement
import Sensors
import Tensors
import Transport
import Wire
import WorkerCore

struct WorkerCommand: AsyncParsableCommand, UsesNetwork, OutlivesReader, UsesDataFolder, TakesConfiguration {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Makes this device a worker.",
        discussion: """
            Keeps the layers a coordinator gives it and computes with them, until it is stopped. It joins the cluster once, with a token of
            `shoal token` (here, or by `shoal join` before), and needs none after that. Arguments can be seen by other users of this machine:
            the token may be in SHOAL_JOIN instead, or come from standard input with --join -.
            Example: shoal worker --join - <token.txt
            """)

    @Option(help: ArgumentHelp("Where coordinators reach it.", valueName: "HOST:PORT"))
    var listen = Endpoint(host: "0.0.0.0", port: Endpoint.workerPort)

    @Option(
        help: ArgumentHelp(
            "The folder for the layers it keeps (default: \(DataFolder.words(.worker))).", valueName: "FOLDER"))
    var dataDir: String?

    @Option(help: "The device's name, of letters, digits, '.', '-' and '_' (default: the host's).")
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
    @Option(
        name: .customLong("join"),
        help: ArgumentHelp(
            "Joins the cluster that the token is of; - reads it from standard input.", valueName: "TOKEN"))
    var tokenText: String?

    @OptionGroup var heat: HeatOptions
    @OptionGroup var links: LinkOptions
    @OptionGroup var announcing: AnnouncingOptions
    @OptionGroup var interfaces: InterfaceOptions
    @OptionGroup var configured: ConfigurationOptions

    @Flag(help: "Measures how fast this device is, keeps and prints it, and ends: it takes three seconds.")
    var profile = false

    @Flag(help: "With --profile, prints JSON.") var json = false

    func validate() throws {
        try ValueBounds.threads(threads)
        try ValueBounds.memory(memory)
        try ValueBounds.store(storeLimit)
        if tokenText != nil, links.insecure {
            throw ValidationError("--join and --insecure exclude each other: a device that joins has encrypted links")
        }
        if let name {
            do throws(IdentityError) { _ = try DeviceName.member(name) } catch { throw ValidationError(error.message) }
        }
        if json, !profile { throw ValidationError("--json goes with --profile") }
    }

    var folder: String { dataDir ?? DataFolder.standard(.worker) }

    func run() async throws {
        try Kernels.checkEnvironment()
        let folder = folder
        var configuration = WorkerConfiguration(
            name: name ?? DeviceName(ofHost: ProcessInfo.processInfo.hostName).description, isNamed: name != nil,
            memoryBytes: memory?.bytes, threads: threads ?? ProcessorCount.usable, isPinned: pinning.isOn,
            profileFolder: folder)
        configuration.machine = .this
        configuration.heat = heat.limits
        configuration.port = listen.port
        if profile { return try await show(Worker.measureDevice(configuration), of: configuration) }
        let logger = Log.make("shoal.worker", verbose: true)
        let membership = try await membership(folder: folder, name: configuration.name, logger: logger)
        if let joined = membership {
            let certified = joined.security.credentials.certificate.name
            if let name, name != certified {
                Console.error(
                    "this device joined as \(certified): that is its name in the cluster, not \(name); `shoal rename \(certified) \(name)` on the coordinator's machine changes it"
                )
            }
            (configuration.name, configuration.isNamed) = (certified, true)
            configuration.certifiedName = { [security = joined.security] in security.credentials.certificate.name }
        }
        configuration.certificateLife = { [security = membership?.security] in
            security.map { $0.credentials.certificate.life }.map { Int(clamping: $0.start)...Int(clamping: $0.end) }
        }
        heat.warn(of: .this)
        let transport = TCPTransport(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            options: Worker.linkOptions(memoryBytes: configuration.memoryBytes ?? DeviceMemory.budget()),
            security: membership.map { .mutual($0.security) } ?? .plain, logger: logger)
        let worker = Worker(
            configuration: configuration,
            shards: try ShardStore(
                dataFolder: folder, keepsPacked: !packing.isOff, limitBytes: storeLimit?.bytes, verifiesAll: verify),
            transport: transport, logger: logger)
        worker.watchSensors()
        let termination = Signals.watch()
        _ = OpenFiles.raiseLimit()
        let listener = try await transport.listen(
            on: listen, welcome: { worker.welcome($0, from: $1) }, handler: { worker.handler(for: $0) })
        let threads = worker.configuration.threads
        Console.error(
            "worker \(worker.configuration.name) listens on \(listener.boundEndpoint.words), \(threads) thread\(threads == 1 ? "" : "s"), \(Kernels.instructionSet)"
        )
        if let refusal = Kernels.refusal { Console.error("not used: \(refusal)") }
        ServiceManager.tellReady("\(worker.configuration.name) listens on \(listener.boundEndpoint.words)")
        // Only now: who asks in the meantime waits for it, but is answered.
        worker.measureOnce()
        let standing = membership.map { ServiceRecord.Standing.member($0.mark) } ?? .insecure
        let announcement = RepeatedAnnouncement { [self] in
            announce(standing, name: worker.configuration.name, at: listener.boundEndpoint, logger: logger)
        }
        let belonging = Task {
            let end = await membership?.run(addresses: OwnAddresses.all) { name in
                Console.error("this device is called \(name) in the cluster now")
                announcement.makeAgain()
            }
            if end == .removed { termination.end() }
        }
        await termination.wait()
        belonging.cancel()
        announcement.stop()
        await listener.close()
        if membership?.security.isShutOut == true { throw RemovedFromCluster() }
    }

    /// The device's membership; `nil` where links are to be plain.
    private func membership(folder: String, name: String, logger: Logger) async throws -> Membership? {
        if links.insecure {
            links.warn()
            return nil
        }
        let folderOfMember = MemberFolder(dataFolder: folder)
        let token = try JoinTokenInput.token(tokenText)
        if announcing.announce == true, token == nil, try folderOfMember.credentials() == nil {
            try await waitToBeJoined(folderOfMember, name: name, logger: logger)
        }
        let client = JoinClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, device: joining(as: name), logger: logger)
        guard
            let membership = try await Membership.open(
                folderOfMember, token: token, client: client,
                logger: logger)
        else {
            throw CommandError(
                "this device has not joined a cluster: run `shoal init` and `shoal token` on the coordinator's machine, then here `shoal join`; or say --insecure here and there, in a network you trust"
            )
        }
        MembershipView.tell(membership.entry, of: membership.security.credentials)
        return membership
    }

    /// What it says of itself where it joins.
    func joining(as name: String) -> JoinClient.Device {
        JoinClient.Device(name: name, port: listen.port, host: listen.isAnyHost ? nil : listen.host)
    }

    /// Announces a device that has not joined, until it has.
    private func waitToBeJoined(_ folder: MemberFolder, name: String, logger: Logger) async throws {
        Console.error(
            "\(name) has not joined a cluster, and waits for it: `shoal token` on the coordinator's machine, then here `shoal join -`"
        )
        let announcement = announce(.waiting, name: name, at: listen, logger: logger)
        defer { announcement?.stop() }
        ServiceManager.tellReady("\(name) waits to be joined: sudo shoal join")
        while try folder.credentials() == nil { try await Task.sleep(for: .seconds(1)) }
    }

    private func announce(
        _ standing: ServiceRecord.Standing, name: String, at endpoint: Endpoint, logger: Logger
    ) -> DiscoveryClient? {
        WorkerAnnouncement.start(
            standing, name: name, at: endpoint, interfaces: interfaces.names, isWanted: announcing.announce,
            logger: logger)
    }

    private func show(_ measured: DeviceProfile, of configuration: WorkerConfiguration) throws {
        let document = ProfileDocument(
            name: configuration.name, cores: ProcessorCount.usable,
            memoryBudgetBytes: configuration.memoryBytes ?? DeviceMemory.budget(), profile: ProfileBody(measured))
        if json { return try Console.json(document) }
        let memory = ByteCount(document.memoryBudgetBytes)
        Console.write(
            "\(document.name): \(document.cores) core\(document.cores == 1 ? "" : "s"), \(measured.instructionSet), \(memory) for layers and their caches\n\n"
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

extension Membership {
    /// Which cluster it is of, in public.
    fileprivate var mark: ClusterMark { ClusterMark(fingerprint: security.credentials.authority.fingerprint) }
}

extension ByteCount: ExpressibleByArgument {
    public init?(argument: String) { self.init(parsing: argument) }
}
