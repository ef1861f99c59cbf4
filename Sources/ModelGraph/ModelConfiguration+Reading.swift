package import GGUF

extension ModelConfiguration {
    /// Reads the configuration of a whole file; the vocabulary is the rows of its embedding.
    ///
    /// - Throws: `ModelError` naming the architecture, key or value that cannot be used.
    package init(file: GGUFFile) throws(ModelError) {
        try self.init(metadata: file.metadata, vocabulary: file.tensor(named: TensorNames.embedding)?.rows)
    }

    /// Reads the configuration from metadata alone. `vocabulary` is used where given, else `llama.vocab_size`, else the number of
    /// tokens in the tokenizer's list.
    ///
    /// - Throws: `ModelError` naming the architecture, key or value that cannot be used.
    package init(metadata: GGUFMetadata, vocabulary: Int? = nil) throws(ModelError) {
        let reader = MetadataReader(metadata: metadata, architecture: try Self.architecture(of: metadata))
        let architecture = reader.architecture
        if let experts = try reader.optionalInteger("expert_count", in: 0...65536), experts > 0 {
            throw ModelError(
                code: .unsupportedFeature,
                message: "\(reader.key("expert_count")) is \(experts): mixtures of experts are not supported",
                mend: "use a model without experts")
        }
        let layers = try reader.integer("block_count", in: 1...4096)
        let width = try reader.integer("embedding_length", in: 1...1_048_576)
        let feedForwardWidth = try reader.integer("feed_forward_length", in: 1...4_194_304)
        let heads = try reader.integer("attention.head_count", in: 1...16384)
        let keyValueHeads = try reader.optionalInteger("attention.head_count_kv", in: 1...16384) ?? heads
        guard heads.isMultiple(of: keyValueHeads) else {
            throw reader.invalid("attention.head_count_kv", keyValueHeads, "it must divide the \(heads) query heads")
        }
        let explicitKeySize = try reader.optionalInteger("attention.key_length", in: 1...8192)
        guard explicitKeySize != nil || width.isMultiple(of: heads) else {
            throw reader.invalid("attention.head_count", heads, "it must divide the width \(width)")
        }
        let keySize = explicitKeySize ?? width / heads
        let valueSize = try reader.optionalInteger("attention.value_length", in: 1...8192) ?? keySize
        let ropeDimensions = try reader.optionalInteger("rope.dimension_count", in: 2...8192) ?? keySize
        guard ropeDimensions <= keySize, ropeDimensions.isMultiple(of: 2) else {
            throw reader.invalid(
                "rope.dimension_count", ropeDimensions, "it must be even and at most the head size \(keySize)")
        }
        self.init(
            architecture: architecture, layers: layers, width: width, feedForwardWidth: feedForwardWidth, heads: heads,
            keyValueHeads: keyValueHeads, keySize: keySize, valueSize: valueSize,
            vocabulary: try Self.vocabulary(given: vocabulary, reader: reader),
            trainedContext: try reader.optionalInteger("context_length", in: 1...(1 << 30)) ?? 2048,
            normEpsilon: try reader.float("attention.layer_norm_rms_epsilon", in: 0...1),
            ropeBase: try reader.optionalFloat("rope.freq_base", in: 1...1e12) ?? 10000,
            ropeDimensions: ropeDimensions, ropeScaling: try Self.ropeScaling(reader))
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

    private static func vocabulary(given: Int?, reader: MetadataReader) throws(ModelError) -> Int {
        let limit = 1...16_777_216
        if let given {
            guard limit.contains(given) else { throw reader.invalid("vocab_size", given, "it must be in \(limit)") }
            return given
        }
        if let count = try reader.optionalInteger("vocab_size", in: limit) { return count }
        if let tokens = reader.metadata["tokenizer.ggml.tokens"]?.array?.count, limit.contains(tokens) { return tokens }
        return try reader.integer("vocab_size", in: limit)
    }

    private static func ropeScaling(_ reader: MetadataReader) throws(ModelError) -> Float {
        let type = try reader.optionalString("rope.scaling.type") ?? "linear"
        guard type == "linear" || type == "none" else {
            throw ModelError(
                code: .unsupportedFeature,
                message: "\(reader.key("rope.scaling.type")) is \(type.prefix(64)), which is not supported",
                mend: "use a model with linear or no scaling")
        }
        let factor = try reader.optionalFloat("rope.scaling.factor", in: 0...1e6)
        let older = try reader.optionalFloat("rope.scale_linear", in: 0...1e6)
        // Files write 0 for "no scaling".
        guard type == "linear", let factor = factor ?? older, factor > 0 else { return 1 }
        return factor
    }
}

/// Reads keys of an architecture and checks them against limits.
private struct MetadataReader {
    let metadata: GGUFMetadata
    let architecture: Architecture

    func key(_ name: String) -> String { "\(architecture.rawValue).\(name)" }

    func invalid(_ name: String, _ value: some CustomStringConvertible, _ rule: String) -> ModelError {
        ModelError(
            code: .invalidConfiguration, message: "\(key(name)) is \(value): \(rule)",
            mend: "the file is damaged or was converted wrongly, download or convert it again")
    }

    func missing(_ name: String) -> ModelError {
        ModelError(
            code: .invalidConfiguration, message: "\(key(name)) is missing",
            mend: "the file is not a whole model, download or convert it again")
    }

    func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(ModelError) -> Int? {
        let value: Int?
        do {
            value = try metadata.integer(ifPresent: key(name))
        } catch {
            throw ModelError(code: .invalidConfiguration, message: error.description, mend: "")
        }
        guard let value else { return nil }
        guard range.contains(value) else {
            throw invalid(name, value, "it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(ModelError) -> Int {
        guard let value = try optionalInteger(name, in: range) else { throw missing(name) }
        return value
    }

    func optionalFloat(_ name: String, in range: ClosedRange<Float>) throws(ModelError) -> Float? {
        let value: Float?
        do {
            value = try metadata.float(ifPresent: key(name))
        } catch {
            throw ModelError(code: .invalidConfiguration, message: error.description, mend: "")
        }
        guard let value else { return nil }
        guard range.contains(value) else {
            throw invalid(name, value, "it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func float(_ name: String, in range: ClosedRange<Float>) throws(ModelError) -> Float {
        guard let value = try optionalFloat(name, in: range) else { throw missing(name) }
        return value
    }

    func optionalString(_ name: String) throws(ModelError) -> String? {
        do {
            return try metadata.string(ifPresent: key(name))
        } catch {
            throw ModelError(code: .invalidConfiguration, message: error.description, mend: "")
        }
    }
}
