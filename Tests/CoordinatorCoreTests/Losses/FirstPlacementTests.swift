import CoordinatorCore
import Placement
import Sampling
import Synchronization
import TestSupport
import Testing
import Tokenizer
import Transport
import Wire

/// Losses and lies while the first placement is made, before anything answers.
@Suite(.timeLimit(.minutes(10)))
struct FirstPlacementTests {
    /// What a worker does when it has loaded its stage.
    enum Loss: Sendable, CaseIterable {
        case saysLinkLost, cannotReachNext, closesLink
        /// So that it may be ready before.
        case closesLinkThen
    }

    private func request(on cluster: LocalCluster) -> GenerationRequest {
        GenerationRequest(
            prompt: cluster.coordinator.model.tokenizer!.encode("Hello world"), maximumTokens: 20, sampling: .greedy,
            ignoreEndOfGeneration: true)
    }

    /// Loses something the first times that a stage is loaded.
    private func filter(_ loss: Loss, times: Int, count: SharedCount) -> LocalWorker.FrameFilter {
        { frame, link in
            guard case .control(let message) = frame, case .stageLoaded(let loaded) = message.body,
                count.next() <= times
            else { return [frame] }
            switch loss {
            case .saysLinkLost:
                let lost = PeerLost(epoch: loaded.epoch, stage: loaded.stage, message: "a lie")
                return [.control(ControlMessage(request: 0, body: .peerLost(lost))), frame]
            case .closesLink, .closesLinkThen:
                if loss == .closesLinkThen { link.send(frame) }
                link.close()
                return []
            case .cannotReachNext:
                let failure = Failure(code: .nextUnreachable, message: "a lie")
                return [.control(ControlMessage(request: message.request, body: .failure(failure)))]
            }
        }
    }

    @Test(arguments: Loss.allCases, [1, Int.max])
    func `who loses something while the model is placed is done without where that goes on`(loss: Loss, times: Int)
        async throws
    {
        let count = SharedCount()
        var model = TinyModel()
        model.layers = 6
        var settings = LocalCluster.Settings()
        settings.sentFilters = [1: filter(loss, times: times, count: count)]
        let cluster = try await LocalCluster.prepare(model: model, workers: 3, settings: settings)
        try await cluster.coordinator.start()
        // One that says that it is ready and then goes may be lost before this is looked at.
        if loss != .closesLinkThen { #expect(cluster.coordinator.readiness == .ready) }
        let answer = try await cluster.coordinator.answer(request(on: cluster))
        #expect(answer.error == nil && answer.tokens.count == 20)
        let report = await cluster.coordinator.report()
        #expect(count.value > 0)
        if times > 1 { #expect(!report.stages.map(\.device).contains("w2")) }
        // The first loss costs nobody its part, but for one that another cannot reach, or that is not back in time for answers that wait.
        if times == 1, [.saysLinkLost, .closesLink].contains(loss) {
            #expect(report.stages.map(\.device).contains("w2"))
        }
        // Twice at most, and once each for those whom it says something of.
        #expect(report.epoch <= 6)
        await cluster.stop()
    }

    @Test(arguments: [1, Int.max])
    func `who closes its link while it is sent a shard is asked again, and then done without`(
        times: Int
    ) async throws {
        let count = SharedCount()
        var model = TinyModel()
        model.layers = 6
        var settings = LocalCluster.Settings()
        settings.filters = [
            1: { frame, link in
                guard case .piece = frame, count.next() <= times else { return [frame] }
                link.close()
                return []
            }
        ]
        let cluster = try await LocalCluster.prepare(model: model, workers: 3, settings: settings)
        try await cluster.coordinator.start()
        let answer = try await cluster.coordinator.answer(request(on: cluster))
        #expect(answer.error == nil && answer.tokens.count == 20)
        #expect(count.value > 0)
        #expect(await cluster.coordinator.report().stages.map(\.device).contains("w2") == (times == 1))
        await cluster.stop()
    }

    @Test func `a device that has to be there, and does not come back, is named`() async throws {
        let dying = Mutex<LocalWorker?>(nil)
        var settings = LocalCluster.Settings()
        settings.sentFilters = [
            1: { frame, _ in
                guard case .control(let message) = frame, case .stageLoaded = message.body else { return [frame] }
                let worker = dying.withLock { $0 }
                Task { await worker?.kill() }
                return []
            }
        ]
        let cluster = try await LocalCluster.prepare(workers: 3, settings: settings)
        dying.withLock { $0 = cluster.workers[1] }
        let error = await #expect(throws: CoordinatorError.self) { try await cluster.coordinator.start() }
        #expect(error?.device == "w2")
        #expect(error?.message.contains("w2 does not come back") == true, "\(error?.message ?? "")")
        await cluster.stop()
    }

    @Test(arguments: [Loss.saysLinkLost, .cannotReachNext, .closesLink])
    func `without other room the start ends, and names who is the reason`(
        loss: Loss
    ) async throws {
        let count = SharedCount()
        var settings = LocalCluster.Settings()
        settings.pins = [Pin(.embedding, device: "w1"), Pin(.head, device: "w1"), Pin(layers: 0...3, device: "w1")]
        settings.ownMemoryBytes = 1000
        settings.sentFilters = [0: filter(loss, times: .max, count: count)]
        let cluster = try await LocalCluster.prepare(workers: 1, settings: settings)
        let error = await #expect(throws: CoordinatorError.self) { try await cluster.coordinator.start() }
        #expect(error?.device == "w1")
        #expect(error?.message.contains("w1") == true, "\(error?.message ?? "")")
        #expect((2...6).contains(count.value), "\(count.value)")
        await cluster.stop()
    }

    /// How often something happened. Safe from any thread.
    private final class SharedCount: Sendable {
        private let count = Atomic<Int>(0)

        var value: Int { count.load(ordering: .relaxed) }
        func next() -> Int { count.add(1, ordering: .relaxed).newValue }
    }
}
