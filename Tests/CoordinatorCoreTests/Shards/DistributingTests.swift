import CoordinatorCore
import Foundation
import Formats
import Placement
import Sampling
import Synchronization
import TestSupport
import Testing
import Tokenizer
import Wire

/// Shards on their way to real workers on TCP loopback.
@Suite(.timeLimit(.minutes(10)))
struct DistributingTests {
    /// A model whose shards are of several pieces: about 7 MiB a layer, an embedding of 2 MiB that is the head too.
    private static let large = {
        var model = TinyModel()
        model.width = 256
        model.feedForward = 2048
        model.vocabulary = 2048
        model.sharesEmbedding = true
        return model
    }()

    private func pins(_ texts: String...) throws -> [Pin] { try texts.map { try Pin(parsing: $0) } }

    private func request(on coordinator: Coordinator) -> GenerationRequest {
        GenerationRequest(
            prompt: coordinator.model.tokenizer!.encode("Hello world"), maximumTokens: 20, sampling: .greedy,
            ignoreEndOfGeneration: true)
    }

    /// What went over the coordinator's link, and between devices.
    private func traffic(_ progress: [StartupProgress]) -> (sent: Int, passedOn: Int) {
        progress.reduce(into: (0, 0)) { sum, event in
            if case .brought(let sent, let passedOn) = event { sum = (sum.0 + sent, sum.1 + passedOn) }
        }
    }

    private func bytes(_ cluster: LocalCluster, _ parts: [ModelPart]) throws -> Int {
        let shards = try ModelShards(cluster.model)
        return parts.reduce(0) { $0 + shards[$1].byteCount }
    }

    @Test func `what two devices need crosses the coordinator's link once`() async throws {
        let cluster = try await LocalCluster.start(
            model: Self.large, workers: 2, pins: pins("embedding=w1", "0-1=w1", "2-3=w2", "head=w2"))
        let (sent, passedOn) = traffic(cluster.progress)
        let embedding = try bytes(cluster, [.embedding])
        #expect(embedding > ShardDistribution.smallestShared)
        // The configuration is small and goes to both.
        let once = try bytes(cluster, [.embedding, .layer(0), .layer(1), .layer(2), .layer(3), .head])
        #expect(try sent == once + 2 * bytes(cluster, [.configuration]))
        #expect(passedOn == embedding)
        await cluster.stop()
    }

    @Test func `what another device holds is got from there, also from one without a stage`() async throws {
        let cluster = try await LocalCluster.start(model: Self.large, workers: 2, pins: pins("0-3=w1"))
        let expected = try await cluster.coordinator.answer(request(on: cluster.coordinator))
        cluster.coordinator.stop()
        let log = ProgressLog()
        var settings = LocalCluster.Settings()
        settings.pins = try pins("0-3=w2")
        let second = try cluster.makeCoordinator(settings, progress: { log.add($0) })
        try await second.start()
        let (sent, passedOn) = traffic(log.all)
        #expect(sent == 0)
        #expect(try passedOn == bytes(cluster, [.configuration, .layer(0), .layer(1), .layer(2), .layer(3)]))
        #expect(try await second.answer(request(on: second)).says(expected))
        second.stop()
        await cluster.stop()
    }

    @Test func `when the device dies that gives shards, the coordinator sends the rest`() async throws {
        let cluster = try await LocalCluster.start(model: Self.large, workers: 2, pins: pins("0-3=w1"))
        let expected = try await cluster.coordinator.answer(request(on: cluster.coordinator))
        cluster.coordinator.stop()
        let log = ProgressLog()
        var settings = LocalCluster.Settings()
        settings.pins = try pins("0-3=w2")
        let once = Once()
        let victim = cluster.workers[0]
        let second = try cluster.makeCoordinator(
            settings,
            progress: { event in
                log.add(event)
                if case .sending("w2", 1..., _) = event { once.run { Task { await victim.kill() } } }
            })
        try await second.start()
        let (sent, passedOn) = traffic(log.all)
        let all = try bytes(cluster, [.configuration, .layer(0), .layer(1), .layer(2), .layer(3)])
        // What came from the other device of a shard that the coordinator finished counts to neither wholly.
        #expect(sent + passedOn <= all)
        #expect(try await second.answer(request(on: second)).says(expected))
        second.stop()
        await cluster.stop()
    }

    @Test func `a transfer that was cut goes on where it stopped`() async throws {
        var settings = LocalCluster.Settings()
        settings.pins = try pins("0-3=w1")
        let cluster = try await LocalCluster.prepare(model: Self.large, workers: 1, settings: settings)
        let cut = Mutex<Coordinator?>(nil)
        let first = try cluster.makeCoordinator(
            settings,
            progress: { event in
                if case .sending(_, let bytes, _) = event, bytes > 3 << 20 { cut.withLock { $0 }?.stop() }
            })
        cut.withLock { $0 = first }
        await #expect(throws: CoordinatorError.self) { try await first.start() }
        cut.withLock { $0 = nil }
        // Once the store can be opened again, nothing of the first one's is on its way any more.
        await cluster.workers[0].kill()
        try await cluster.workers[0].restart()

        let log = ProgressLog()
        let second = try cluster.makeCoordinator(settings, progress: { log.add($0) })
        try await second.start()
        let begun = log.all.compactMap { event -> (Int, Int)? in
            if case .sending(_, let bytes, let total) = event { (bytes, total) } else { nil }
        }
        let (kept, total) = try #require(begun.first)
        #expect(kept > 3 << 20)
        #expect(kept < total)
        #expect(traffic(log.all).sent == total - kept)
        second.stop()
        await cluster.stop()
    }

    @Test func `a shard that was damaged on a device's disk is sent again, and answers are as before`() async throws {
        let cluster = try await LocalCluster.start(model: Self.large, workers: 2, pins: pins("0-1=w1", "2-3=w2"))
        let coordinator = cluster.coordinator
        let expected = try await coordinator.answer(request(on: coordinator))
        let shard = try TestShards(Self.large)
        let path = "\(cluster.workers[0].folder)/shards/\(shard.id(.layer(1))).gguf"
        await cluster.workers[0].kill()
        // A new file of the same size, as a restored backup would be.
        var bytes = shard.bytes(.layer(1))
        bytes[bytes.count / 2] ^= 64
        try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        try await cluster.when { !$0.stages.isEmpty && !$0.stages.contains { $0.device == "w1" } }
        try await cluster.workers[0].restart()
        #expect(try await coordinator.whenConnected("w1").rebalance().hasMoved)
        let repairs = cluster.progress.compactMap { if case .repairing(let device, _) = $0 { device } else { nil } }
        #expect(repairs == ["w1"])
        #expect(try Array(Data(contentsOf: URL(filePath: path))) == shard.bytes(.layer(1)))
        #expect(try await coordinator.answer(request(on: coordinator)).says(expected))
        await cluster.stop()
    }

    @Test func `several coordinators may send the same shards to a worker at a time`() async throws {
        var settings = LocalCluster.Settings()
        settings.pins = try pins("0-3=w1")
        let cluster = try await LocalCluster.prepare(model: Self.large, workers: 1, settings: settings)
        let coordinators = try (0..<3).map { _ in try cluster.makeCoordinator(settings) }
        await withTaskGroup(of: Void.self) { group in
            for coordinator in coordinators {
                group.addTask { await #expect(throws: Never.self) { try await coordinator.start() } }
            }
        }
        for coordinator in coordinators { coordinator.stop() }
        await cluster.stop()
    }
}
