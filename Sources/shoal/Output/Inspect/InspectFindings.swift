import Formats
import GGUF
import ModelGraph
import Tensors
import Tokenizer

/// Something about a file that is not supported.
struct InspectProblem: Encodable {
    enum Subject: String, Encodable {
        /// The file is no model.
        case content
        case architecture
        /// A feature of an architecture that is supported.
        case feature
        /// Metadata that make no model.
        case configuration
        case tensors
        case tokenizer
        case template
    }

    var about: Subject
    /// What, why, and what to do.
    var message: String

    /// Whether the model cannot be run for it.
    var stopsModel: Bool { about != .template }
}

/// What of a file can be understood, and why the rest cannot.
struct InspectFindings {
    private(set) var configuration: ModelConfiguration?
    private(set) var tokenizer: Tokenizer?
    /// What the tokenizer makes of what the file leaves open.
    private(set) var warnings: [String] = []
    private(set) var problems: [InspectProblem] = []

    init(_ file: GGUFFile) {
        do throws(GGUFError) {
            try file.checkIsModel()
            readModel(file)
        } catch {
            add(.content, "the file \(error.message): \(error.mend)")
            configuration = try? ModelConfiguration(file: file)
        }
        // What has no tokenizer on purpose, such as an adapter, has told that it is no model.
        if file.content == .model || file.metadata["tokenizer.ggml.model"] != nil { readTokenizer(file) }
        if let error = InspectTemplate(file.metadata)?.error { add(.template, "chats are not answered: \(error)") }
    }

    private mutating func add(_ about: InspectProblem.Subject, _ message: String) {
        problems.append(InspectProblem(about: about, message: message))
    }

    private mutating func readModel(_ file: GGUFFile) {
        do throws(ModelError) {
            let configuration = try ModelConfiguration(file: file)
            self.configuration = configuration
            try configuration.check(tensorsOf: file)
        } catch {
            switch error.code {
            case .unsupportedArchitecture: add(.architecture, "\(error)")
            case .unsupportedFeature: add(.feature, "\(error)")
            case .invalidConfiguration: add(.configuration, "\(error)")
            default: add(.tensors, "\(error)")
            }
        }
        let unsupported = file.tensors.filter { !WeightMatrix.supportedTypes.contains($0.type) }
        for (type, tensors) in Dictionary(grouping: unsupported, by: \.type).sorted(by: { $0.key.name < $1.key.name }) {
            let names = tensors.prefix(4).map(\.name).joined(separator: ", ") + (tensors.count > 4 ? ", …" : "")
            add(
                .tensors,
                "\(tensors.count == 1 ? "a tensor is" : "\(tensors.count) tensors are") of type \(type.name), which is not supported: \(names); use a file of "
                    + WeightMatrix.supportedTypes.map(\.name).joined(separator: ", "))
        }
    }

    private mutating func readTokenizer(_ file: GGUFFile) {
        do throws(TokenizerError) {
            let tokenizer = try Tokenizer(metadata: file.metadata)
            self.tokenizer = tokenizer
            warnings = tokenizer.warnings
            if let rows = InspectTokenizer.embeddingRows(file),
                let warning = try tokenizer.check(embeddingRows: rows)
            {
                warnings.append(warning)
            }
        } catch {
            add(.tokenizer, "\(error)")
        }
    }
}
