import CoordinatorCore
import Placement
import Sampling
import Synchronization
import TestSupport
import Testing
import Tokenizer
import Transport
import Wire

/// Workers whose links live, and that do not do what they are asked.
@Suite(.timeLimit(.minutes(10)))
struct IdleWorkerTests {
    /// What the worker does not do.
    enum Refusal: Sendable, CaseIterable {
        case steps, loading, pieces
        /// It tells of a little more now and then.
        case loadingTold, piecesTold
    }

    private func settings(_ filters: [Int: LocalWorker.FrameFilter]) -> LocalCluster.Settings {
        var settings = LocalCluster.Settings()
        settings.filters = filters
        // Ten times as fast as in the program, and still long beside what these models take.
        settings.headway.look = .milliseconds(100)
        settings.headway.step = .seconds(3)
        settings.headway.transfer = .seconds(6)
        settings.headway.load = .seconds(6)
        settings.headway.diskBytesPerSecond = 1e9
        // Longer than any test.
        settings.headway.leftOut = .seconds(3600)
        return settings
    }

    private func request(on cluster: LocalCluster) -> GenerationRequest {
        GenerationRequest(
            prompt: cluster.coordinator.model.tokenizer!.encode("Hello world"), maximumTokens: 60, sampling: .greedy,
            ignoreEndOfGeneration: true)
    }

    private func trouble(with device: String, on cluster: LocalCluster) async -> String {
        await cluster.coordinator.report().devices.first { $0.name == device }?.trouble ?? ""
    }

