import CoordinatorCore
import Sampling
import TestSupport
import Testing
import Tokenizer
import Wire

/// What stages and the coordinator count, and which links they measure, on a cluster within the process.
struct CountingTests {
    @Test(.timeLimit(.minutes(10))) func `steps, rows and bytes of every stage are exact`() async throws {
        let cluster = try await LocalCluster.start(workers: 2)
        let coordinator = cluster.coordinator
        let prompt = coordinator.model.tokenizer!.encode("Hello world")
        let answer = try await coordinator.answer(
            GenerationRequest(prompt: prompt, maximumTokens: 9, sampling: .greedy, ignoreEndOfGeneration: true))
        #expect(answer.tokens.count == 9)
        // The prompt with the opening, eight tokens, and the closing.
        let steps: UInt64 = 1 + 8 + 1
        var report = await coordinator.report()
        // The report is of several moments: it is whole when the last step has been counted everywhere.
        while report.speed.totals.steps < steps || report.work.contains(where: { ($0?.steps ?? 0) < steps }) {
            try await Task.sleep(for: .milliseconds(5))
            report = await coordinator.report()
        }
        #expect(report.speed.totals.steps == steps)
        #expect(report.speed.totals.generatedTokens == 9)
        #expect(report.speed.totals.promptTokens == UInt64(prompt.count))
        #expect(report.speed.totals.roundTripNanoseconds > 0)
        let work = report.work.compactMap { $0 }
        #expect(report.stages.count == 4)
        #expect(work.count == 4)
        let rows = UInt64(prompt.count + 8)
        let row = UInt64(TinyModel().width * 4)
        #expect(work.map(\.steps) == Array(repeating: steps, count: 4))
        // Behind the last layer there are only rows whose results are wanted.
        #expect(work.map(\.rows) == [rows, rows, rows, 9])
        #expect(work.map(\.receivedBytes) == [rows * 4, rows * row, rows * row, 9 * row])
        #expect(
            work.map(\.sentBytes)
                == [rows * row, rows * row, 9 * row, 9 * UInt64(TinyVocabulary.minimumCount) * 4])
        #expect(work.allSatisfy { $0.computeNanoseconds > 0 })
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `links are measured once and then remembered`() async throws {
        let folder = try TemporaryFolder()
        var settings = LocalCluster.Settings()
        settings.linkFolder = folder.path
        settings.measuring = .missing
        let cluster = try await LocalCluster.prepare(workers: 2, settings: settings)
        try await cluster.coordinator.start()
        let report = await cluster.coordinator.report()
        #expect(
            Set(report.links.entries.map { [$0.from, $0.to] })
                == [["w1", "w2"], ["w1", LocalCluster.ownDevice], ["w2", LocalCluster.ownDevice]])
        #expect(report.links.entries.allSatisfy { $0.roundTripSeconds > 0 && $0.bytesPerSecond > 0 })
        // Devices too, each of them once.
        #expect(report.devices.allSatisfy { $0.report?.profile != nil })
        var measuring: [String] = []
        for case .measuring(let device) in cluster.progress { measuring.append(device) }
        #expect(measuring.sorted() == ["coordinator", "w1", "w2"])
        // Another start measures nothing of the workers, and knows the same links.
        let log = ProgressLog()
        let second = try cluster.makeCoordinator(settings, progress: { log.add($0) })
        try await second.start()
        let links = await second.report().links
        #expect(links == report.links)
        for case .measuringLinks(let count) in log.all { Issue.record("\(count) links were measured again") }
        second.stop()
        await cluster.stop()
        folder.remove()
    }
}
