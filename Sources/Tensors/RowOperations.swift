import CKernels

/// Checked calls of the kernels that work on rows of floats. What they compute: Sources/CKernels/ARITHMETIC.md. Input and output may be the
/// same memory.
///
/// Thread safety: functions of their arguments only.
package enum RowOperations {
    /// output = input / sqrt(mean(input²) + epsilon) * weight, `count` elements (Zhang and Sennrich, "Root Mean Square Layer Normalization");
    /// without weight, one of ones.
    package static func rmsNorm(
        _ input: UnsafePointer<Float>, weight: UnsafePointer<Float>?, count: Int, epsilon: Float,
        into output: UnsafeMutablePointer<Float>
    ) {
        precondition(count > 0, "\(count) elements")
        shoal_rms_norm(input, weight, count, epsilon, output)
    }

    /// output = (input - mean) / sqrt(variance + epsilon) * weight + bias, `count` elements (Ba et al., "Layer Normalization").
    package static func layerNorm(
        _ input: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?, count: Int,
        epsilon: Float, into output: UnsafeMutablePointer<Float>
    ) {
        precondition(count > 0, "\(count) elements")
        shoal_layer_norm(input, weight, bias, count, epsilon, output)
    }

    /// output = gate * sigmoid(gate) * up, `count` elements (Shazeer, "GLU Variants Improve Transformer").
    package static func swiGLU(
        gate: UnsafePointer<Float>, up: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>
    ) {
        self.gate(.silu, gate: gate, up: up, count: count, into: output)
    }

    /// output = function(gate) * up, `count` elements.
    package static func gate(
        _ function: GateFunction, gate: UnsafePointer<Float>, up: UnsafePointer<Float>, count: Int,
        into output: UnsafeMutablePointer<Float>
    ) {
        precondition(count >= 0, "\(count) elements")
        if case .clampedSilu(let alpha, let limit) = function {
            shoal_gate(function.number, gate, up, count, alpha, limit, output)
        } else {
            shoal_gate(function.number, gate, up, count, 0, 0, output)
        }
    }

    /// values = function(values), `count` elements.
    package static func activate(_ function: ActivationFunction, _ values: UnsafeMutablePointer<Float>, count: Int) {
        precondition(count >= 0, "\(count) elements")
        shoal_activate(function.number, values, count)
    }

    /// output = output + input, `count` elements.
    package static func add(_ input: UnsafePointer<Float>, count: Int, to output: UnsafeMutablePointer<Float>) {
        shoal_add(output, input, count)
    }

    /// output = output + input * scale, rounded once, `count` elements.
    package static func add(
        _ input: UnsafePointer<Float>, scaledBy scale: Float, count: Int, to output: UnsafeMutablePointer<Float>
    ) {
        shoal_add_scaled(output, input, scale, count)
    }

    /// values = values * factor, `count` elements.
    package static func scale(_ values: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
        shoal_scale(values, factor, count)
    }

    /// values = values * factors, `count` elements.
    package static func multiply(
        _ values: UnsafeMutablePointer<Float>, by factors: UnsafePointer<Float>, count: Int
    ) {
        shoal_multiply(values, factors, count)
    }

    /// values = cap * tanh(values / cap), `count` elements.
    ///
    /// - Precondition: `cap` > 0.
    package static func softCap(_ values: UnsafeMutablePointer<Float>, cap: Float, count: Int) {
        precondition(cap > 0, "a soft cap of \(cap)")
        shoal_soft_cap(values, cap, count)
    }
}
