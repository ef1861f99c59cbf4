import ModelParts
import CoordinatorCore
import Placement
import Sampling
import Synchronization
import TestSupport
import Testing
import Tokenizer
import Wire

/// Devices that die and come back.
struct RecoveryTests {
    /// Two layers for each of three workers.
    private var model: TinyModel {
        var model = TinyModel()
        model.layers = 6
        return model
    }

    private func request(most: Int?, on cluster: LocalCluster) -> GenerationRequest {
        GenerationRequest(
            prompt: cluster.coordinator.model.tokenizer!.encode("Hello world"), maximumTokens: most, sampling: .greedy,
            ignoreEndOfGeneration: true)
    }

    /// A context that no test waits to be filled.
    private static let endless = 1 << 17

    /// An answer, in the midst of which something happens.
    ///
    /// - Parameter most: tokens after which no more is read; where the request has no end, the event is in its midst however late it comes.
    private func answer(
        _ request: GenerationRequest, on coordinator: Coordinator, after tokens: Int = 10, reading most: Int = .max,
        _ event: @Sendable () async throws -> Void
    ) async throws -> CollectedAnswer {
        var answer = CollectedAnswer()
        for await next in try coordinator.generate(request) {
            answer.add(next)
            if answer.tokens.count == tokens { try await event() }
            if answer.tokens.count == most { break }
        }
        return answer
    }

