/// The arithmetic of a stage.
package enum ComputeMode: UInt32, Sendable, Hashable, CaseIterable {
    /// int4 or int8 weights times int8 activations, KV in f16: the default.
    case int8 = 1
    /// Weights made float32, activations and KV float32: to be held against reference implementations.
    case f32 = 2
}
