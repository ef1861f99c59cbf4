import ModelParts
import CoordinatorCore
import Identity
import Placement
import Sampling
import Synchronization
import TestSupport
import Testing
import Tokenizer
import Transport
import Wire

/// A cluster whose devices joined: links are TLS, and go between the devices that the coordinator named to each other, and no others.
@Suite(.timeLimit(.minutes(10))) struct ClosedClusterTests {
    private func request(most: Int, on cluster: LocalCluster) -> GenerationRequest {
        GenerationRequest(
            prompt: cluster.coordinator.model.tokenizer!.encode("Hello world"), maximumTokens: most, sampling: .greedy,
            ignoreEndOfGeneration: true)
    }

    private var settings: LocalCluster.Settings {
        get throws {
            var settings = LocalCluster.Settings()
            settings.authority = .shared
            settings.security = .mutual(try TestAuthority.shared.security(.coordinator, name: "lap"))
            return settings
        }
    }

    private var model: TinyModel {
        var model = TinyModel()
        model.layers = 6
        model.contextLength = 2048
        return model
    }

    /// An answer, in the midst of which something happens.
    private func answer(
        _ request: GenerationRequest, on cluster: LocalCluster, after tokens: Int,
        _ event: @Sendable () async throws -> Void
    ) async throws -> CollectedAnswer {
        var answer = CollectedAnswer()
        for await next in try cluster.coordinator.generate(request) {
            answer.add(next)
            if answer.tokens.count == tokens { try await event() }
        }
        return answer
    }

    /// Rows that stages with layers computed since they were loaded, the most of any.
    private func mostRows(_ report: ClusterReport, on device: String) -> UInt64? {
        zip(report.stages, report.work).filter { $0.0.device == device && !$0.0.layers.isEmpty }.compactMap {
            $0.1?.rows
        }.max()
    }

    @Test func `it answers as an open one, from its second start on warm stores too`() async throws {
        let open = try await LocalCluster.start(model: model, workers: 3)
        let expected = try await open.coordinator.answer(request(most: 50, on: open))
        await open.stop()
        let closed = try await LocalCluster.prepare(model: model, workers: 3, settings: settings)
        try await closed.coordinator.start()
        #expect(try await closed.coordinator.answer(request(most: 50, on: closed)).says(expected))
        #expect(Set(await closed.coordinator.report().stages.map(\.device)).isSuperset(of: ["w1", "w2", "w3"]))
        // Shards that one device has go to another.
        let brought = closed.progress.compactMap { if case .brought(_, let bytes) = $0 { bytes } else { nil } }
        _ = try await closed.coordinator.drain(device: "w3")
        #expect(brought.count == 1)
        #expect(try await closed.coordinator.answer(request(most: 50, on: closed)).says(expected))
        await closed.stop()
    }

    @Test func `layers move with their caches`() async throws {
        let cluster = try await LocalCluster.prepare(model: model, workers: 3, settings: settings)
        try await cluster.coordinator.start()
        let request = request(most: 700, on: cluster)
        let before = try await cluster.coordinator.answer(request)
        let answer = try await answer(request, on: cluster, after: 500) {
            let drained = try await cluster.coordinator.drain(device: "w2")
            #expect(drained.hasMoved)
        }
        #expect(answer.says(before))
        let report = await cluster.coordinator.report()
        #expect(!report.stages.map(\.device).contains("w2"))
        // What was there of 500 positions was not computed again, but for a page.
        for device in Set(report.stages.map(\.device)) {
            if let rows = mostRows(report, on: device) { #expect(rows < 400, "\(device)") }
        }
        await cluster.stop()
    }

    @Test(arguments: [CoordinatorConfiguration.Standby.nothing, .layers, .layersAndCaches])
    func `a device dies and comes back, and answers go on`(standby: CoordinatorConfiguration.Standby) async throws {
        var settings = try settings
        settings.standby = standby
        let cluster = try await LocalCluster.prepare(model: model, workers: 3, settings: settings)
        let coordinator = cluster.coordinator
        try await coordinator.start()
        let request = request(most: 300, on: cluster)
        let before = try await coordinator.answer(request)
        let answer = try await answer(request, on: cluster, after: 100) { await cluster.workers[1].kill() }
        #expect(answer.says(before))
        try await cluster.workers[1].restart()
        #expect(try await coordinator.whenConnected("w2").rebalance().plan.stages.map(\.device).contains("w2"))
        #expect(try await coordinator.answer(request).says(before))
        await cluster.stop()
    }

    @Test func `a spare follows the caches of whom it stands by for`() async throws {
        var settings = try settings
        settings.standby = .layersAndCaches
        settings.pins = [Pin(layers: 0...0, device: "w1"), Pin(layers: 1...5, device: "w2")]
        let cluster = try await LocalCluster.prepare(model: model, workers: 3, settings: settings)
        let coordinator = cluster.coordinator
        try await coordinator.start()
        let request = request(most: 900, on: cluster)
        let before = try await coordinator.answer(request)
        let whole = before.tokens.count + request.prompt.count - 1
        func bytes(of device: String) async -> UInt64 {
            let report = await coordinator.report().devices.first { $0.name == device }?.report
            return report?.stages.filter { $0.range.layers.lowerBound == 1 }.reduce(0) { $0 + $1.keyValueBytes } ?? 0
        }
        let settled = await bytes(of: "w2") / UInt64((whole + 63) / 64) * UInt64(whole / 64)
        // All but the last page: were it not named to the source, it would get nothing.
        try await cluster.when { report in
            let held = report.devices.first { $0.name == "w3" }?.report?.stages ?? []
            return held.filter { $0.range.layers.lowerBound == 1 }.reduce(0) { $0 + $1.keyValueBytes } >= settled
        }
        await cluster.stop()
    }

    @Test func `a device speaks for its own stages alone, and others do not go by what it says it holds`() async throws
    {
        let cluster = try await LocalCluster.prepare(model: model, workers: 3, settings: settings)
        let coordinator = cluster.coordinator
        try await coordinator.start()
        let request = request(most: 500, on: cluster)
        let before = try await coordinator.answer(request)
        let liar = LyingWorker()
        let security = try TestAuthority.shared.security(.member, name: "liar")
        let listener = try await LocalWorker.makeTransport(security: .mutual(security)).listen(
            on: Endpoint(host: "127.0.0.1", port: 0),
            welcome: { hello in
                liar.called(hello.role)
                return .success(Welcome(name: "liar", softwareVersion: ""))
            }, handler: { _ in liar })
        coordinator.add(
            device: DeviceDeclaration(
                name: "liar", connection: .tcp(listener.boundEndpoint), memberID: security.credentials.identity.id,
                isRequired: false))
        _ = try await coordinator.whenConnected("liar")
        let epoch = await coordinator.report().epoch
        let lied = liar.times
        // While it is answered the liar says in each report that others lost steps and links, and has results of its own.
        let answer = try await answer(request, on: cluster, after: 50) {
            for _ in 0..<5 { _ = await coordinator.report() }
        }
        #expect(answer.says(before))
        #expect(liar.times >= lied + 5)
        #expect(await coordinator.report().epoch == epoch)
        #expect(!cluster.progress.contains { if case .lost = $0 { true } else { false } })
        // It says that it has all layers, with caches.
        let moved = try await self.answer(request, on: cluster, after: 400) {
            let drained = try await coordinator.drain(device: "w2")
            #expect(drained.hasMoved)
        }
        #expect(moved.says(before))
        #expect(liar.roles == [.coordinator])
        let report = await coordinator.report()
        #expect(report.epoch == epoch + 1 && !report.stages.map(\.device).contains("liar"))
        await cluster.stop()
        await listener.close()
    }
}

/// A member without a part, which tells the coordinator what is not true whenever it is asked what it is.
private final class LyingWorker: LinkHandler {
    private struct State {
        var times = 0
        var roles: Set<LinkRole> = []
    }

    private let state = Mutex(State())

    /// How often it lied.
    var times: Int { state.withLock { $0.times } }
    /// Of which roles links were opened.
    var roles: Set<LinkRole> { state.withLock { $0.roles } }

    func called(_ role: LinkRole) { state.withLock { _ = $0.roles.insert(role) } }

    func received(_ frame: Frame, on link: any Link) {
        guard case .control(let message) = frame else { return }
        switch message.body {
        case .describeDevice:
            lie(on: link)
            let stages = [1, 2, UInt32.max].flatMap { epoch in
                (0..<5).map { stage in
                    StageReport(
                        session: link.peer.session, epoch: epoch, stage: UInt32(stage), modelName: "tiny",
                        range: StageRange(embedding: true, layers: 0..<6, head: true), weightBytes: 1,
                        keyValueBytes: 1, sequences: 1)
                }
            }
            link.send(
                .deviceReport(
                    DeviceReport(
                        name: "liar", softwareVersion: "", cores: 1, threads: 1, instructionSet: "",
                        architecture: .arm64,
                        memoryBudgetBytes: 1, residentBytes: 1, storeBytes: 0, stages: stages, profile: nil,
                        storeLimitBytes: 0)), request: message.request)
        case .shardInquiry(let inquiry):
            let holdings = inquiry.ids.map { ShardHolding(id: $0, bytesHeld: 0, complete: false) }
            link.send(.shardInventory(ShardInventory(shards: holdings)), request: message.request)
        case .admitPeers: link.send(.peersAdmitted(PeersAdmitted()), request: message.request)
        case .unloadStages: link.send(.stagesUnloaded(StagesUnloaded()), request: message.request)
        default: break
        }
    }

    private func lie(on link: any Link) {
        for epoch in UInt32(1)...2 {
            for stage in UInt32(0)...5 {
                link.send(.peerLost(PeerLost(epoch: epoch, stage: stage, message: "a lie")))
                for step in UInt64(0)..<600 where stage < 2 || stage == 5 {
                    link.send(
                        .stepFailed(
                            StepFailed(
                                epoch: epoch, step: step, stage: stage, code: .internalError, message: "a lie",
                                sequences: [])))
                }
                for step in UInt64(0)..<600 where stage >= 3 {
                    link.send(.step(StepFrame(epoch: epoch, stage: stage, step: step, entries: [], pruned: true)))
                }
            }
        }
        // Told of last: who has the count has had the rest sent.
        state.withLock { $0.times += 1 }
    }

    func closed(_ link: any Link, error: TransportError?) {}
}
