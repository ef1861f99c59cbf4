// Functions of one float in plain C: the reference of functions.h. Large arguments give exact limits, NaN stays NaN.
#ifndef SHOAL_FUNCTIONS_SCALAR_H
#define SHOAL_FUNCTIONS_SCALAR_H

#include "polynomials.h"

static float hyperbolic_tangent(float x) {
    float a = __builtin_fabsf(x), square = a * a, p = TANH_P4;
    p = fused(p, square, TANH_P3);
    p = fused(p, square, TANH_P2);
    p = fused(p, square, TANH_P1);
    p = fused(p, square, TANH_P0);
    float result = a < TANH_SMALL ? fused(a * square, p, a) : 1 - 2 / (exponential(a + a) + 1);
    return float_of_bits(bits_of_float(result) | (bits_of_float(x) & 0x80000000u));
}

static float sigmoid(float x) {
    float e = exponential(-__builtin_fabsf(x));
    return (x < 0 ? e : 1) / (1 + e);
}

/// The probability that a normal variable is above `x`, not negative.
static float upper_tail(float x) {
    float a = x > TAIL_END ? TAIL_END : x, square = a * a, rest = fused(a, a, -square);
    float e = exponential(-0.5f * square);
    e = fused(e, -0.5f * rest, e);
    float t = 1 / fused(a, TAIL_T, 1), p = TAIL_P9;
    p = fused(p, t, TAIL_P8);
    p = fused(p, t, TAIL_P7);
    p = fused(p, t, TAIL_P6);
    p = fused(p, t, TAIL_P5);
    p = fused(p, t, TAIL_P4);
    p = fused(p, t, TAIL_P3);
    p = fused(p, t, TAIL_P2);
    p = fused(p, t, TAIL_P1);
    p = fused(p, t, TAIL_P0);
    return e * (t * p);
}

static float silu(float x) { return x / (1 + exponential(-x)); }

static float gelu_tanh(float x) { return x * sigmoid(x * fused(GELU_CUBIC, x * x, GELU_LINEAR)); }

static float gelu_erf(float x) {
    float tail = upper_tail(__builtin_fabsf(x));
    return x * (x < 0 ? tail : 1 - tail);
}

static float softplus(float x) {
    float e = exponential(-__builtin_fabsf(x)), s = e / (2 + e), square = s * s, p = LOG1P_P3;
    p = fused(p, square, LOG1P_P2);
    p = fused(p, square, LOG1P_P1);
    p = fused(p, square, LOG1P_P0);
    return (x > 0 ? x : 0) + fused(s * square, p, s + s);
}

static float relu_squared(float x) {
    float positive = x < 0 ? 0 : x;
    return positive * positive;
}

static float soft_capped(float x, float cap) { return cap * hyperbolic_tangent(x / cap); }

static float function_of(int function, float x) {
    switch (function) {
    case SHOAL_FUNCTION_SILU: return silu(x);
    case SHOAL_FUNCTION_GELU_TANH: return gelu_tanh(x);
    case SHOAL_FUNCTION_GELU_ERF: return gelu_erf(x);
    case SHOAL_FUNCTION_RELU_SQUARED: return relu_squared(x);
    case SHOAL_FUNCTION_SIGMOID: return sigmoid(x);
    case SHOAL_FUNCTION_TANH: return hyperbolic_tangent(x);
    default: return softplus(x);
    }
}

#endif
