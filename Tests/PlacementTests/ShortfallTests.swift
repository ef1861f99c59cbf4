import Placement
import TestSupport
import Testing

/// What is offered where a model does not fit is enough, and the least that is.
@Suite("Mends of a shortfall")
struct ShortfallTests {
    private static let types: [(name: String, bits: Double)] = [
        ("Q8_0", 8.5), ("Q6_K", 6.5625), ("Q5_K", 5.5), ("Q4_K", 4.5), ("Q3_K", 3.4375), ("Q2_K", 2.625),
    ]

    /// A model in F16 or Q8_0 that needs about as much as the devices have.
    private func request(_ random: inout SeededGenerator) -> PlacementRequest {
        let isHalf = Bool.random(using: &random)
        func part(_ elements: Int) -> PartSize {
            PartSize([
                WeightBytes(
                    elementType: isHalf ? 1 : 8, elements: elements, bytes: isHalf ? elements * 2 : elements / 32 * 34)
            ])
        }
        let layers = Int.random(in: 2...8, using: &random)
        let sizes = ModelSizes(
            layers: (0..<layers).map { _ in part(Int.random(in: 1...30, using: &random) * 3200) },
            embedding: part(6400),
            head: part(6400), tiedEmbedding: false, width: 64, vocabulary: 100, keyValueBytesPerPositionPerLayer: 128,
            smallKeyValueBytesPerPositionPerLayer: 68, scratchBytes: 500)
        let devices = (0..<Int.random(in: 1...3, using: &random)).map {
            device("pi\($0)", Int.random(in: 30_000...400_000, using: &random))
        }
        var request = PlacementRequest(
            devices: [lap] + devices, model: sizes, context: Int.random(in: 1...300, using: &random),
            slots: Int.random(in: 1...5, using: &random))
        if Int.random(in: 0..<4, using: &random) == 0 { request.preferences.maximumDevices = 2 }
        if Int.random(in: 0..<4, using: &random) == 0 { request.pins = [Pin(layers: 0...0, device: "pi0")] }
        return request
    }

    private func fits(_ request: PlacementRequest, _ change: (inout PlacementRequest) -> Void) -> Bool {
        (try? place(request.with(change))) != nil
    }

    private func quantized(_ part: PartSize, _ bits: Double) -> PartSize {
        PartSize(
            part.weights.map {
                WeightBytes(
                    elementType: 99, elements: $0.elements,
                    bytes: min($0.bytes, Int((Double($0.elements) * bits / 8).rounded(.up))))
            })
    }

    private func quantize(_ request: inout PlacementRequest, _ bits: Double) {
        request.model.layers = request.model.layers.map { quantized($0, bits) }
        request.model.embedding = quantized(request.model.embedding, bits)
        request.model.head = quantized(request.model.head, bits)
    }

    @Test func `each alone is enough, and one less is not`() throws {
        var random = SeededGenerator(seed: 11)
        var checked = 0
        var offered = [0, 0, 0, 0, 0]
        for number in 0..<300 {
            let request = request(&random)
            guard
                case .doesNotFit(let shortfall) = Result(catching: { () throws(PlacementError) in try place(request) })
                    .failure
            else { continue }
            checked += 1
            let which: Comment = "\(random), case \(number): \(shortfall)"
            if let extra = shortfall.extraDeviceBytes {
                offered[0] += 1
                #expect(fits(request) { $0.devices.append(device("more", extra)) }, which)
                #expect(!fits(request) { $0.devices.append(device("more", extra - 1)) }, which)
            }
            if let context = shortfall.fittingContext {
                offered[1] += 1; #expect(fits(request) { $0.context = context }, which)
            }
            #expect(!fits(request) { $0.context = (shortfall.fittingContext ?? 0) + 1 }, which)
            if let slots = shortfall.fittingSlots {
                offered[2] += 1; #expect(fits(request) { $0.slots = slots }, which)
            }
            #expect(!fits(request) { $0.slots = (shortfall.fittingSlots ?? 0) + 1 }, which)
            if shortfall.smallKeyValuesFit { offered[3] += 1 }
            #expect(
                fits(request) { request in
                    request.model.states = request.model.states.map { _ in StateSize(bytesPerPosition: 68) }
                } == shortfall.smallKeyValuesFit, which)
            if shortfall.fittingQuantization != nil { offered[4] += 1 }
            let largest = Self.types.first { type in fits(request) { quantize(&$0, type.bits) } }
            #expect(largest?.name == shortfall.fittingQuantization, which)
            if let most = request.preferences.maximumDevices {
                let enough = (most + 1..<most + 4).first { most in
                    fits(request) { $0.preferences.maximumDevices = most }
                }
                #expect(enough == shortfall.fittingMaximumDevices, which)
            }
        }
        #expect(checked > 60 && offered.allSatisfy { $0 > 5 }, "\(checked): \(offered)")
    }

    @Test func `thirteen billion weights on two devices of three gibibytes name all that helps`() throws {
        // llama-2-13b in Q4_0: 40 layers of 178.5 MB.
        let layer = PartSize([WeightBytes(elementType: 2, elements: 317_194_240, bytes: 178_421_760)])
        let end = PartSize([WeightBytes(elementType: 2, elements: 163_840_000, bytes: 92_160_000)])
        var request = PlacementRequest(
            devices: [lap, device("pi1", 3 << 30), device("pi2", 3 << 30)],
            model: ModelSizes(
                layers: Array(repeating: layer, count: 40), embedding: end, head: end, tiedEmbedding: false,
                width: 5120,
                vocabulary: 32000, keyValueBytesPerPositionPerLayer: 20480,
                smallKeyValueBytesPerPositionPerLayer: 10880,
                scratchBytes: 60 << 20),
            context: 2048, slots: 1)
        let error = try #require(throws: PlacementError.self) { try place(request) }
        guard case .doesNotFit(let shortfall) = error else { throw error }
        #expect(shortfall.missingBytes == shortfall.extraDeviceBytes! - (60 << 20))
        #expect(shortfall.fittingContext == nil && shortfall.fittingSlots == nil && !shortfall.smallKeyValuesFit)
        #expect(shortfall.fittingQuantization == "Q2_K")
        #expect(error.description.contains("\(shortfall.missingBytes) bytes") && error.description.contains("Q2_K"))
        request.devices += [device("pi3", 3 << 30), device("pi4", 3 << 30)]
        #expect(try place(request).stages.filter { !$0.layers.isEmpty }.count >= 3)
    }
}

extension Result {
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
