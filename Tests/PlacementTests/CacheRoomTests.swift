import Placement
import Testing

/// What the caches of all sequences have room for.
struct CacheRoomTests {
    private func room(_ context: Int, slots: Int = 2, positions: Int? = nil) -> CacheRoom {
        CacheRoom(context: context, slots: slots, rowsPerStep: 256, pagePositions: 64, positions: positions)
    }

    @Test func `a layer with a window has room for that, a step, and some positions to go back`() {
        // 512 + 128 + 256 positions are in 15 pages at most, without the step in 11; two sequences are at work, three at rest.
        #expect(room(8192).positions(window: 512) == 64 * (2 * 15 + 3 * 11))
        #expect(room(8192).positions(window: nil) == 2 * 8192)
        #expect(room(1 << 20).positions(window: 512) == room(8192).positions(window: 512))
        // One that begins within a page: 513 take as many pages more as 576 do.
        #expect(room(8192).positions(window: 513) == room(8192).positions(window: 576))
    }

    @Test func `a layer with a window never has more room than one that keeps all`() {
        #expect(room(100).positions(window: 512) == 2 * 128)
        #expect(room(8192).positions(window: 8000) == 2 * 8192)
        #expect(room(8192, positions: 1024).positions(window: 512) == 1024)
        #expect(room(8192, positions: 1024).positions == 1024)
        #expect(room(.max).positions(window: .max) == .max)
        #expect(room(1 << 40, slots: .max).positions == .max)
    }

    @Test func `a model's plan counts what its windows need`() throws {
        let layer = PartSize([WeightBytes(elementType: 0, elements: 10, bytes: 40)])
        var model = ModelSizes(
            layers: [layer, layer], embedding: layer, head: layer, tiedEmbedding: false, width: 32, vocabulary: 10,
            keyValueBytesPerPositionPerLayer: 3, scratchBytes: 5)
        model.states[1].window = 512
        #expect(model.windows == [512])
        var request = PlacementRequest(
            devices: [DeviceCapacity(name: "a", memoryBytes: 1 << 30, isCoordinator: true)], model: model,
            context: 8192,
            slots: 2)
        request.pagePositions = 64
        let plan = try place(request)
        #expect(
            plan.stages.reduce(0) { $0 + $1.keyValueBytes } == 3 * (2 * 8192 + room(8192).positions(window: 512)))
        request.slots = .max
        #expect(throws: PlacementError.self) { try place(request) }
        // Of a smaller cache the windows stay.
        #expect(room(8192).positions(window: model.states[1].window) < 2 * 8192)
    }
}
