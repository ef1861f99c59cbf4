package import GGUF

/// Architectures that are implemented; the raw value is `general.architecture`. A new one: a case here, and a file in `Architectures` that
/// begins with what it does beyond llama.
package enum Architecture: String, Sendable, Hashable, CaseIterable {
    case llama
    case mistral3
    case smollm3
    case qwen2, qwen3
    case qwen2moe, qwen3moe
    case gemma, gemma2, gemma3
    case gemma4
    case phi2, phi3
    case granite, granitemoe
    case olmo2
    case glm4
    case cohere2
    case stablelm
    case starcoder2
    case gptOss = "gpt-oss"
    case deepseek2

    fileprivate func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        switch self {
        case .llama: try Llama.configuration(keys)
        case .mistral3: try Mistral3.configuration(keys)
        case .smollm3: try SmolLM3.configuration(keys)
        case .qwen2, .qwen3, .qwen2moe, .qwen3moe: try Qwen.configuration(keys)
        case .gemma, .gemma2, .gemma3: try Gemma.configuration(keys)
        case .gemma4: try Gemma4.configuration(keys)
        case .phi2: try Phi2.configuration(keys)
        case .phi3: try Phi3.configuration(keys)
        case .granite, .granitemoe: try Granite.configuration(keys)
        case .olmo2: try Olmo2.configuration(keys)
        case .glm4: try GLM4.configuration(keys)
        case .cohere2: try Cohere2.configuration(keys)
        case .stablelm: try StableLM.configuration(keys)
        case .starcoder2: try StarCoder2.configuration(keys)
        case .gptOss: try GPTOss.configuration(keys)
        case .deepseek2: try DeepSeek2.configuration(keys)
        }
    }
}

extension ModelConfiguration {
    /// Reads the configuration of a whole file; the vocabulary is the rows of its embedding.
    ///
    /// - Throws: `ModelError` naming the architecture, key or value that cannot be used.
    package init(file: GGUFFile) throws(ModelError) {
        try self.init(metadata: file.metadata, vocabulary: file.tensor(named: TensorNames.embeddingMatrix)?.rows)
    }

    /// Reads the configuration from metadata alone. `vocabulary` is used where given, else `llama.vocab_size` (or that of another
    /// architecture), else the number of tokens in the tokenizer's list.
    ///
    /// - Throws: `ModelError` naming the architecture, key or value that cannot be used.
    package init(metadata: GGUFMetadata, vocabulary: Int? = nil) throws(ModelError) {
        let architecture = try Self.architecture(of: metadata)
        let reader = MetadataReader(metadata: metadata, architecture: architecture)
        let keys = try CommonKeys(reader, vocabulary: vocabulary)
        self = try architecture.configuration(keys)
    }

    private static func architecture(of metadata: GGUFMetadata) throws(ModelError) -> Architecture {
        let supported = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
        let name: String
        do {
            name = try metadata.string("general.architecture")
        } catch {
            throw ModelError(code: .invalidConfiguration, message: error.description, mend: "")
        }
        guard let architecture = Architecture(rawValue: name) else {
            throw ModelError(
                code: .unsupportedArchitecture,
                message: "architecture \(name.prefix(64)) (general.architecture) is not supported",
                mend: "use a model of one of: \(supported)")
        }
        return architecture
    }
}
