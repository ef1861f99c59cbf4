import CoordinatorCore
import Placement
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct EndingTests {
    @Test func `A device without a part is no news when the coordinator ends`() async throws {
        var settings = LocalCluster.Settings()
        settings.pins = [Pin(layers: 0...3, device: "w1")]
        let cluster = try await LocalCluster.prepare(workers: 2, settings: settings)
        try await cluster.coordinator.start()
        let report = await cluster.coordinator.report()
        #expect(!report.stages.contains { $0.device == "w2" } && report.devices.allSatisfy(\.connected))
        await cluster.coordinator.end()
        let said = cluster.progress.filter { event in
            switch event {
            case .note, .lost, .waiting: true
            default: false
            }
        }
        #expect(said.isEmpty)
        await cluster.stop()
    }
}