    @Test(.timeLimit(.minutes(10)), arguments: [0, 1, 2])
    func `a worker dies, and its answers go on as if nothing had been`(victim: Int) async throws {
        let cluster = try await LocalCluster.start(model: model, workers: 3)
        let coordinator = cluster.coordinator
        let request = request(most: 200, on: cluster)
        let before = try await coordinator.answer(request)
        let epoch = await coordinator.report().epoch
        // Others are in their prompts, decode, or wait for a slot meanwhile.
        let (first, others) = try await withThrowingTaskGroup(of: CollectedAnswer.self) { group in
            for _ in 0..<6 { group.addTask { try await coordinator.answer(request) } }
            let first = try await answer(request, on: coordinator) { await cluster.workers[victim].kill() }
            return (first, try await group.reduce(into: []) { $0.append($1) })
        }
        for answer in [first] + others { #expect(answer.says(before)) }
        try await cluster.when { $0.epoch > epoch && !$0.stages.map(\.device).contains("w\(victim + 1)") }
        #expect(await coordinator.report().runningSequences == 0)

        try await cluster.workers[victim].restart()
        let outcome = try await coordinator.whenConnected(
            "w\(victim + 1)"
        ).rebalance()
        #expect(outcome.hasMoved)
        #expect(outcome.plan.stages.map(\.device).contains("w\(victim + 1)"))
        #expect(try await coordinator.answer(request).says(before))
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10)))
    func `workers that die one after the other leave the answer to those that are left`()
        async throws
    {
        let cluster = try await LocalCluster.start(model: model, workers: 3)
        let coordinator = cluster.coordinator
        let request = request(most: 300, on: cluster)
        let before = try await coordinator.answer(request)
        let answer = try await answer(request, on: coordinator) {
            await cluster.workers[1].kill()
            await cluster.workers[2].kill()
        }
        #expect(answer.says(before))
        try await cluster.when { Set($0.stages.map(\.device)).isDisjoint(with: ["w2", "w3"]) }
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10)), arguments: [CoordinatorConfiguration.Standby.layers, .layersAndCaches])
    func `a spare that has the layers takes them over`(standby: CoordinatorConfiguration.Standby) async throws {
        var settings = LocalCluster.Settings()
        settings.standby = standby
        settings.context = Self.endless
        settings.slots = 1
        // The third one is spare.
        settings.pins = [Pin(layers: 0...0, device: "w1"), Pin(layers: 1...3, device: "w2")]
        let cluster = try await LocalCluster.prepare(workers: 3, settings: settings)
        let coordinator = cluster.coordinator
        try await coordinator.start()
        try await cluster.when { $0.devices.first { $0.name == "w3" }?.report?.stages.isEmpty == false }
        let before = try await coordinator.answer(request(most: 3000, on: cluster))
        // The cache of the first answer is kept, and followed but for its last page.
        let prompt = request(most: nil, on: cluster).prompt.count
        let (whole, original) = (before.tokens.count + prompt - 1, await cacheBytes(of: "w2", on: cluster))
        let page = original / UInt64((whole + 63) / 64)
        let settled = page * UInt64(whole / 64)
        if standby == .layersAndCaches {
            while await cacheBytes(of: "w3", on: cluster) < settled { try await Task.sleep(for: .milliseconds(10)) }
        }
        let report = await coordinator.report()
        let (epoch, generated) = (report.epoch, report.scheduler?.totals.generatedTokens ?? 0)
        let answer = try await answer(
            request(most: nil, on: cluster), on: coordinator, after: 300, reading: before.tokens.count
        ) {
            if standby == .layersAndCaches {
                // One more may be the first answer's last page.
                while await cacheBytes(of: "w3", on: cluster) < settled + 3 * page {
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            await cluster.workers[1].kill()
            try await cluster.when { $0.epoch > epoch && $0.stages.contains { $0.device == "w3" } }
        }
        #expect(answer.tokens == before.tokens)
        try await coordinator.becomesIdle()
        // What the new stage computed: all again, or without the pages that it had.
        let computed = prompt + (await coordinator.report().scheduler?.totals.generatedTokens ?? 0) - generated - 1
        func rows() async throws -> Int {
            let report = await coordinator.report()
            let index = try #require(report.stages.firstIndex { $0.device == "w3" })
            #expect(report.stages[index].layers == 1..<4)
            return Int(try #require(report.work[index]).rows)
        }
        if standby == .layersAndCaches {
            #expect(try await rows() <= computed - 64)
        } else {
            while try await rows() < computed { try await Task.sleep(for: .milliseconds(10)) }
        }
        await cluster.stop()
    }

    /// Bytes of the caches that a device has of the second worker's layers; the spare has the first one's too.
    private func cacheBytes(of device: String, on cluster: LocalCluster) async -> UInt64 {
        let report = await cluster.coordinator.report().devices.first { $0.name == device }?.report
        return report?.stages.filter { $0.range.layers.lowerBound == 1 }.reduce(0) { $0 + $1.keyValueBytes } ?? 0
    }

    @Test(.timeLimit(.minutes(10))) func `a device is emptied and filled again while answers go on`() async throws {
        let cluster = try await LocalCluster.start(model: model, workers: 3)
        let coordinator = cluster.coordinator
        let request = request(most: 400, on: cluster)
        let before = try await coordinator.answer(request)
        let answer = try await answer(request, on: coordinator, after: 100) {
            let drained = try await coordinator.drain(device: "w2")
            #expect(drained.hasMoved)
            #expect(!drained.plan.stages.map(\.device).contains("w2"))
            let filled = try await coordinator.refill(device: "w2")
            #expect(filled.hasMoved)
            #expect(filled.plan.stages.map(\.device).contains("w2"))
        }
        #expect(answer.says(before))
        let error = await #expect(throws: CoordinatorError.self) { try await coordinator.drain(device: "w9") }
        #expect(error?.code == .invalidRequest)
        // One that comes as the coordinator stops is answered too.
        async let late = coordinator.rebalance()
        await cluster.stop()
        _ = try? await late
        let stopped = await #expect(throws: CoordinatorError.self) { try await coordinator.rebalance() }
        #expect(stopped?.code == .unavailable)
    }

    /// A cluster whose only worker has the whole model, which fits nowhere else.
    private func withoutOtherPlaces(patience: Duration) async throws -> LocalCluster {
        var settings = LocalCluster.Settings()
        settings.context = Self.endless
        settings.slots = 2
        settings.patience = patience
        settings.planning.excluded = []
        settings.pins = [Pin(.embedding, device: "w1"), Pin(.head, device: "w1"), Pin(layers: 0...3, device: "w1")]
        settings.ownMemoryBytes = 1000
        let cluster = try await LocalCluster.prepare(workers: 1, settings: settings)
        try await cluster.coordinator.start()
        return cluster
    }

    @Test(.timeLimit(.minutes(10))) func `without any place requests are told, once they have waited long enough`()
        async throws
    {
        let cluster = try await withoutOtherPlaces(patience: .zero)
        let coordinator = cluster.coordinator
        let before = try await coordinator.answer(request(most: 100, on: cluster))
        let cut = try await answer(request(most: nil, on: cluster), on: coordinator) {
            await cluster.workers[0].kill()
        }
        #expect(cut.error?.code == .unavailable)
        let common = min(before.tokens.count, cut.tokens.count)
        #expect(before.tokens.prefix(common) == cut.tokens.prefix(common))
        // One that comes now is not kept waiting either.
        #expect(try await coordinator.answer(request(most: 100, on: cluster)).error?.code == .unavailable)
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `without any place requests wait, and go on when the device is back`()
        async throws
    {
        let cluster = try await withoutOtherPlaces(patience: .seconds(3600))
        let coordinator = cluster.coordinator
        let before = try await coordinator.answer(request(most: 200, on: cluster))
        var events = try coordinator.generate(request(most: nil, on: cluster)).makeAsyncIterator()
        var running = CollectedAnswer()
        while running.tokens.count < 10, let next = await events.next() { running.add(next) }
        await cluster.workers[0].kill()
        try await coordinator.becomes { $0 != .ready }
        // One that comes now waits too.
        async let late = coordinator.answer(request(most: 200, on: cluster))
        try await cluster.when { $0.runningSequences + $0.waitingSequences == 2 }
        try await cluster.workers[0].restart()
        #expect(try await late.says(before))
        while running.tokens.count < before.tokens.count, let next = await events.next() { running.add(next) }
        #expect(running.tokens == before.tokens)
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `scoring that loses a worker goes on`() async throws {
        var model = TinyModel()
        model.contextLength = 4096
        let cluster = try await LocalCluster.start(model: model, workers: 2, rowsPerStep: 16)
        let tokens = (0..<1000).map { UInt32(3 + $0 % 200) }
        let worker = cluster.workers[0]
        let (expected, found) = (Collected(), Collected())
        try await cluster.coordinator.score(tokens) { expected.add($0) }
        try await cluster.coordinator.score(tokens) { rows in
            if found.add(rows) == 0 { Task { await worker.kill() } }
        }
        #expect(found.all == expected.all)
        await cluster.stop()
    }

    /// Logits as they came. Safe from any thread.
    private final class Collected: Sendable {
        private let values = Mutex<[Float]>([])

        var all: [Float] { values.withLock { $0 } }

        /// - Returns: how many there were before.
        @discardableResult
        func add(_ rows: UnsafeBufferPointer<Float>) -> Int {
            values.withLock { values in
                defer { values += rows }
                return values.count
            }
        }
    }

    @Test(.timeLimit(.minutes(10))) func `a second start on warm stores sends nothing`() async throws {
        let cluster = try await LocalCluster.start(workers: 2)
        let cold = firstSent(cluster.progress)
        #expect(cold.count == 2)
        for (device, sent) in cold { #expect(sent.bytes == 0, "\(device)") }

        let log = ProgressLog()
        let second = try cluster.makeCoordinator(progress: { log.add($0) })
        try await second.start()
        let warm = firstSent(log.all)
        #expect(warm.keys.sorted() == ["w1", "w2"])
        for (device, sent) in warm {
            #expect(sent.bytes == sent.total, "\(device)")
            #expect(sent.total == cold[device]?.total)
        }
        // Two coordinators on the same workers do not disturb each other.
        let request = request(most: 20, on: cluster)
        let expected = try await cluster.coordinator.answer(request)
        #expect(try await second.answer(request).says(expected))
        second.stop()
        #expect(cluster.coordinator.readiness == .ready)
        #expect(try await cluster.coordinator.answer(request).says(expected))
        await cluster.stop()
    }

    private func firstSent(_ progress: [StartupProgress]) -> [String: (bytes: Int, total: Int)] {
        var first: [String: (bytes: Int, total: Int)] = [:]
        for case .sending(let device, let bytes, let total) in progress where first[device] == nil {
            first[device] = (bytes, total)
        }
        return first
    }

    @Test(.timeLimit(.minutes(10))) func `a start without one of the workers fails and names it`() async throws {
        let cluster = try await LocalCluster.prepare(workers: 2)
        await cluster.workers[1].kill()
        let error = await #expect(throws: CoordinatorError.self) { try await cluster.coordinator.start() }
        #expect(error?.code == .worker)
        #expect(error?.message.contains("w2") == true)
        #expect(cluster.coordinator.readiness != .ready)
        await cluster.stop()
    }
}
