import ModelParts
import Formats
import GGUF
import ModelGraph
import Tensors
import TestSupport

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Whether two arrays hold the same bits.
func equalBits(_ left: [Float], _ right: [Float]) -> Bool {
    left.count == right.count && memcmp(left, right, left.count * 4) == 0
}

/// A tiny model as a file in memory.
func tinyFile(_ type: ElementType, sharesEmbedding: Bool = false, window: Int? = nil) throws -> GGUFFile {
    var model = TinyModel(type: type)
    model.window = window
    model.sharesEmbedding = sharesEmbedding
    model.layers = 5
    return try GGUFFile(bytes: MappedBytes(copying: model.file()), path: "tiny.gguf")
}

/// Stages that together are a model; `splits` are the layers where new stages begin.
struct Pipeline {
    let configuration: ModelConfiguration
    let stages: [Stage]

    init(
        _ file: GGUFFile, splits: [Int] = [], compute: ComputeMode = .int8, keyValueType: KeyValueType = .standard,
        threads: Int = 1, context: Int = 512, packed: (any PackedPlaces)? = nil, givesBack: Bool = true
    ) throws {
        configuration = try ModelConfiguration(file: file)
        let bounds = [0] + splits + [configuration.layers], pool = ThreadPool(threads: threads)
        var stages: [Stage] = []
        for index in 1..<bounds.count {
            let range = StageRange(
                embedding: index == 1, layers: bounds[index - 1]..<bounds[index], head: index == bounds.count - 1)
            stages.append(
                try Stage(
                    configuration: configuration, range: range, tensors: file, compute: compute,
                    keyValueType: keyValueType, context: context, pool: pool, packed: packed, givesBack: givesBack))
        }
        self.stages = stages
    }

    /// Stages that are there already.
    init(configuration: ModelConfiguration, stages: [Stage]) {
        self.configuration = configuration
        self.stages = stages
    }

    func open(_ sequence: UInt32) throws { for stage in stages { try stage.open(sequence: sequence) } }

    /// Logits of all rows of a batch, or of `outputRows`.
    func forward(_ tokens: [UInt32], spans: [RowSpan], outputRows: [Int]? = nil) throws -> [Float] {
        var activations: [Float] = []
        for (index, stage) in stages.enumerated() {
            let isLast = index == stages.count - 1
            let rows = isLast ? outputRows : nil
            var output = [Float](repeating: .nan, count: (rows?.count ?? tokens.count) * stage.outputWidth)
            try output.withUnsafeMutableBufferPointer { output in
                if index == 0 {
                    try tokens.withUnsafeBufferPointer {
                        try stage.forward(input: .tokens($0), spans: spans, outputRows: rows, output: output)
                    }
                } else {
                    try activations.withUnsafeBufferPointer {
                        try stage.forward(input: .activations($0), spans: spans, outputRows: rows, output: output)
                    }
                }
            }
            activations = output
        }
        return activations
    }

    /// Logits of all positions of a new sequence, fed `chunk` tokens at a time.
    func logits(_ tokens: [UInt32], sequence: UInt32 = 1, chunk: Int = .max) throws -> [Float] {
        try open(sequence)
        var logits: [Float] = []
        var position = 0
        while position < tokens.count {
            let count = min(chunk, tokens.count - position)
            logits += try forward(
                Array(tokens[position..<position + count]),
                spans: [RowSpan(sequence: sequence, position: position, count: count)])
            position += count
        }
        return logits
    }

    /// The most likely tokens after a prompt, one after the other, with the logits of the prompt's last position.
    func greedy(_ prompt: [UInt32], count: Int, sequence: UInt32 = 1) throws -> (tokens: [UInt32], first: [Float]) {
        try open(sequence)
        var last = try forward(
            prompt, spans: [RowSpan(sequence: sequence, position: 0, count: prompt.count)],
            outputRows: [prompt.count - 1])
        let first = last
        var tokens = [mostLikely(last[...])]
        while tokens.count < count {
            let span = RowSpan(sequence: sequence, position: prompt.count + tokens.count - 1, count: 1)
            last = try forward([tokens.last!], spans: [span])
            tokens.append(mostLikely(last[...]))
        }
        return (tokens, first)
    }
}

func mostLikely(_ logits: ArraySlice<Float>) -> UInt32 {
    UInt32(logits.indices.max { logits[$0] < logits[$1] }! - logits.startIndex)
}

func largestDifference(_ left: some Swift.Sequence<Float>, _ right: some Swift.Sequence<Float>) -> Float {
    zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// mean((a - b)²) / mean(b²)
func normalizedError(_ found: [Float], _ expected: [Float]) -> Double {
    let error = zip(found, expected).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    return error / expected.reduce(0.0) { $0 + Double($1) * Double($1) }
}
