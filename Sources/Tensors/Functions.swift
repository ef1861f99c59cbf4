import CKernels

/// What a gate goes through before it is multiplied with the values beside it.
package enum GateFunction: Sendable, Hashable {
    /// gate * sigmoid(gate).
    case silu
    /// GeLU (Hendrycks and Gimpel) by its approximation with tanh.
    case geluTanh
    /// GeLU as it is defined, with the error function.
    case geluErf
    /// As gpt-oss has it: g * sigmoid(alpha * g) * (up + 1), where g is at most `limit` and `up` is held within ±`limit`.
    case clampedSilu(alpha: Float, limit: Float)

    var number: Int32 {
        switch self {
        case .silu: Int32(SHOAL_FUNCTION_SILU.rawValue)
        case .geluTanh: Int32(SHOAL_FUNCTION_GELU_TANH.rawValue)
        case .geluErf: Int32(SHOAL_FUNCTION_GELU_ERF.rawValue)
        case .clampedSilu: Int32(SHOAL_FUNCTION_CLAMPED_SILU.rawValue)
        }
    }
}

/// A function of every element of a row.
package enum ActivationFunction: Sendable, Hashable, CaseIterable {
    /// x * sigmoid(x).
    case silu
    /// GeLU (Hendrycks and Gimpel) by its approximation with tanh.
    case geluTanh
    /// GeLU as it is defined, with the error function.
    case geluErf
    /// max(x, 0)².
    case reluSquared
    /// 1 / (1 + e^-x).
    case sigmoid
    /// The hyperbolic tangent.
    case tanh
    /// ln(1 + e^x).
    case softplus

    var number: Int32 {
        switch self {
        case .silu: Int32(SHOAL_FUNCTION_SILU.rawValue)
        case .geluTanh: Int32(SHOAL_FUNCTION_GELU_TANH.rawValue)
        case .geluErf: Int32(SHOAL_FUNCTION_GELU_ERF.rawValue)
        case .reluSquared: Int32(SHOAL_FUNCTION_RELU_SQUARED.rawValue)
        case .sigmoid: Int32(SHOAL_FUNCTION_SIGMOID.rawValue)
        case .tanh: Int32(SHOAL_FUNCTION_TANH.rawValue)
        case .softplus: Int32(SHOAL_FUNCTION_SOFTPLUS.rawValue)
        }
    }
}
