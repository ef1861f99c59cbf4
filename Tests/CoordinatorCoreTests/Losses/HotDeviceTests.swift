import CoordinatorCore
import Placement
import Sampling
import TestSupport
import Testing
import Tokenizer
import Wire

/// A device that is too hot though it computes with one thread.
@Suite(.timeLimit(.minutes(10)))
struct HotDeviceTests {
    @Test func `layers move away from it, and the answer goes on`() async throws {
        var settings = LocalCluster.Settings()
        settings.rebalanceGain = 0.15
        settings.sentFilters[0] = { frame, _ in
            guard case .control(var message) = frame, case .deviceReport(var report) = message.body else {
                return [frame]
            }
            report.sensors = DeviceSensors(millikelvin: 363_150, activeThreads: 1, slowerHundredths: 100_000)
            message.body = .deviceReport(report)
            return [.control(message)]
        }
        let cluster = try await LocalCluster.prepare(workers: 2, settings: settings)
        try await cluster.coordinator.start()
        #expect(await cluster.coordinator.report().stages.contains { $0.device == "w1" && !$0.layers.isEmpty })
        // Devices are looked at while somebody is answered.
        let answering = Task {
            while !Task.isCancelled {
                _ = try await cluster.coordinator.answer(
                    GenerationRequest(
                        prompt: cluster.coordinator.model.tokenizer!.encode("Hello world"), maximumTokens: 100,
                        sampling: .greedy, ignoreEndOfGeneration: true))
            }
        }
        try await cluster.when { report in !report.stages.contains { $0.device == "w1" && !$0.layers.isEmpty } }
        answering.cancel()
        _ = await answering.result
        let notes = cluster.progress.compactMap { if case .note(let text) = $0 { text } else { nil } }
        #expect(notes.contains { $0.hasPrefix("w1 is too hot (90 °C)") })
        await cluster.stop()
    }
}
