import CoordinatorCore
import Placement
import Transport
import Wire

/// The devices of a plan that is made without a coordinator: as they are declared, else as they say and are measured from here.
struct PlannedDevices {
    private(set) var capacities: [DeviceCapacity] = []
    private(set) var links = LinkTable()
    private(set) var roster = DeviceRoster()
    private var ends: [LinkEnd] = [LinkEnd(device: ClusterSession.ownDevice, address: "in process")]

    /// - Throws: `CommandError` and others where a device that was named is not to be asked. Members of a cluster that are away are left out.
    init(_ named: [NamedDevice], identity: IdentityOptions, links options: LinkOptions) async throws {
        let transport = try options.coordinatorSecurity(
            folder: identity.folder, dialsDevices: named.contains { $0.memoryBytes == nil }
        ).transport()
        let known = LinkFile(folder: identity.folder).load()
        var met: [DeviceDeclaration] = []
        for var device in named {
            do {
                let (report, introduction) = try await Self.introduction(of: device, over: transport)
                switch roster.meet(device.declaration, introduction, others: met) {
                case .repeats(_, let note):
                    Console.error(note)
                    continue
                case .used(let name, let note):
                    if let note { Console.error(note) }
                    device.name = name
                }
                met.append(device.declaration)
                capacities.append(Self.capacity(of: device, report))
            } catch let error as CommandError where error.isFault && named.count > 1 {
                Console.error("\(device.name) is left out: \(error)")
                continue
            } catch  where device.memberID != nil {
                Console.error("\(device.name) is left out, since it does not answer: \(error)")
                continue
            }
            try await add(linksOf: device, known: known, over: transport)
        }
    }

    /// What was measured of its links before, else what is declared of that to the coordinator, else what is measured from here; nothing is
    /// dialed whose memory is declared.
    private mutating func add(
        linksOf device: NamedDevice, known: [Set<LinkEnd>: LinkProfile], over transport: TCPTransport
    ) async throws {
        let end = LinkEnd(device: device.name, address: device.endpoint.description)
        for (index, other) in ends.enumerated() {
            guard device.memberID != nil, let speed = known[[end, other]].flatMap({ LinkSpeed($0) }) else { continue }
            if index == 0 {
                links.setCoordinatorLink(of: device.name, speed)
            } else {
                links.setLink(between: device.name, and: other.device, speed)
            }
        }
        ends.append(end)
        guard links.coordinatorLink(of: device.name) == nil else { return }
        if let declared = device.link { return links.setCoordinatorLink(of: device.name, declared) }
        guard device.memoryBytes == nil else { return }
        let measured = try? await MeasuringLink.measure(device.endpoint, over: transport, name: "shoal plan")
        if let speed = measured.flatMap({ LinkSpeed($0) }) { links.setCoordinatorLink(of: device.name, speed) }
    }

    /// What a device says of itself; one whose memory is declared is not asked.
    private static func introduction(
        of device: NamedDevice, over transport: TCPTransport
    ) async throws -> (report: DeviceReport?, introduction: DeviceRoster.Introduction) {
        guard device.memoryBytes == nil else { return (nil, DeviceRoster.Introduction(identity: nil, name: nil)) }
        let (report, introduction) = try await DeviceInquiry(transport: transport).introduction(of: device)
        return (report, introduction)
    }

    /// What is declared of a device, else what it says of itself.
    private static func capacity(of device: NamedDevice, _ report: DeviceReport?) -> DeviceCapacity {
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
