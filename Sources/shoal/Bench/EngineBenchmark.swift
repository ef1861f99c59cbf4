import ModelParts
import Formats
import GGUF
import ModelGraph
import Tensors

/// Times one model in this process: prompt, decode, and the memory bandwidth that bounds decoding.
struct EngineBenchmark {
    let model: GGUFFile
    /// Where its packed weights are kept; nil is in memory alone.
    let packed: PackedFolder?
    let threads: Int
    /// Whether each of them, the calling one too, stays on a core of its own.
    let isPinned: Bool
    let promptTokens: Int
    let generateTokens: Int
    let repetitions: Int
    let profiles: Bool
    let keyValueType: KeyValueType

    /// One figure over several runs.
    struct Spread: Encodable {
        var median: Double
        var minimum: Double
        var maximum: Double

        init(_ values: [Double]) {
            let sorted = values.sorted()
            median = sorted[sorted.count / 2]
            minimum = sorted[0]
            maximum = sorted[sorted.count - 1]
        }
    }

    struct Result: Encodable {
        var model: String
        var threads: Int
        var instructionSet: String
        var promptTokens: Int
        var generateTokens: Int
        var loadSeconds: Double
        /// How many matrices were mapped as an earlier start had packed them, packed and kept, or packed into memory.
        var matricesMapped: Int
        var matricesWritten: Int
        var matricesInMemory: Int
        /// Why they could not be kept.
        var packedHint: String?
        var promptTokensPerSecond: Double
        var decodeTokensPerSecond: Double
        var readBandwidthGbPerSecond: Double
        /// Bytes that one decoded token reads: of the weights, and of the key-value cache on average.
        var bytesPerToken: Int
        /// Those of the cache.
        var cacheBytesPerToken: Int
        /// What decoding reads per second, as a share of the read bandwidth.
        var decodeBandwidthShare: Double
        var promptSpread: Spread
        var decodeSpread: Spread
        /// Where the time goes, if it was asked for; measuring it costs some of the speed.
        var profile: [OperationShare]?
    }

    /// What one operation takes.
    struct OperationShare: Encodable {
        var operation: String
        var promptMilliseconds: Double
        var promptShare: Double
        var decodeMillisecondsPerToken: Double
        var decodeShare: Double
    }

    /// - Parameter progress: called after each repetition with how many are done.
    /// - Throws: `ModelError`, `TensorError`
    func run(progress: (Int) -> Void) throws -> Result {
        let pool = ThreadPool(threads: threads, pinned: isPinned)
        pool.pinCaller()
        let configuration = try ModelConfiguration(file: model)
        let loading = ContinuousClock.now
        let stage = try Stage(
            configuration: configuration, range: .whole(configuration), tensors: model, compute: .int8,
            keyValueType: keyValueType, context: promptTokens + generateTokens + 1, pool: pool, packed: packed)
        let loadSeconds = (ContinuousClock.now - loading) / .seconds(1)
        var logits = [Float](repeating: 0, count: configuration.vocabulary)
        // Ids spread over the vocabulary; which they are makes no difference to the time.
        let prompt = (0..<promptTokens).map { UInt32(($0 * 7919 + 13) % configuration.vocabulary) }
        var promptRates: [Double] = []
        var decodeRates: [Double] = []
        var bandwidths: [Double] = []
        let reading = try ReadBandwidth(pool: pool)
        let cacheBytes = cacheBytesPerToken(configuration)
        let bytes = weightBytesPerToken(configuration) + cacheBytes
        let promptTimes = OperationTimes(), decodeTimes = OperationTimes()
        for repetition in 0..<(repetitions + 1) {
            if repetition == 1 { for times in [promptTimes, decodeTimes] { times.reset() } }
            try stage.open(sequence: 1)
            stage.times = profiles ? promptTimes : nil
            let promptSeconds = try time { try step(stage, prompt, at: 0, &logits) }
            stage.times = profiles ? decodeTimes : nil
            let before = reading.measure()
            let decodeSeconds = try time {
                for index in 0..<generateTokens {
                    let token = UInt32((index * 104_729 + 7) % configuration.vocabulary)
                    try step(stage, [token], at: promptTokens + index, &logits)
                }
            }
            stage.close(sequence: 1)
            // The first is for warming up.
            guard repetition > 0 else { continue }
            promptRates.append(Double(promptTokens) / promptSeconds)
            decodeRates.append(Double(generateTokens) / decodeSeconds)
            // Other users of the machine come and go: the roof is what was measured just before and just after.
            bandwidths.append((before + reading.measure()) / 2)
            progress(repetition)
        }
        let (prompts, decodes, bandwidth) = (Spread(promptRates), Spread(decodeRates), Spread(bandwidths).median)
        return Result(
            model: model.path, threads: threads, instructionSet: Kernels.instructionSet, promptTokens: promptTokens,
            generateTokens: generateTokens, loadSeconds: loadSeconds, matricesMapped: stage.packedUse.mapped,
            matricesWritten: stage.packedUse.written, matricesInMemory: stage.packedUse.inMemory,
            packedHint: stage.packedUse.hint, promptTokensPerSecond: prompts.median,
            decodeTokensPerSecond: decodes.median,
            readBandwidthGbPerSecond: bandwidth / 1e9, bytesPerToken: bytes,
            cacheBytesPerToken: cacheBytes, decodeBandwidthShare: decodes.median * Double(bytes) / bandwidth,
            promptSpread: prompts,
            decodeSpread: decodes, profile: profiles ? profile(promptTimes, decodeTimes) : nil)
    }

