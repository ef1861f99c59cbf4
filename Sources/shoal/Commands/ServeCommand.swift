import API
import ArgumentParser
import ClusterFile
import ClusterStore
import CoordinatorCore
import Discovery
import Foundation
import Identity
import Logging
import ModelGraph
import NIOCore
import NIOPosix
import Placement
import ServiceLifecycle
import Tokenizer
import Transport
import Wire

struct ServeCommand: AsyncParsableCommand, UsesNetwork, OutlivesReader, UsesDataFolder, TakesConfiguration {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves a model on the cluster: places it, and answers the OpenAI API.",
        discussion: """
            The devices that joined the cluster (shoal init, shoal token) and those of --worker hold the model; without any it runs in
            this process. Without a model it waits for `shoal place`.
            Example: shoal serve llama-2-13b.Q4_0.gguf
            """)

    @Argument(
        help: ArgumentHelp(
            "The model's GGUF file (may be named in the cluster file instead, or placed later).", valueName: "model"))
    var model: String?

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var computing: ComputeOptions
    @OptionGroup var packing: PackedOptions
    @OptionGroup var verification: VerificationOptions

    @OptionGroup var api: APIOptions
    @OptionGroup var template: ChatTemplateOptions
    @OptionGroup var store: CoordinatorStore

    @Option(help: ArgumentHelp("How long running answers may go on when this is to end.", valueName: "SECONDS"))
    var drain = 30

    @Option(help: ArgumentHelp("Sequences computed at the same time; more requests wait.", valueName: "N"))
    var slots: Int?

    @Option(
        name: .customLong("kv-tokens"),
        help: ArgumentHelp(
            "Tokens that the key-value caches of all sequences together have room for (default: --context for every slot).",
            valueName: "N"))
    var keyValueTokens: Int?

    @Option(help: ArgumentHelp("Requests that may wait; more are refused with 503.", valueName: "N"))
    var queue = CoordinatorConfiguration.defaultQueue

    @Option(
        name: .customLong("context-shift"), defaultAsFlag: 0,
        help: ArgumentHelp(
            "When a context is full, keep its first tokens (KEEP of them, default 0), drop the older half of the rest, and go on.",
            valueName: "KEEP"))
    var contextShift: Int?

    @OptionGroup var resilience: ResilienceOptions
    @Option(
        help: ArgumentHelp("Where devices join the cluster, once `shoal init` was run.", valueName: "HOST:PORT"))
    var joinListen = Endpoint(host: "0.0.0.0", port: JoinService.port)

    @OptionGroup var links: LinkOptions
    @OptionGroup var finding: FindingOptions
    @OptionGroup var interfaces: InterfaceOptions
    @OptionGroup var configured: ConfigurationOptions

    func validate() throws {
        if let keyValueTokens, !(64...1 << 31).contains(keyValueTokens) {
            throw ValidationError("--kv-tokens takes 64 to \(1 << 31), not \(keyValueTokens)")
        }
        guard (0...65536).contains(queue) else { throw ValidationError("--queue takes 0 to 65536, not \(queue)") }
        if let contextShift, !(0...1 << 24).contains(contextShift) {
            throw ValidationError("--context-shift takes 0 to \(1 << 24), not \(contextShift)")
        }
        guard (0...86400).contains(drain) else { throw ValidationError("--drain takes 0 to 86400, not \(drain)") }
        try ValueBounds.slots(slots)
    }

    func run() async throws {
        let declaration = try cluster.declaration()
        let lock = try FolderLock(folder)
        defer { lock.unlock() }
        let logger = Log.make("shoal.serve")
        let store = try store.open()
        var settings = settings(declaration)
        settings.store = store
        let history = ClusterHistory(store: store)
        settings.history = history
        history.note(HistoryEvent(.started, reason: "version \(SoftwareVersion.current)"))
        settings.security = try links.coordinatorSecurity(
            folder: folder, dialsDevices: !settings.devices.isEmpty || finding.discover == true)
        var late: LateSecurity?
        if case .plain = settings.security, !links.insecure {
            let security = LateSecurity()
            (late, settings.security) = (security, .late(security))
        }
        let chatTemplate = try template.choice()
        let owner = AccessKey.makeSecret()
        let (access, tls) = (try api.access(store: store, owner: owner, logger: logger), try api.tls())
        let listen = api.listen
        let display = StartupDisplay(verbose: true)
        let host = ModelHost(
            devices: settings.remoteDevices, transport: settings.security.transport(),
            dataFolder: settings.dataFolder, history: history,
            removePacked: { PackedFolder.removeAll(in: CacheFolder.standard("packed"), ofModelAt: $0) },
            prepare: { [packing, verification, settings] path, wishes, progress in
                var settings = try settings.applying(wishes)
                let file = try Model(path: path)
                let tokenizer = try file.tokenizer()
                // The API makes it anew; here it is found out whether it can.
                do throws(ChatRefusal) {
                    _ = try chatTemplate.template(of: tokenizer)
                } catch {
                    Console.error("\(path): no chats: \(error); completions are answered")
                }
                settings.packed = packing.folder(for: file.file, packsAnew: verification.isOn)
                return try ClusterSession.prepare(
                    file, tokenizer: tokenizer, settings: settings, logger: logger,
                    progress: { event in
                        if case .placed(let plan) = event { Console.write(PlacementTable(plan).description + "\n") }
                        display.show(event)
                        progress(event)
                    })
            })
        let joining = try joining(settings.security, store: store, host: host, history: history, logger: logger)
        let joiningNow = LateJoining.Present(joining?.service)
        for member in try joining?.service.devices() ?? [] { host.add(device: member) }
        let joins = try await joining?.listen()
        let discovery = discovery(joining?.service, host: host, security: settings.security)
        await discovery?.settle()
        let named = (model ?? declaration?.model).map { (path: $0, wishes: PlacementWishes()) }
        if let (path, wishes) = try named ?? placedBefore(store) {
            // Before the long work of placing.
            _ = try Model(path: path)
            try await APIServer.checkFree(host: listen.host, port: listen.port)
            try await host.place(path: path, wishes: wishes, progress: { _ in })
        }
        let server = APIServer(
            models: host, access: access, joining: { joiningNow.value }, host: listen.host, port: listen.port, tls: tls,
            sites: api.sites(), limits: api.limits(), chatTemplate: chatTemplate, logger: logger,
            onListening: { [folder] address in
                Self.keep(owner, in: folder, listeningAt: address)
                let places = Endpoint(host: listen.host, port: address?.port ?? listen.port).typed
                let url = "\(tls == nil ? "http" : "https")://\(places[0])"
                let others = places.dropFirst().prefix(2).map(\.description).joined(separator: " or ")
                let state =
                    host.present.map { "\($0.model.id) answers at \(url)/v1\(others.isEmpty ? "" : " (or \(others))")" }
                    ?? "no model yet at \(url): shoal place MODEL.gguf places one"
                Console.error(state)
                ServiceManager.tellReady(state.printable(onOneLine: true))
            })
        var later: [any Service] = []
        if let joins { later.append(joins) }
        if let discovery { later.append(discovery) }
        if let late {
            later.append(lateJoining(late, joiningNow, store: store, host: host, history: history, logger: logger))
        }
        // Shut down from the last to the first: running answers end before the server does.
        var group = ServiceGroupConfiguration(
            services: [
                .init(service: server), .init(service: Draining(host: host, limit: .seconds(drain))),
            ] + later.map { .init(service: $0) },
            logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(drain + 3)
        let services = ServiceGroup(configuration: group)
        EndSignals.watch(limit: .seconds(drain + 5)) { Task { await services.triggerGracefulShutdown() } }
        defer { OwnerKey.remove(from: folder) }
        try await services.run()
    }

    /// Has commands on this machine let in that can read the folder.
    private static func keep(_ owner: String, in folder: String, listeningAt address: SocketAddress?) {
        guard let host = address?.ipAddress, let port = address?.port else { return }
        do throws(IdentityError) {
            try OwnerKey(secret: owner, address: Endpoint(host: host, port: port).description).write(to: folder)
        } catch {
            Console.error("warning: once there are keys, commands need one here too: \(error)")
        }
    }

    /// The model that was placed when the coordinator ended, if its file is still there, and what was wished of it.
    private func placedBefore(_ store: ClusterStore) throws -> (path: String, wishes: PlacementWishes)? {
        guard let placed = try store.placement() else { return nil }
        let path = placed.modelPath
        guard FileManager.default.isReadableFile(atPath: path) else {
            Console.error("\(path), which was placed before, is no longer there")
            return nil
        }
        return (path, placed.wishes ?? PlacementWishes())
    }

    private func settings(_ declaration: ClusterDeclaration?) -> ClusterSession.Settings {
        ClusterSession.Settings(
            devices: cluster.devices(declaration), pins: (declaration?.pins ?? []) + cluster.pins,
            planning: planning.preferences(declaration),
            compute: computing.compute, keyValueType: computing.keyValueType ?? .f16,
            context: computing.context ?? declaration?.context, slots: slots ?? declaration?.slots ?? 4,
            keyValueTokens: keyValueTokens, queue: queue, contextShift: contextShift.map { ContextShift(keep: $0) },
            threads: computing.threads ?? declaration?.coordinator.threads, isPinned: computing.pinning.isOn,
            ownMemoryBytes: declaration?.coordinator.memory, ownSpeed: declaration?.coordinator.speed,
            dataFolder: folder, measuring: .missing, patience: resilience.patienceDuration,
            standby: resilience.standbyChoice, rebalanceGain: resilience.rebalanceGain)
    }

    var folder: String { store.folder }

    /// What finds workers; `nil` where none is to.
    private func discovery(
        _ service: JoinService?, host: ModelHost, security: TransportSecurity
    ) -> WorkerDiscovery? {
        let logger = Log.make("shoal.discovery", verbose: true)
        if let service {
            guard finding.discover ?? true else { return nil }
            let mark = ClusterMark(fingerprint: service.authority.certificate.fingerprint)
            return WorkerDiscovery(
                .members(mark, service, security.transport()), interfaces: interfaces.names, logger: logger)
        }
        guard links.insecure, finding.discover == true else { return nil }
        return WorkerDiscovery(.insecure(host), interfaces: interfaces.names, logger: logger)
    }

    /// What takes devices in once `shoal init` is run.
    private func lateJoining(
        _ security: LateSecurity, _ present: LateJoining.Present, store: ClusterStore, host: ModelHost,
        history: ClusterHistory, logger: Logger
    ) -> LateJoining {
        LateJoining(
            authority: AuthorityFolder(dataFolder: folder), security: security, present: present,
            revoked: { try ClusterRecords.revocations(folder) },
            make: { try joining(.mutual($0), store: store, host: host, history: history, logger: logger) },
            discovery: { discovery($0, host: host, security: .mutual($1)) }, logger: logger)
    }

    /// What takes devices in; `nil` where links are plain.
    private func joining(
        _ security: TransportSecurity, store: ClusterStore, host: ModelHost, history: ClusterHistory, logger: Logger
    ) throws -> JoinListening? {
        let folder = AuthorityFolder(dataFolder: folder)
        guard case .mutual(let security) = security, let authority = try folder.load() else { return nil }
        var logger = logger
        logger.logLevel = .info
        let service = JoinService(
            authority: authority, store: store, security: security,
            actions: .init(
                joined: { host.add(device: $0) }, removed: { host.remove(device: $0) },
                renamed: { host.rename(device: $0, to: $1) }), history: history, logger: logger)
        return JoinListening(
            service: service, security: security, authority: folder, endpoint: joinListen, logger: logger)
    }
}

/// Ends the answers when the program is to end: those that run may go on for a while, new ones are refused.
private struct Draining: Service {
    let host: ModelHost
    let limit: Duration

    func run() async throws {
        try await gracefulShutdown()
        if let counts = host.present?.answerCounts { tell(running: counts.running, waiting: counts.waiting) }
        await host.drain(limit: limit)
        // Who follows the record holds the server else.
        host.history.end()
    }

    /// Whom it waits for.
    private func tell(running: Int, waiting: Int) {
        guard running + waiting > 0 else { return }
        let answers = running + waiting == 1 ? "1 answer" : "\(running + waiting) answers"
        let queued = waiting > 0 ? " (\(waiting) of them \(waiting == 1 ? "waits" : "wait") for a place)" : ""
        Console.error(
            "ending: \(answers)\(queued) may go on for \(limit.components.seconds) s; Ctrl-C once more ends at once")
    }
}
