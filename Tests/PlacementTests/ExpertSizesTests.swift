import Placement
import Testing

@Suite struct ExpertSizesTests {
    @Test func `a row reads the experts that it takes, and many rows nearly all`() {
        let experts = WeightBytes.Experts(count: 8, used: 2)
        #expect(experts.share(rows: 1) == 0.25)
        // Two rows miss an expert where both take others: 0.75².
        #expect(experts.share(rows: 2) == 1 - 0.75 * 0.75)
        #expect(experts.share(rows: 64) > 0.9999)
        let weights = WeightBytes(elementType: 2, elements: 1000, bytes: 800, experts: experts)
        #expect(weights.bytesRead(rows: 1) == 200)
        // Of four rows each of the 5.47 experts that are expected to be chosen gets 1.46.
        #expect(weights.rowsPerPart(rows: 4) == 1 && weights.rowsPerPart(rows: 64) == 16)
        #expect(WeightBytes(elementType: 2, elements: 1000, bytes: 800).bytesRead(rows: 1) == 800)
    }

    @Test func `weights of experts are counted apart from others of their type`() {
        let experts = WeightBytes.Experts(count: 4, used: 1)
        let part = PartSize([
            WeightBytes(elementType: 2, elements: 10, bytes: 8),
            WeightBytes(elementType: 2, elements: 40, bytes: 32, experts: experts),
            WeightBytes(elementType: 2, elements: 5, bytes: 4),
        ])
        #expect(part.bytes == 44 && part.weights.count == 2)
        #expect(part.weights.reduce(0) { $0 + $1.bytesRead(rows: 1) } == 12 + 8)
    }

    @Test func `layers with a window read no more of a history than it`() {
        let step = StepShape.decoding(streams: 3, history: 1000)
        #expect(step.positions == 3000)
        #expect(step.positions(window: 128) == 384 && step.positions(window: 4096) == 3000)
    }

    @Test func `each layer takes the memory of its own keys and values`() throws {
        func part(_ bytes: Int) -> PartSize { PartSize([WeightBytes(elementType: 2, elements: bytes, bytes: bytes)]) }
        let model = ModelSizes(
            layers: [part(100), part(100)], embedding: part(10), head: part(10), tiedEmbedding: false, width: 32,
            vocabulary: 10, states: [StateSize(bytesPerPosition: 4), StateSize(bytesPerPosition: 1)], scratchBytes: 0)
        let plan = try place(
            PlacementRequest(
                devices: [DeviceCapacity(name: "lap", memoryBytes: 1 << 20, isCoordinator: true)], model: model,
                context: 128, slots: 1))
        #expect(plan.stages.map(\.keyValueBytes) == [(4 + 1) * 128])
    }
}
