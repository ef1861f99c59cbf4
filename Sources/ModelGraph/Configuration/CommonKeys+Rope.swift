import Tensors

extension CommonKeys {
    /// The rotary embedding that the file describes, with its scaling.
    ///
    /// - Parameter size: elements of the heads, `keySize` where nothing is said.
    func rope(_ pairing: RotaryEmbedding.Pairing, size: Int? = nil) throws(ModelError) -> RopeShape {
        let size = size ?? keySize
        let dimensions = try reader.optionalInteger("rope.dimension_count", in: 2...8192) ?? size
        guard dimensions <= size, dimensions.isMultiple(of: 2) else {
            throw reader.invalid(
                "rope.dimension_count", dimensions, "it must be even and at most the head size \(size)")
        }
        var rope = RopeShape(
            base: try reader.optionalFloat("rope.freq_base", in: 1...1e12) ?? 10000, dimensions: dimensions,
            pairing: pairing)
        rope.factors = .frequencies
        try scale(&rope)
        return rope
    }

    /// The positions that the model was trained for before its context was extended.
    func originalContext() throws(ModelError) -> Int {
        try reader.optionalInteger("rope.scaling.original_context_length", in: 1...(1 << 30)) ?? trainedContext
    }

    /// A factor; files write 0 for none.
    private func positive(_ name: String) throws(ModelError) -> Float? {
        guard let value = try reader.optionalFloat(name, in: 0...1e6), value > 0 else { return nil }
        guard value >= 1e-6 else { throw reader.invalid(name, value, "it must be 0 or from 1e-6 to 1e6") }
        return value
    }

    private func scale(_ rope: inout RopeShape) throws(ModelError) {
        let type = try reader.optionalString("rope.scaling.type") ?? "linear"
        let factor = try positive("rope.scaling.factor")
        let older = try positive("rope.scale_linear")
        let attention = try reader.optionalFloat("rope.scaling.attn_factor", in: 0...1e3)
        switch type {
        case "none": break
        case "linear":
            if let factor = factor ?? older { rope.scaling = .linear(factor) }
        case "yarn":
            // Peng et al., "YaRN".
            guard let factor else { throw reader.missing("rope.scaling.factor") }
            guard rope.base > 1 else { throw reader.invalid("rope.freq_base", rope.base, "YaRN takes more than 1") }
            rope.scaling = .yarn(
                factor: factor, originalContext: try originalContext(),
                betaFast: try reader.optionalFloat("rope.scaling.yarn_beta_fast", in: 1e-6...1e6) ?? 32,
                betaSlow: try reader.optionalFloat("rope.scaling.yarn_beta_slow", in: 1e-6...1e6) ?? 1)
            rope.magnitude = (attention ?? 1) * Self.magnitude(1, factor: factor)
        case "longrope":
            // Ding et al., "LongRoPE".
            rope.factors = .longAndShort(over: try originalContext())
            rope.magnitude = attention ?? 1
        default:
            throw reader.unsupported("rope.scaling.type", type.prefix(64), "use a model with another scaling")
        }
    }

    /// 1 + 0.1 · multiplier · ln(factor): what keeps attention as sharp over a longer context (Peng et al., "YaRN", section 3.4).
    static func magnitude(_ multiplier: Float, factor: Float) -> Float {
        guard factor > 1 else { return 1 }
        return Float(1 + 0.1 * Double(multiplier) * RotaryEmbedding.logarithm(Double(factor)))
    }
}
