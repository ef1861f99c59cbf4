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
            Devices declared with their memory in a cluster file need not be there; others are asked for theirs, and for how fast they are.
            The plan is the best there is by its objective, with what is known of the devices' speed.
            Example: shoal plan llama-2-13b.Q4_0.gguf --cluster Cluster/pi5x4.yaml
            """)

    @Argument(help: ArgumentHelp("The model's GGUF file.", valueName: "model")) var model: String
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var computing: ComputeOptions
    @Option(help: ArgumentHelp("Sequences computed at the same time.", valueName: "N")) var slots: Int?
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var links: LinkOptions
    @Flag(help: "Prints JSON.") var json = false

    func validate() throws {
        if let slots, !(1...1024).contains(slots) { throw ValidationError("--slots takes 1 to 1024, not \(slots)") }
    }

    func run() async throws {
        let declaration = try cluster.declaration()
        let file = try Model(path: model)
        let context = computing.context ?? declaration?.context
        let facts = try file.facts(
            compute: computing.compute.mode, keyValueType: computing.keyValueType.mode, context: context,
            threads: computing.threads ?? ProcessorCount.usable)
        let named = cluster.devices(declaration)
        let transport = try self.links.coordinatorSecurity(
            folder: identity.folder, dialsDevices: named.contains { $0.memoryBytes == nil }
        ).transport()
        var links = LinkTable()
        var devices: [DeviceCapacity] = []
        var roster = DeviceRoster()
        var met: [DeviceDeclaration] = []
        for var device in named {
            do {
                let (report, introduction) = try await introduction(of: device, over: transport)
                switch roster.meet(device.declaration, introduction, others: met) {
                case .repeats(_, let note):
                    Console.error(note)
                    continue
                case .used(let name, let note):
                    if let note { Console.error(note) }
                    device.name = name
                }
                met.append(device.declaration)
                devices.append(capacity(of: device, report))
            } catch let error as CommandError where error.isFault && named.count > 1 {
                Console.error("\(device.name) is left out: \(error)")
                continue
            }
            if let link = await link(to: device, over: transport) { links.setCoordinatorLink(of: device.name, link) }
        }
        let own = ClusterSession.ownProfile(threads: computing.threads)
        devices.append(
            DeviceCapacity(
                name: ClusterSession.ownDevice, memoryBytes: DeviceMemory.budget(), isCoordinator: true,
                speed: own.flatMap { DeviceSpeed($0) }, power: own.flatMap { DevicePower($0) }))
        var request = PlacementRequest(
            devices: devices, links: links, model: facts.sizes,
            context: context ?? min(facts.trainedContext, CoordinatorConfiguration.defaultContext),
            slots: slots ?? declaration?.slots ?? 4,
            pins: ((declaration?.pins ?? []) + cluster.pins).map { $0.naming(by: roster) },
            preferences: planning.preferences(declaration).naming(by: roster))
        request.pagePositions = Scheduler.Limits.pagePositions
        do {
            let plan = try place(request)
            if json { return try Console.json(PlanDocument(plan)) }
            Console.write(PlacementTable(plan).description + "\n")
        } catch PlacementError.doesNotFit(let shortfall) where json {
            try Console.json(ShortfallDocument(shortfall))
            throw PlacementError.doesNotFit(shortfall)
        }
    }

    /// What is declared of the way to a device, else what is measured; nothing is dialed whose memory is declared.
    private func link(to device: NamedDevice, over transport: TCPTransport) async -> LinkSpeed? {
        if device.link != nil || device.memoryBytes != nil { return device.link }
        let measured = try? await MeasuringLink.measure(device.endpoint, over: transport, name: "shoal plan")
        return measured.flatMap { LinkSpeed($0) }
    }

    /// What a device says of itself; one whose memory is declared is not asked.
    private func introduction(
        of device: NamedDevice, over transport: TCPTransport
    ) async throws -> (report: DeviceReport?, introduction: DeviceRoster.Introduction) {
        guard device.memoryBytes == nil else { return (nil, DeviceRoster.Introduction(identity: nil, name: nil)) }
        let (report, introduction) = try await DeviceInquiry(transport: transport).introduction(of: device)
        return (report, introduction)
    }

    /// What is declared of a device, else what it says of itself.
    private func capacity(of device: NamedDevice, _ report: DeviceReport?) -> DeviceCapacity {
        guard let report else {
            return DeviceCapacity(
                name: device.name, memoryBytes: device.memoryBytes ?? 0, speed: device.speed,
                power: device.power)
        }
        return DeviceCapacity(
            name: device.name, memoryBytes: Int(clamping: report.memoryBudgetBytes), diskBytes: report.diskBytes,
            speed: report.profile.flatMap { DeviceSpeed($0) } ?? device.speed,
            power: device.power ?? report.profile.flatMap { DevicePower($0) })
    }
}
