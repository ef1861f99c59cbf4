/// What a GGUF file holds, as far as its metadata tell without knowing architectures. Values of `general.type`: gguf-py's `GGUFType`.
package enum GGUFContent: Sendable, Hashable {
    /// A model, or what may be one.
    case model
    /// A tokenizer without weights, as converters make it with `--vocab-only`.
    case vocabulary
    /// Metadata alone.
    case nothing
    /// Changes to a model's weights (LoRA), or vectors that steer it.
    case adapter
    /// The encoder of images or sounds that belongs to a multimodal model (`mmproj`).
    case projector
    /// What llama.cpp's imatrix measured, to quantize with.
    case importanceMatrix
}

extension GGUFFile {
    /// What the file holds.
    package var content: GGUFContent {
        let architecture = metadata["general.architecture"]?.string
        // Older files of these kinds have no type, or another.
        switch metadata["general.type"]?.string {
        case "adapter": return .adapter
        case "imatrix": return .importanceMatrix
        case "mmproj": return .projector
        default: break
        }
        if architecture == "clip" { return .projector }
        if architecture == "controlvector" || metadata["adapter.type"] != nil { return .adapter }
        if metadata["imatrix.chunk_count"] != nil { return .importanceMatrix }
        guard tensors.isEmpty else { return .model }
        return metadata["tokenizer.ggml.model"] != nil ? .vocabulary : .nothing
    }

    /// Refuses a file that is no model, before anything is planned with it.
    ///
    /// - Throws: `GGUFError` (notAModel) that says what it is, and what to give instead.
    package func checkIsModel() throws(GGUFError) {
        guard let (what, mend) = content.refusal else { return }
        throw GGUFError(code: .notAModel, path: path, message: "\(what): it is no model", mend: mend)
    }
}

extension GGUFContent {
    /// What a file of this content is, and what to give instead; nil for a model.
    fileprivate var refusal: (what: String, mend: String)? {
        switch self {
        case .model: nil
        case .vocabulary:
            ("holds a tokenizer and no weights (a vocabulary-only file)", "give the file of the whole model")
        case .nothing: ("holds metadata and no weights", "give the file of the whole model")
        case .adapter:
            (
                "is an adapter, which changes another model's weights",
                "give the model itself; adapters are not supported, merge it into the model to use it"
            )
        case .projector:
            (
                "is the encoder of images or sounds of a multimodal model (mmproj)",
                "give the language model's own file, which is usually beside it"
            )
        case .importanceMatrix:
            ("is an importance matrix, made to quantize a model with", "give the quantized model itself")
        }
    }
}
