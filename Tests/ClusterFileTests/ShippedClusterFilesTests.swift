import ClusterFile
import Foundation
import Placement
import Testing

/// The files of `Cluster/` in the repository.
@Suite("Shipped cluster files")
struct ShippedClusterFilesTests {
    private static let folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "Cluster")

    private func read(_ name: String) throws -> ClusterDeclaration {
        let url = Self.folder.appending(path: name)
        return try ClusterDeclaration(yaml: String(contentsOf: url, encoding: .utf8), file: url.path)
    }

    @Test func `all can be read`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".yaml")
        }
        #expect(names.count >= 2)
        for name in names { #expect(throws: Never.self) { try read(name) } }
    }

    @Test func `the loopback cluster splits thirty layers unevenly over three workers`() throws {
        let declaration = try read("loopback3.yaml")
        #expect(
            declaration.devices.map(\.address.description) == ["127.0.0.1:7071", "127.0.0.1:7072", "127.0.0.1:7073"])
        let coordinator = DeviceCapacity(
            name: ClusterDeclaration.coordinatorName, memoryBytes: 1 << 30, isCoordinator: true)
        // Sizes as of SmolLM2-135M-Instruct Q4_1.
        let model = ModelSizes(
            layerBytes: Array(repeating: 2_300_000, count: 30), embeddingBytes: 30_081_024, headBytes: 30_083_328,
            tiedEmbedding: true, keyValueBytesPerPositionPerLayer: 768, scratchBytes: 16 << 20)
        let plan = try place(
            PlacementRequest(
                devices: [coordinator]
                    + declaration.devices.map { DeviceCapacity(name: $0.name, memoryBytes: $0.memory ?? 0) },
                model: model, context: declaration.context ?? 0, slots: declaration.slots ?? 0, pins: declaration.pins))
        #expect(plan.stages.map(\.layers.count) == [0, 12, 6, 12, 0])
    }
}
