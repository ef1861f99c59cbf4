import Tensors

/// DeepSeek V2, V3 and R1, beyond llama:
///
/// - keys: `attention.kv_lora_rank`, `attention.q_lora_rank`, `attention.key_length_mla`, `attention.value_length_mla` (older files:
///   `attention.key_length`, `attention.value_length`), `leading_dense_block_count`, `expert_shared_count`, `expert_weights_scale`,
///   `expert_weights_norm`, `expert_gating_func`, `expert_group_count`, `expert_group_used_count`, `rope.scaling.yarn_log_multiplier`;
/// - tensors: latent attention's, in two layouts (`LatentAttention`); a shared expert without a gate; `exp_probs_b`, which changes the choice
///   of experts and not their weights;
/// - graph: latent attention; pairs of neighbours are rotated; the first layers have one network, the others experts, in groups of which a row takes
///   some: those whose two best experts' scores are the highest in sum (V3), or whose best expert's is the highest (V2, softmax).
enum DeepSeek2 {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.rmsNorm(), mixer = MixerShape.latent(try latent(keys, norm))
        let leading = try keys.reader.optionalInteger("leading_dense_block_count", in: 0...keys.layers) ?? 0
        var layers: [LayerShape] = []
        for index in 0..<keys.layers {
            layers.append(
                LayerShape(
                    norms: BlockNorms(norm, .before), mixer: mixer,
                    network: index < leading ? try keys.network() : try experts(keys)))
        }
        return keys.configuration(layers, norm: norm)
    }

    private static func latent(_ keys: CommonKeys, _ norm: NormShape) throws(ModelError) -> LatentShape {
        let reader = keys.reader
        let latentSize = try reader.integer("attention.kv_lora_rank", in: 1...8192)
        let queryRank = try reader.optionalInteger("attention.q_lora_rank", in: 0...65536) ?? 0
        let keySize = try reader.optionalInteger("attention.key_length_mla", in: 1...8192) ?? keys.keySize
        let valueSize = try reader.optionalInteger("attention.value_length_mla", in: 1...8192) ?? keys.valueSize
        let rotated = try reader.integer("rope.dimension_count", in: 2...8192)
        guard rotated < keySize else {
            throw reader.invalid("rope.dimension_count", rotated, "it must be less than the key length \(keySize)")
        }
        var rope = try keys.rope(.interleaved, size: rotated)
        var scale = 1 / Float(keySize).squareRoot()
        if case .yarn(let factor, _, _, _) = rope.scaling {
            // The key is 0.1 times what the model's own configuration calls mscale_all_dim; mscale itself is not stored, and equal to it.
            let multiplier = try reader.optionalFloat("rope.scaling.yarn_log_multiplier", in: 0...1e3) ?? 0
            let sharpness = CommonKeys.magnitude(10 * multiplier, factor: factor)
            scale *= sharpness * sharpness
            rope.magnitude = 1
        }
        return LatentShape(
            heads: keys.heads, queryRank: queryRank > 0 ? queryRank : nil, latentSize: latentSize,
            plainSize: keySize - rotated, rotatedSize: rotated, valueSize: valueSize, rope: rope, scale: scale,
            norm: norm)
    }

    private static func experts(_ keys: CommonKeys) throws(ModelError) -> NetworkShape {
        let reader = keys.reader
        guard let count = try keys.expertCount() else { throw reader.missing("expert_count") }
        let isNormed = try reader.flag("expert_weights_norm") ?? false
        let weighting: ExpertChoice.Weighting
        switch try reader.optionalInteger("expert_gating_func", in: 0...16) ?? 1 {
        case 0, 1: weighting = isNormed ? .softmaxOverChosen : .softmaxOverAll(renormalized: false)
        case 2: weighting = .sigmoid(renormalized: isNormed)
        case let other:
            throw reader.unsupported("expert_gating_func", other, "use a model with softmax or sigmoid")
        }
        let width = try keys.expertWidth()
        var experts = try keys.experts(count, width: width, weighting: weighting)
        if let scale = try reader.optionalFloat("expert_weights_scale", in: 0...1e6), scale > 0 {
            experts.scale = scale
        }
        experts.groups = try groups(reader, experts)
        let shared = try reader.optionalInteger("expert_shared_count", in: 0...1024) ?? 0
        if shared > 0 { experts.shared = ExpertsShape.Shared(width: shared * width, isGated: false) }
        return .experts(experts)
    }

    /// The groups of experts; nil where a row takes all of them.
    private static func groups(
        _ reader: MetadataReader, _ experts: ExpertsShape
    ) throws(ModelError) -> ExpertChoice.Groups? {
        let count = try reader.optionalInteger("expert_group_count", in: 0...experts.count) ?? 1
        guard count > 1 else { return nil }
        let used = try reader.integer("expert_group_used_count", in: 1...count)
        guard used < count else { return nil }
        let (size, rest) = experts.count.quotientAndRemainder(dividingBy: count)
        guard rest == 0, size > 1, count <= ExpertChoice.Groups.most else {
            throw reader.invalid(
                "expert_group_count", count,
                "\(experts.count) experts are not in so many groups of equal size, two at least")
        }
        guard used * size >= experts.used else {
            throw reader.invalid(
                "expert_group_used_count", used,
                "groups of \(size) experts, and a row takes \(experts.used) of theirs")
        }
        return ExpertChoice.Groups(count: count, used: used)
    }
}
