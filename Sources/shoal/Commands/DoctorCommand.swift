import API
import ArgumentParser
import ClusterStore
import Discovery
import Doctor
import Foundation
import Identity
import Sensors
import Tensors
import Transport
import Wire
import WorkerCore

struct DoctorCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says what is wrong with this device or with all, and what mends it.",
        discussion: """
            Looks at heat and power, network, memory, disk, clock and system of this machine; with --worker, --cluster or --all it asks those
            devices too, and compares their clocks and versions. As root it sees more: the firewall, and whose program is on the port.
            The exit status is 1 when there is a problem, and 0 when there are hints alone.
            Example: sudo shoal doctor
            """)

    @OptionGroup var cluster: ClusterOptions
    @Flag(help: "Asks all devices that joined the cluster of this machine.") var all = false
    @OptionGroup var identity: IdentityOptions
    @Option(help: ArgumentHelp("The port that a worker here listens on.", valueName: "PORT"))
    var port = Endpoint.workerPort
    @OptionGroup var links: LinkOptions
    @Flag(help: "Prints JSON.") var json = false

    func validate() throws {
        if !(1...65535).contains(port) { throw ValidationError("--port takes 1 to 65535, not \(port)") }
    }

    func run() async throws {
        let devices = try named()
        let own = Diagnosis(device: "here", findings: Check.findings(facts()))
        let others = ClusterFacts(
            version: SoftwareVersion.current, devices: try await ask(devices), neighbours: await neighbours())
        let document = DoctorDocument([own] + others.diagnoses, cluster: others.findings)
        if json { try Console.json(document) } else { Console.write(document.text + "\n") }
        if document.problems > 0 { throw ExitCode(1) }
    }

    /// The devices to ask: those that were named, and those that joined where a cluster was.
    private func named() throws -> [NamedDevice] {
        var devices = cluster.devices(try cluster.declaration())
        guard all || identity.dataDir != nil else { return devices }
        guard let store = try ClusterRecords.open(identity.folder) else {
            // Nobody has joined yet.
            if FileManager.default.fileExists(atPath: AuthorityFolder(dataFolder: identity.folder).path) {
                return devices
            }
            throw CommandError(
                "there is no cluster in \(identity.folder): run this on the coordinator's machine, or name its folder with --data-dir"
            )
        }
        for member in try store.members() {
            guard let endpoint = try? Endpoint(parsing: member.address) else { continue }
            devices.append(NamedDevice(name: member.name, endpoint: endpoint, memberID: member.id))
        }
        return devices
    }

    /// What is known of this machine, as far as a worker of this user or of the system's service has left something.
    private func facts() -> DeviceFacts {
        let folder = Self.workerFolder
        let profile = ProfileFile(folder: folder, conditions: .current(threads: ProcessorCount.usable)).load()
        let credentials = try? MemberFolder(dataFolder: folder).credentials()
        return Machine.this.facts(
            FactsOptions(
                folder: folder, diskBytesPerSecond: profile.map { Int(clamping: $0.diskBytesPerSecond) }, port: port,
                now: Int(Date().timeIntervalSince1970),
                certificate: credentials.map { $0.certificate.life }.map {
                    Int(clamping: $0.start)...Int(clamping: $0.end)
                }))
    }

    /// Other clusters whose workers announce themselves: looked for where this machine has a cluster, or joined one.
    private func neighbours() async -> [ClusterFacts.Neighbour] {
        let own = Self.ownMarks(coordinator: identity.folder)
        guard !own.isEmpty else { return [] }
        let nearby = await DiscoveryClient.nearby(InterfaceChoice(names: []))
        return nearby.workers.compactMap { worker in
            guard let mark = worker.record.cluster, !own.contains(mark) else { return nil }
            return ClusterFacts.Neighbour(
                fingerprint: mark.description, address: Endpoint(worker.places[0]).description)
        }
    }

    /// The clusters that this machine is the coordinator or a member of.
    private static func ownMarks(coordinator: String) -> Set<ClusterMark> {
        let authority = try? AuthorityFolder(dataFolder: coordinator).load()
        let joined = try? MemberFolder(dataFolder: workerFolder).credentials()
        return Set(
            [authority?.certificate.fingerprint, joined?.authority.fingerprint].compactMap { $0 }
                .map { ClusterMark(fingerprint: $0) })
    }

    /// The folder of this machine's worker: that of this user, or of the package's service.
    private static var workerFolder: String {
        let folders = [DataFolder.standard(.worker), "/var/lib/shoal/worker"]
        return folders.first { FileManager.default.fileExists(atPath: $0) } ?? folders[0]
    }

    private func ask(_ devices: [NamedDevice]) async throws -> [ClusterFacts.Device] {
        guard !devices.isEmpty else { return [] }
        let inquiry = DeviceInquiry(
            transport: try links.coordinatorSecurity(folder: identity.folder, dialsDevices: true).transport())
        return await withTaskGroup(of: (Int, ClusterFacts.Device).self) { group in
            for (index, device) in devices.enumerated() {
                group.addTask { (index, await ClusterFacts.Device.asking(device, by: inquiry)) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

extension ClusterFacts.Device {
    fileprivate static func asking(_ device: NamedDevice, by inquiry: DeviceInquiry) async -> ClusterFacts.Device {
        let address = device.endpoint.description
        let before = Int(Date().timeIntervalSince1970)
        do {
            let report = try await inquiry.diagnosis(of: device)
            let name = device.name == address ? "\(report.name) (\(address))" : device.name
            // A program that does not know the question tells no time either.
            guard report.diagnosis != nil || report.clockSeconds > 0 else {
                return .init(name: name, address: address, answer: .tooOld(version: report.softwareVersion))
            }
            let ahead = secondsAhead(
                report.clockSeconds, asked: before...max(before, Int(Date().timeIntervalSince1970)))
            return .init(
                name: name, address: address,
                answer: .findings(
                    (report.diagnosis ?? []).map { Finding($0) }, version: report.softwareVersion, secondsAhead: ahead))
        } catch let error as TransportError where error.code == .notSecured || error.code == .revoked {
            return .init(name: device.name, address: address, answer: .ofNoneOfOurs(error.description))
        } catch {
            return .init(name: device.name, address: address, answer: .unreachable("\(error)"))
        }
    }

    /// How far a clock is beyond the time in which it was asked; `nil` where it does not tell.
    private static func secondsAhead(_ clock: UInt64, asked: ClosedRange<Int>) -> Int? {
        guard clock > 0 else { return nil }
        let clock = Int(clamping: clock)
        return clock > asked.upperBound ? clock - asked.upperBound : min(0, clock - asked.lowerBound)
    }
}
