import CKernels

/// Checked calls of the kernels that work on rows of floats. What they compute: Sources/CKernels/ARITHMETIC.md.
///
/// Thread safety: functions of their arguments only.
package enum RowOperations {
    /// output = input / sqrt(mean(input²) + epsilon) * weight, `count` elements.
    package static func rmsNorm(
        _ input: UnsafePointer<Float>, weight: UnsafePointer<Float>, count: Int, epsilon: Float,
        into output: UnsafeMutablePointer<Float>
    ) {
        shoal_rms_norm(input, weight, count, epsilon, output)
    }

    /// output = gate * sigmoid(gate) * up, `count` elements (Shazeer, "GLU Variants Improve Transformer").
    package static func swiGLU(
        gate: UnsafePointer<Float>, up: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>
    ) {
        shoal_swiglu(gate, up, count, output)
    }

    /// output = output + input, `count` elements.
    package static func add(_ input: UnsafePointer<Float>, count: Int, to output: UnsafeMutablePointer<Float>) {
        shoal_add(output, input, count)
    }
}
