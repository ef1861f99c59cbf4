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

    /// The plan for a model on a shipped cluster, with a coordinator of its own.
    private func plan(_ declaration: ClusterDeclaration, _ model: ModelSizes) throws -> PlacementPlan {
        let coordinator = DeviceCapacity(
            name: ClusterDeclaration.coordinatorName, memoryBytes: 1 << 30, isCoordinator: true)
        return try place(
            PlacementRequest(
                devices: [coordinator]
                    + declaration.devices.map {
                        DeviceCapacity(name: $0.name, memoryBytes: $0.memory ?? 0, speed: $0.speed)
                    },
                model: model, context: declaration.context ?? 0, slots: declaration.slots ?? 0, pins: declaration.pins))
    }

    private func sizes(
        layers: Int, of layerBytes: Int, ends: Int, tied: Bool, width: Int, keyValues: Int
    ) -> ModelSizes {
        func part(_ bytes: Int) -> PartSize {
            PartSize([WeightBytes(elementType: 2, elements: bytes / 18 * 32, bytes: bytes)])
        }
        return ModelSizes(
            layers: Array(repeating: part(layerBytes), count: layers), embedding: part(ends), head: part(ends),
            tiedEmbedding: tied, width: width, vocabulary: 32000, keyValueBytesPerPositionPerLayer: keyValues,
            scratchBytes: 16 << 20)
    }

    @Test func `the loopback cluster splits thirty layers evenly over three workers`() throws {
        let declaration = try read("loopback3.yaml")
        #expect(
            declaration.devices.map(\.address.description) == ["127.0.0.1:7071", "127.0.0.1:7072", "127.0.0.1:7073"])
        // Sizes as of SmolLM2-135M-Instruct Q4_1.
        let plan = try plan(
            declaration, sizes(layers: 30, of: 2_300_000, ends: 30_081_024, tied: true, width: 576, keyValues: 768))
        #expect(plan.stages.map(\.layers.count) == [0, 10, 10, 10, 0])
        #expect(plan.stages.map(\.device) == ["coordinator", "pi1", "pi2", "pi3", "coordinator"])
    }

    @Test func `thirteen billion weights are planned for declared Pis, and for a mixture by speed`() throws {
        // Sizes as of llama-2-13b Q4_0.
        let model = sizes(layers: 40, of: 178_421_760, ends: 92_160_000, tied: false, width: 5120, keyValues: 20480)
        let pis = try plan(try read("pi5x4.yaml"), model)
        #expect(pis.prediction.unmeasuredDevices == ["coordinator"])
        // 7.1 GB at 11.4 GB/s for one stream, whichever Pis they are read on.
        #expect((1.3...1.6).contains(pis.prediction.tokensPerSecond))
        let mixed = try plan(try read("pi-laptop-mix.yaml"), model)
        let layers = Dictionary(grouping: mixed.stages, by: \.device).mapValues {
            $0.reduce(0) { $0 + $1.layers.count }
        }
        #expect(layers["laptop", default: 0] > layers["pi4a", default: 0])
        #expect(layers["pi5", default: 0] > layers["pi4a", default: 0])
    }
}