    /// Sends something again and again, as long as the test goes on.
    private func keepTelling(
        _ link: any Link, until isOver: SharedFlag, _ body: @escaping @Sendable (_ times: UInt64) -> ControlBody
    ) {
        Task {
            var times: UInt64 = 0
            while !isOver.isSet {
                times += 1
                link.send(body(times))
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Something that holds once it does. Safe from any thread.
    private final class SharedFlag: Sendable {
        private let value = Atomic<Bool>(false)

        var isSet: Bool { value.load(ordering: .relaxed) }
        func set() { value.store(true, ordering: .relaxed) }
    }

    @Test(arguments: Refusal.allCases) func `a worker that answers and does no work is done without`(
        refusal: Refusal
    ) async throws {
        let isOver = SharedFlag()
        let filter: LocalWorker.FrameFilter = { frame, link in
            switch (frame, refusal) {
            case (.step, .steps), (.piece, .pieces): return []
            case (.piece(let piece), .piecesTold):
                let id = piece.id
                keepTelling(link, until: isOver) { .shardPieceAccepted(ShardPieceAccepted(id: id, bytesHeld: $0)) }
                return []
            case (.control(let message), .loading), (.control(let message), .loadingTold):
                guard case .loadStage(let load) = message.body else { return [frame] }
                guard refusal == .loadingTold else { return [] }
                keepTelling(link, until: isOver) {
                    .stageProgress(StageProgress(epoch: load.epoch, stage: load.stage, done: $0, total: 10_000))
                }
                return []
            default: return [frame]
            }
        }
        let cluster = try await LocalCluster.prepare(workers: 3, settings: settings([1: filter]))
        try await cluster.coordinator.start()
        let answer = try await cluster.coordinator.answer(request(on: cluster))
        #expect(answer.error == nil && answer.tokens.count == 60)
        let trouble = await trouble(with: "w2", on: cluster)
        let word =
            switch refusal {
            case .steps: "it computes nothing: a step of"
            case .loading: "loading its stage"
            case .pieces: "kept nothing"
            case .loadingTold: "loading its stage by no more than"
            case .piecesTold: "bytes of what it was sent in"
            }
        #expect(trouble.contains(word) && trouble.contains("gets no layers"), "\(trouble)")
        let report = await cluster.coordinator.report()
        #expect(Set(report.stages.map(\.device)).isSuperset(of: ["w1", "w3"]))
        #expect(!report.stages.map(\.device).contains("w2"))
        isOver.set()
        await cluster.stop()
    }

    @Test func `a worker that stops working in the midst of an answer is found, and the answer is the same`()
        async throws
    {
        // The first answer takes some sixty steps, so this is in the second.
        let steps = Atomic<Int>(0)
        let filter: LocalWorker.FrameFilter = { frame, _ in
            guard case .step = frame else { return [frame] }
            return steps.add(1, ordering: .relaxed).newValue < 90 ? [frame] : []
        }
        // Layers for each of them.
        var model = TinyModel()
        model.layers = 6
        let cluster = try await LocalCluster.prepare(model: model, workers: 3, settings: settings([2: filter]))
        try await cluster.coordinator.start()
        let request = request(on: cluster)
        let before = try await cluster.coordinator.answer(request)
        let answer = try await cluster.coordinator.answer(request)
        #expect(answer.says(before))
        let trouble = await trouble(with: "w3", on: cluster)
        #expect(trouble.contains("computes nothing"), "\(trouble)")
        await cluster.stop()
    }

    @Test(arguments: [true, false])
    func `a worker that says at every step that its weights, or the next device, are gone is done without`(
        saysWeights: Bool
    ) async throws {
        let coordinator = Mutex<(any Link)?>(nil)
        let complaints = Atomic<Int>(0)
        let filter: LocalWorker.FrameFilter = { frame, link in
            if link.peer.role == .coordinator { coordinator.withLock { $0 = link } }
            guard case .step(let step) = frame else { return [frame] }
            complaints.add(1, ordering: .relaxed)
            let failure = StepFailed(
                epoch: step.epoch, step: step.step, stage: step.stage, code: .shardCorrupt, message: "a lie",
                sequences: [])
            let lost = PeerLost(epoch: step.epoch, stage: step.stage, message: "a lie")
            coordinator.withLock { $0 }?.send(saysWeights ? .stepFailed(failure) : .peerLost(lost))
            return []
        }
        var model = TinyModel()
        model.layers = 6
        let cluster = try await LocalCluster.prepare(model: model, workers: 3, settings: settings([1: filter]))
        try await cluster.coordinator.start()
        let answer = try await cluster.coordinator.answer(request(on: cluster))
        #expect(answer.error == nil && answer.tokens.count == 60)
        #expect(complaints.load(ordering: .relaxed) > 0)
        await cluster.stop()
    }

    @Test func `a worker that has no next device, and says at every step that it is gone, is done without`()
        async throws
    {
        let coordinator = Mutex<(any Link)?>(nil)
        let complaints = Atomic<Int>(0)
        let filter: LocalWorker.FrameFilter = { frame, link in
            if link.peer.role == .coordinator { coordinator.withLock { $0 = link } }
            guard case .step(let step) = frame else { return [frame] }
            complaints.add(1, ordering: .relaxed)
            coordinator.withLock { $0 }?.send(
                .peerLost(PeerLost(epoch: step.epoch, stage: step.stage, message: "a lie")))
            return []
        }
        var settings = settings([1: filter])
        settings.pins = [Pin(.head, device: "w2")]
        let cluster = try await LocalCluster.prepare(workers: 2, settings: settings)
        try await cluster.coordinator.start()
        let answer = try await cluster.coordinator.answer(request(on: cluster))
        #expect(answer.error == nil && answer.tokens.count == 60)
        #expect(complaints.load(ordering: .relaxed) > 0)
        #expect(await cluster.coordinator.report().epoch <= 6)
        await cluster.stop()
    }

    @Test func `a device that closes its link at every fork is left out after a few`() async throws {
        let closes = Atomic<Int>(0)
        let filter: LocalWorker.FrameFilter = { frame, link in
            guard case .step(let step) = frame else { return [frame] }
            let forks = step.entries.contains { if case .fork = $0 { true } else { false } }
            guard forks else { return [frame] }
            closes.add(1, ordering: .relaxed)
            link.close()
            return []
        }
        var settings = settings([1: filter])
        settings.context = 256
        let cluster = try await LocalCluster.prepare(workers: 3, settings: settings)
        let coordinator = cluster.coordinator
        try await coordinator.start()
        let common: [UInt32] = (0..<100).map { 3 + ($0 * 37 + 11) % 250 }
        for index in 0..<20 as Range<UInt32> {
            let answer = try await coordinator.answer(
                GenerationRequest(
                    prompt: common + [7 + index], maximumTokens: 3, sampling: .greedy, ignoreEndOfGeneration: true))
            #expect(answer.error == nil && answer.tokens.count == 3)
        }
        // The first loss is nothing; after each one more it is left out for twice as long, from a second on.
        #expect((1...10).contains(closes.load(ordering: .relaxed)))
        #expect(await coordinator.report().epoch <= 11)
        await cluster.stop()
    }
}
