import ClusterStore
import CoordinatorCore
import Identity
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Devices that are let in by a code, over real TLS links on loopback.
@Suite(.timeLimit(.minutes(10))) struct PairingServiceTests {
    private let cluster = JoiningCluster()

    /// A device that waits; what it shows and is told, as it comes.
    private struct Device {
        let codes: AsyncStream<PairingCode>
        let told: Recorded
        let result: Task<JoinClient.PairingResult, any Error>
    }

    private func device(_ name: String, _ port: Int, clock: @escaping LinkSecurity.Clock = LinkSecurity.systemClock)
        -> Device
    {
        let (codes, shown) = AsyncStream.makeStream(of: PairingCode.self)
        let told = Recorded()
        let client = client(name, clock: clock)
        let result = Task {
            try await client.pair(at: Endpoint(host: "127.0.0.1", port: port)) { event in
                switch event {
                case .code(let code, _): shown.yield(code)
                case .wrongCode(let left): told.add("wrong \(left)")
                case .clocks(let clocks): told.add(clocks.isTold ? "clock \(clocks.secondsAhead)" : "clock")
                }
            }
        }
        return Device(codes: codes, told: told, result: result)
    }

    private func client(_ name: String, clock: @escaping LinkSecurity.Clock = LinkSecurity.systemClock) -> JoinClient {
        JoinClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, device: .init(name: name, port: 7_001, host: nil),
            options: .patient, clock: clock, logger: LocalWorker.logger)
    }

    private func code(_ device: Device) async throws -> PairingCode {
        try #require(await device.codes.first { _ in true })
    }

    private func token(_ device: Device) async throws -> JoinToken {
        guard case .approved(let token) = try await device.result.value else { throw Unexpected() }
        return token
    }

    private struct Unexpected: Error {}

    /// Another code of the same place.
    private func wrong(_ code: PairingCode) -> String {
        let letters = Array(code.text)
        return String(letters.dropLast()) + (letters.last == "7" ? "8" : "7")
    }

    private func message(_ service: JoinService, _ code: String) async -> String {
        do throws(CoordinatorError) {
            let device = try await service.approve(code)
            return "\(device.name) joined"
        } catch {
            return error.message
        }
    }

    @Test func `Of devices that wait, the one that shows the code is let in`() async throws {
        try await cluster.withService { service, port in
            let devices = [device("pi1", port), device("pi2", port)]
            let codes = [try await code(devices[0]), try await code(devices[1])]
            #expect(codes[0].place != codes[1].place)
            #expect(Set(service.waitingDevices.map(\.name)) == ["pi1", "pi2"])
            #expect(service.waitingDevices.allSatisfy { $0.address == "127.0.0.1" })
            async let approved = service.approve(codes[1].text.lowercased())
            let token = try await token(devices[1])
            let credentials = try await client("pi2").join(token)
            #expect(try await approved.name == "pi2")
            #expect(credentials.authority.fingerprint == service.authority.certificate.fingerprint)
            #expect(try service.store.members().map(\.name) == ["pi2"])
            #expect(devices[1].told.all == ["clock"])
            // The secret is as a token's: good for one device, once.
            await cluster.expectRefusal("used before") { _ = try await client("pi3").join(token) }
            // The first still waits, and is let in by its own.
            async let other = service.approve(codes[0].text)
            _ = try await client("pi1").join(try await self.token(devices[0]))
            #expect(try await other.name == "pi1")
            #expect(service.waitingDevices.isEmpty)
        }
    }

    @Test func `Three wrong codes end it, and the right one is none then`() async throws {
        try await cluster.withService { service, port in
            let device = device("pi1", port)
            let code = try await code(device)
            for left in [2, 1] {
                let said = await message(service, wrong(code))
                #expect(said.contains("does not show this code") && said.contains("\(left) more"), "\(said)")
                #expect(!said.contains(code.text))
            }
            #expect(await message(service, wrong(code)).contains("waits no more"))
            let error = await #expect(throws: JoinError.self) { _ = try await device.result.value }
            #expect(error?.isRefusal == true && error?.message.contains("wrong codes") == true)
            #expect(device.told.all == ["wrong 2", "wrong 1"])
            while !service.waitingDevices.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            #expect(await message(service, code.text).contains("no device waits with this code"))
            #expect(try service.store.members().isEmpty)
        }
    }

    @Test func `A code of no device is told from what is no code`() async throws {
        try await cluster.withService { service, _ in
            #expect(await message(service, "K7QX-M2VD").contains("none waits now"))
            #expect(await message(service, "K7QX").contains("no code"))
        }
    }

    @Test func `A code is good for its time, and the device then knows that it is over`() async throws {
        try await cluster.withService(pairingSeconds: 1) { service, port in
            let device = device("pi1", port)
            _ = try await code(device)
            guard case .expired = try await device.result.value else { throw Unexpected() }
            while !service.waitingDevices.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    @Test func `A name that is taken is told before anybody types a code`() async throws {
        try await cluster.withService { service, port in
            _ = try await cluster.client("pi1").join(try cluster.makeToken(service, port))
            for name in ["pi1", "Pil", "coordinator"] {
                let device = device(name, port)
                let error = await #expect(throws: JoinError.self) { _ = try await device.result.value }
                #expect(error?.isRefusal == true && error?.message.contains("with --name") == true)
            }
        }
    }

    @Test func `One that goes away is told of to who types its code`() async throws {
        try await cluster.withService { service, port in
            let silent = WaitingLink(port: port)
            let link = try await silent.open()
            let place = try #require(await silent.place())
            async let said = message(service, PairingCode(place: place).text)
            #expect(await silent.isAsked())
            link.close()
            #expect(await said.contains("went away"))
            while !service.waitingDevices.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    @Test func `A stranger on the way, who passes everything on, lets nobody in`() async throws {
        // It has a coordinator's certificate of its own cluster, and a link to the coordinator.
        try await cluster.withService { service, port in
            let stranger = Stranger(port: port)
            let security = try TestAuthority().security(.coordinator)
            let transport = TCPTransport(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: JoinService.linkOptions.patient,
                security: .mutual(security), logger: LocalWorker.logger)
            let listener = try await transport.listen(
                on: Endpoint(host: "127.0.0.1", port: 0), certificates: .optional,
                welcome: { (hello: Hello) in service.welcome(hello) }, handler: { _ in stranger })
            let device = device("pi1", listener.boundEndpoint.port)
            let code = try await code(device)
            #expect(await message(service, code.text).contains("does not show this code"))
            while device.told.all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            #expect(device.told.all == ["wrong 2"])
            #expect(try service.store.members().isEmpty)
            device.result.cancel()
            await listener.close()
        }
    }

    @Test(arguments: [-20_000 * 86_400, -3 * 86_400, 3 * 86_400, 400 * 86_400] as [Int64])
    func `A device whose clock is wrong is let in by the coordinator's, and told of both`(ahead: Int64) async throws {
        try await cluster.withService { service, port in
            let (clock, folder) = (TestClock(cluster.clock.now + ahead), try TemporaryFolder())
            defer { folder.remove() }
            let device = device("pi1", port, clock: { clock.now })
            async let approved = service.approve(try await code(device).text)
            let token = try await token(device)
            #expect(device.told.all == ["clock \(ahead)"])
            let client = client("pi1", clock: { clock.now })
            let membership = try #require(
                try await Membership.open(
                    MemberFolder(dataFolder: folder.path), token: token, client: client, clock: { clock.now },
                    logger: LocalWorker.logger))
            #expect(try await approved.name == "pi1")
            // It starts again, and gets to the coordinator though no certificate is good by its clock.
            let again = try await Membership.open(
                MemberFolder(dataFolder: folder.path), token: nil, client: client, clock: { clock.now },
                logger: LocalWorker.logger)
            try await again?.renew()
            #expect(
                again?.security.credentials.identity == membership.security.credentials.identity)
        }
    }
}

/// A device that waits, and then says nothing.
private final class WaitingLink: LinkHandler {
    private let port: Int
    private let bodies: AsyncStream<ControlBody>
    private let continuation: AsyncStream<ControlBody>.Continuation

    init(port: Int) {
        self.port = port
        (bodies, continuation) = AsyncStream.makeStream()
    }

    func open() async throws -> any Link {
        let transport = TCPTransport(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: .patient,
            security: .pairing(SeenCertificate()), logger: LocalWorker.logger)
        let link = try await transport.connect(
            to: Endpoint(host: "127.0.0.1", port: port),
            hello: Hello(role: .join, session: 0, name: "pi9", softwareVersion: ""), handler: self)
        link.send(.pairingRequest(PairingRequest(name: "pi9", port: 7077, clockSeconds: 0)), request: 1)
        return link
    }

    func place() async -> Int? {
        for await body in bodies {
            if case .pairingPlace(let place) = body { return Int(place.place) }
        }
        return nil
    }

    func isAsked() async -> Bool {
        for await body in bodies {
            if case .pairingShare = body { return true }
        }
        return false
    }

    func received(_ frame: Frame, on link: any Link) {
        if case .control(let message) = frame { continuation.yield(message.body) }
    }

    func closed(_ link: any Link, error: TransportError?) { continuation.finish() }
}

/// Takes a device's link, opens one to the coordinator, and passes all messages on.
private final class Stranger: LinkHandler {
    private let port: Int
    private struct Links {
        var toDevice: (any Link)?
        var toCoordinator: (any Link)?
    }

    private let links = Mutex(Links())

    init(port: Int) { self.port = port }

    func received(_ frame: Frame, on link: any Link) {
        guard case .control(let message) = frame else { return }
        if link.peer.address.hasSuffix(":\(port)") {
            links.withLock { $0.toDevice }?.send(frame)
        } else if case .pairingRequest = message.body {
            links.withLock { $0.toDevice = link }
            Task {
                let transport = TCPTransport(
                    eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: .patient,
                    security: .pairing(SeenCertificate()), logger: LocalWorker.logger)
                let link = try await transport.connect(
                    to: Endpoint(host: "127.0.0.1", port: port),
                    hello: Hello(role: .join, session: 0, name: "pi1", softwareVersion: ""), handler: self)
                links.withLock { $0.toCoordinator = link }
                link.send(frame)
            }
        } else {
            links.withLock { $0.toCoordinator }?.send(frame)
        }
    }

    func closed(_ link: any Link, error: TransportError?) {
        let open = links.withLock { [$0.toDevice, $0.toCoordinator] }
        for other in open.compactMap({ $0 }) where other !== link { other.close() }
    }
}
