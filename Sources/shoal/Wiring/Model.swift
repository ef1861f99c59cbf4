import ModelParts
import CoordinatorCore
import Formats
import GGUF
import ModelGraph
import Placement
import Tensors
import Tokenizer
import Wire
import WorkerCore

/// A model's file, or all files of a split one, opened.
struct Model {
    let file: GGUFFile

    /// - Parameter isWhole: whether what holds no model is refused, such as a vocabulary or an adapter.
    /// - Throws: `GGUFError`
    init(path: String, isWhole: Bool = true) throws {
        file = try GGUFFile.openModel(path: path)
        if isWhole { try file.checkIsModel() }
    }

    /// What the coordinator must know of the model, from its architecture.
    ///
    /// - Throws: `ModelError` where the architecture, a size, the cache's or a tensor's type cannot be computed.
    func facts(
        compute: ComputeMode, keyValueType: KeyValueType, context: Int?, threads: Int
    ) throws -> ModelFacts {
        let configuration = try ModelConfiguration(file: file)
        try checkTypes()
        try configuration.check(tensorsOf: file)
        try check()
        let context = context ?? min(configuration.trainedContext, CoordinatorConfiguration.defaultContext)
        return ModelFacts(
            sizes: try ModelSizes(
                measuring: file, compute: compute, keyValueType: keyValueType, context: context, threads: threads),
            vocabularySize: configuration.vocabulary, trainedContext: configuration.trainedContext)
    }

    /// The file's tokenizer; says on standard error what the file leaves open.
    func tokenizer() throws -> Tokenizer {
        let tokenizer = try Tokenizer(metadata: file.metadata)
        try check()
        var warnings = tokenizer.warnings
        if let rows = file.tensors.first(where: { $0.name == TensorNames.embeddingMatrix })?.rows,
            let warning = try tokenizer.check(embeddingRows: rows)
        {
            warnings.append(warning)
        }
        for warning in warnings { Console.error("warning: \(file.path): \(warning)") }
        return tokenizer
    }

    /// To be called after something was read of the file, before anything comes of it.
    ///
    /// - Throws: `FileError` when it was made shorter or written to since it was opened.
    func check() throws { try file.check() }

    /// Refuses types that no kernel computes before anything is sent or loaded.
    private func checkTypes() throws {
        if let tensor = file.tensors.first(where: { !WeightMatrix.supportedTypes.contains($0.type) }) {
            throw CommandError(
                "\(file.path): tensor \(tensor.name) is of type \(tensor.type.name), which is not supported; use a file of "
                    + WeightMatrix.supportedTypes.map(\.name).joined(separator: ", "))
        }
    }
}
