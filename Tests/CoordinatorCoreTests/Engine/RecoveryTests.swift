import CoordinatorCore
import Placement
import Sampling
import TestSupport
import Testing
import Tokenizer

/// Devices that die and come back.
struct RecoveryTests {
    private func request(most: Int?, on cluster: LocalCluster) -> GenerationRequest {
        GenerationRequest(
            prompt: cluster.coordinator.model.tokenizer!.encode("Hello world"), maximumTokens: most, sampling: .greedy,
            ignoreEndOfGeneration: true)
    }

    /// Begins an answer without end, lets it go on for a while, kills a worker, and gives what the reader saw.
    private func answerCutShort(on cluster: LocalCluster, killing worker: Int) async throws -> CollectedAnswer {
        var answer = CollectedAnswer()
        for await event in try cluster.coordinator.generate(request(most: nil, on: cluster)) {
            answer.add(event)
            if answer.tokens.count == 10 { await cluster.workers[worker].kill() }
        }
        return answer
    }

    @Test(.timeLimit(.minutes(1)), arguments: [0, 1])
    func `a worker dies, its answer fails, and when it is back answers are as before`(victim: Int) async throws {
        let cluster = try await LocalCluster.start(workers: 2, context: 1 << 18)
        let coordinator = cluster.coordinator
        let before = try await coordinator.answer(request(most: 20, on: cluster))
        let epoch = await coordinator.report().epoch

        let cut = try await answerCutShort(on: cluster, killing: victim)
        #expect(cut.error?.code == .unavailable)
        #expect(cut.reason == nil)
        #expect(Array(cut.tokens.prefix(20)) == Array(before.tokens.prefix(cut.tokens.count)))
        #expect(coordinator.readiness != .ready)
        let refusal = try #require(throws: CoordinatorError.self) {
            _ = try coordinator.generate(request(most: 1, on: cluster))
        }
        #expect(refusal.code == .unavailable)
        let report = await coordinator.report()
        #expect(report.runningSequences == 0)
        #expect(report.devices.first { $0.name == "w\(victim + 1)" }?.connected == false)

        try await cluster.workers[victim].restart()
        try await coordinator.becomes { $0 == .ready }
        #expect(await coordinator.report().epoch > epoch)
        #expect(try await coordinator.answer(request(most: 20, on: cluster)).says(before))
        // It kept its shards: only the first start sent any.
        #expect(sentTwice(cluster.progress) == [])
        await cluster.stop()
    }

    /// The devices that were sent bytes after their first reception was complete.
    private func sentTwice(_ progress: [StartupProgress]) -> Set<String> {
        var complete: Set<String> = []
        var again: Set<String> = []
        for case .sending(let device, let bytes, let total) in progress {
            if bytes < total, complete.contains(device) { again.insert(device) }
            if bytes == total { complete.insert(device) }
        }
        return again
    }

    @Test(.timeLimit(.minutes(1))) func `a worker that stays away is left out, and answers are as before`() async throws
    {
        let cluster = try await LocalCluster.start(workers: 2, context: 1 << 18)
        let coordinator = cluster.coordinator
        let before = try await coordinator.answer(request(most: 20, on: cluster))
        let cut = try await answerCutShort(on: cluster, killing: 1)
        #expect(cut.error?.code == .unavailable)
        try await coordinator.becomes { $0 == .ready }
        let report = await coordinator.report()
        #expect(report.devices.filter(\.connected).map(\.name) == ["w1", LocalCluster.ownDevice])
        #expect(report.stages.map(\.device).contains("w2") == false)
        #expect(try await coordinator.answer(request(most: 20, on: cluster)).says(before))
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `scoring that loses a worker fails`() async throws {
        var model = TinyModel()
        model.contextLength = 4096
        let cluster = try await LocalCluster.start(model: model, workers: 1, rowsPerStep: 1)
        let tokens = (0..<4000).map { UInt32(3 + $0 % 200) }
        let worker = cluster.workers[0]
        let error = await #expect(throws: CoordinatorError.self) {
            let once = Once()
            try await cluster.coordinator.score(tokens) { _ in
                once.run { Task { await worker.kill() } }
            }
        }
        #expect(error?.code == .unavailable)
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `a second start on warm stores sends nothing`() async throws {
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

    @Test(.timeLimit(.minutes(1))) func `a start without one of the workers fails and names it`() async throws {
        let cluster = try await LocalCluster.prepare(workers: 2)
        await cluster.workers[1].kill()
        let error = await #expect(throws: CoordinatorError.self) { try await cluster.coordinator.start() }
        #expect(error?.code == .worker)
        #expect(error?.message.contains("w2") == true)
        #expect(cluster.coordinator.readiness != .ready)
        await cluster.stop()
    }
}
