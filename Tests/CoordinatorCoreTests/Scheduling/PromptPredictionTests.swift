import CoordinatorCore
import Placement
import Testing

/// What a plan says of the time to a prompt's first token, against what the scheduler makes of it in simulated time.
struct PromptPredictionTests {
    /// Twenty layers of 100 MB on so many equal devices, whose products are a line in the rows.
    private func request(devices: Int, manyRows: Double) -> PlacementRequest {
        func part(_ bytes: Int) -> PartSize {
            PartSize([WeightBytes(elementType: 2, elements: bytes, bytes: bytes)])
        }
        let speed = DeviceSpeed(
            readBytesPerSecond: 10e9,
            products: [
                ProductSpeed(elementType: 2, rows: 1, bytesPerSecond: 10e9),
                ProductSpeed(elementType: 2, rows: 256, bytesPerSecond: manyRows),
            ])
        let own = DeviceCapacity(name: "lap", memoryBytes: 1 << 40, isCoordinator: true, speed: speed)
        let workers = (0..<devices).map { DeviceCapacity(name: "pi\($0)", memoryBytes: 1 << 40, speed: speed) }
        let sizes = ModelSizes(
            layers: Array(repeating: part(100_000_000), count: 20), embedding: part(1), head: part(1),
            tiedEmbedding: false, width: 64, vocabulary: 100, keyValueBytesPerPositionPerLayer: 0, scratchBytes: 0)
        return PlacementRequest(devices: [own] + workers, model: sizes, context: 4096, slots: 4)
    }

    /// Seconds to the first token, as predicted and as the scheduler gets there once it knows the costs.
    private func times(_ request: PlacementRequest) throws -> (predicted: Double, simulated: Double) {
        let plan = try place(request)
        let costs = CostModel(request)
        let speed = CostModel.speed(request.devices[0])
        let stages = plan.stages.map { stage in
            func seconds(_ rows: Int) -> Double {
                let step = StepShape.prompt(rows: rows, from: 0, isLast: false)
                return stage.layers.reduce(CostModel.stageOverhead) { $0 + costs.layer($1, speed, step) }
            }
            let perRow = (seconds(201) - seconds(1)) / 200
            return SimulatedPipe.Cost(fixed: seconds(1) - perRow, perGenerating: perRow, perPrompt: perRow)
        }
        let limits = Scheduler.Limits(
            context: 4096, slots: 4, stages: stages.count, depth: plan.prediction.depth)
        var pipe = SimulatedPipe(
            limits, stages: stages, hop: LinkSpeed.nominal.roundTripSeconds / 2 + CostModel.hopOverhead)
        let tokens = plan.prediction.promptTokens
        for seed in 0..<4 {
            pipe.run([.init(prompt: SimulatedPipe.prompt(tokens, seed: UInt32(seed)), most: 1)])
        }
        let begin = pipe.now
        pipe.run([.init(prompt: SimulatedPipe.prompt(tokens, seed: 9), most: 1)])
        return (plan.prediction.secondsToFirstToken, pipe.answers.last!.times[0] - begin)
    }

    @Test(arguments: [1, 2, 4, 8], [0.4e9, 1e9, 4e9])
    func `the predicted time to the first token is what the scheduler needs`(devices: Int, manyRows: Double) throws {
        let (predicted, simulated) = try times(request(devices: devices, manyRows: manyRows))
        #expect(abs(predicted / simulated - 1) < 0.15, "\(predicted) s predicted, \(simulated) s simulated")
    }

    @Test func `four devices bring a prompt's first token in less than half the time`() throws {
        let one = try times(request(devices: 1, manyRows: 0.4e9))
        let four = try times(request(devices: 4, manyRows: 0.4e9))
        #expect(four.predicted < 0.45 * one.predicted)
        #expect(four.simulated < 0.45 * one.simulated)
    }
}
