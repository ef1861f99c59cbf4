/// The arithmetic of a stage (`--compute`).
package enum ComputeMode: String, Sendable, Hashable, CaseIterable {
    /// Weights packed, activations quantized to int8 as they enter products of quantized weights, cache in float16.
    case int8
    /// The exact mode: weights dequantized to float32 in every product, activations and cache in float32.
    case f32
}