    private func profile(_ prompt: OperationTimes, _ decode: OperationTimes) -> [OperationShare] {
        Operation.allCases.map { operation in
            OperationShare(
                operation: operation.name,
                promptMilliseconds: prompt[operation] / .milliseconds(repetitions),
                promptShare: prompt[operation] / prompt.total,
                decodeMillisecondsPerToken: decode[operation] / .milliseconds(repetitions * generateTokens),
                decodeShare: decode[operation] / decode.total)
        }
    }

    private func step(_ stage: Stage, _ tokens: [UInt32], at position: Int, _ logits: inout [Float]) throws(ModelError)
    {
        let spans = [RowSpan(sequence: 1, position: position, count: tokens.count)]
        let failure = logits.withUnsafeMutableBufferPointer { output in
            tokens.withUnsafeBufferPointer { input -> ModelError? in
                do throws(ModelError) {
                    try stage.forward(
                        input: .tokens(input), spans: spans, outputRows: [tokens.count - 1], output: output)
                    return nil
                } catch {
                    return error
                }
            }
        }
        if let failure { throw failure }
    }

    /// The weights of all layers and of the head; of the embedding one token reads a single row.
    private func weightBytesPerToken(_ configuration: ModelConfiguration) -> Int {
        let has = { (name: String) in model.tensor(named: name) != nil }
        func bytes(_ names: [String], experts: (count: Int, used: Int)? = nil) -> Int {
            names.compactMap { model.tensor(named: $0) }.reduce(0) { sum, tensor in
                guard let experts, tensor.dimensions.count > 2, WeightKind(tensor: tensor.name) == .experts else {
                    return sum + tensor.byteCount
                }
                return sum + tensor.byteCount / experts.count * experts.used
            }
        }
        return (0..<configuration.layers).reduce(bytes(configuration.headTensorNames(has: has))) {
            $0 + bytes(configuration.tensorNames(layer: $1, has: has), experts: configuration.experts(layer: $1))
        }
    }

    /// All positions before the token and its own, on average over those that are decoded.
    private func cacheBytesPerToken(_ configuration: ModelConfiguration) -> Int {
        let doubled = 2 * promptTokens + generateTokens + 1
        return (0..<configuration.layers).reduce(0) { sum, layer in
            let seen = min(doubled, configuration.window(layer: layer).map { 2 * $0 } ?? .max)
            let bytes = configuration.keyValueBytesPerPosition(
                layer: layer, compute: .int8, keyValueType: keyValueType)
            return sum + seen * bytes
        } / 2
    }

    private func time(_ work: () throws -> Void) rethrows -> Double {
        let started = ContinuousClock.now
        try work()
        return (ContinuousClock.now - started) / .seconds(1)
    }
}
