import CoordinatorCore
import Formats
import Placement
import Sampling
import TestSupport
import Testing
import Tokenizer
import Wire

/// Workers whose memory is too small for their layers' experts.
struct ExpertsOnDiskTests {
    /// Most of it are experts: 4 layers of 16, of which a row takes two.
    private static var model: TinyModel {
        var model = TinyModel(type: .q8_0)
        model.experts = 16
        model.feedForward = 512
        model.contextLength = 128
        return model
    }

    private static func answers(_ cluster: LocalCluster) async throws -> [CollectedAnswer] {
        var answers: [CollectedAnswer] = []
        for prompt in ["Hello world", "The user and the other one two three four five six seven eight nine", "a"] {
            answers.append(
                try await cluster.coordinator.answer(
                    GenerationRequest(
                        prompt: cluster.coordinator.model.tokenizer!.encode(prompt), maximumTokens: 16,
                        sampling: .greedy, ignoreEndOfGeneration: true)))
        }
        return answers
    }

    private static func settings(memory: Int, onDisk: Bool) -> LocalCluster.Settings {
        var settings = LocalCluster.Settings()
        settings.workerMemoryBytes = memory
        settings.slots = 2
        settings.planning.expertsOnDisk = onDisk
        return settings
    }

    /// What two workers need for everything, and how much of that are experts.
    private static func sizes() async throws -> (whole: Int, experts: Int, answers: [CollectedAnswer]) {
        let cluster = try await LocalCluster.prepare(
            model: model, workers: 2, settings: settings(memory: LocalWorker.memoryBytes, onDisk: false))
        try await cluster.coordinator.start()
        let stages = await cluster.coordinator.report().stages.filter { !$0.layers.isEmpty }
        #expect(stages.count == 2 && stages.allSatisfy { $0.expertBytesOnDisk == 0 })
        let answers = try await answers(cluster)
        await cluster.stop()
        return (stages.map(\.usedBytes).max()!, 2 * 16 * 3 * 64 * 512 * 34 / 32, answers)
    }

    @Test(.timeLimit(.minutes(10))) func `workers with too little memory for their experts answer the same`()
        async throws
    {
        let (whole, experts, expected) = try await Self.sizes()
        // A stage has room for a quarter of its experts.
        let memory = whole - experts * 3 / 4
        let refused = try await LocalCluster.prepare(
            model: Self.model, workers: 2, settings: Self.settings(memory: memory, onDisk: false))
        let refusal = await #expect(throws: CoordinatorError.self) { try await refused.coordinator.start() }
        #expect(refusal?.message.contains("--experts-on-disk") == true)
        await refused.stop()
        let cluster = try await LocalCluster.prepare(
            model: Self.model, workers: 2, settings: Self.settings(memory: memory, onDisk: true))
        try await cluster.coordinator.start()
        let report = await cluster.coordinator.report()
        let stages = report.stages.filter { !$0.layers.isEmpty }
        #expect(stages.count == 2)
        for stage in stages {
            #expect(stage.expertBytesOnDisk > experts / 2 && stage.expertBytesOnDisk < experts)
            // What the worker says that it holds is without what stays on its disk.
            let told = report.devices.first { $0.name == stage.device }?.report?.stages.first
            #expect((told?.weightBytes ?? .max) < UInt64(stage.weightBytes - stage.expertBytesOnDisk + experts / 8))
        }
        let found = try await Self.answers(cluster)
        for (answer, other) in zip(found, expected) { #expect(answer.says(other)) }
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `a worker dies, and those that are left read more from their disks`()
        async throws
    {
        let (whole, experts, _) = try await Self.sizes()
        let cluster = try await LocalCluster.prepare(
            model: Self.model, workers: 3, settings: Self.settings(memory: whole - experts * 3 / 4, onDisk: true))
        let coordinator = cluster.coordinator
        try await coordinator.start()
        func onDisk() async -> Int { await coordinator.report().stages.reduce(0) { $0 + $1.expertBytesOnDisk } }
        let before = await onDisk()
        let request = GenerationRequest(
            prompt: coordinator.model.tokenizer!.encode("Hello world"), maximumTokens: 60, sampling: .greedy,
            ignoreEndOfGeneration: true)
        let expected = try await coordinator.answer(request)
        var answer = CollectedAnswer()
        for await next in try coordinator.generate(request) {
            answer.add(next)
            if answer.tokens.count == 10 { await cluster.workers[1].kill() }
        }
        #expect(answer.says(expected))
        try await cluster.when { !$0.stages.map(\.device).contains("w2") }
        #expect(await onDisk() > before)
        #expect(try await coordinator.answer(request).says(expected))
        await cluster.stop()
    }
}
