// Functions of floats over vectors of 16 lanes: each is the twin of the function of the same name in functions_scalar.h.
#ifndef SHOAL_FUNCTIONS_H
#define SHOAL_FUNCTIONS_H

#include "polynomials.h"
#include "vector.h"

INLINE vec hyperbolic_tangent(vec x) {
    vec a = __builtin_elementwise_abs(x), square = a * a, p = splat(TANH_P4);
    p = fused(p, square, splat(TANH_P3));
    p = fused(p, square, splat(TANH_P2));
    p = fused(p, square, splat(TANH_P1));
    p = fused(p, square, splat(TANH_P0));
    vec large = splat(1) - splat(2) / (exponential(a + a) + splat(1));
    vec result = where(a < splat(TANH_SMALL), fused(a * square, p, a), large);
    return (vec)((uvec)result | ((uvec)x & 0x80000000u));
}

INLINE vec sigmoid(vec x) {
    vec e = exponential(-__builtin_elementwise_abs(x));
    return where(x < splat(0), e, splat(1)) / (splat(1) + e);
}

/// The probability that a normal variable is above `x`, not negative.
INLINE vec upper_tail(vec x) {
    vec a = where(x > splat(TAIL_END), splat(TAIL_END), x), square = a * a, rest = fused(a, a, -square);
    vec e = exponential(splat(-0.5f) * square);
    e = fused(e, splat(-0.5f) * rest, e);
    vec t = splat(1) / fused(a, splat(TAIL_T), splat(1)), p = splat(TAIL_P9);
    p = fused(p, t, splat(TAIL_P8));
    p = fused(p, t, splat(TAIL_P7));
    p = fused(p, t, splat(TAIL_P6));
    p = fused(p, t, splat(TAIL_P5));
    p = fused(p, t, splat(TAIL_P4));
    p = fused(p, t, splat(TAIL_P3));
    p = fused(p, t, splat(TAIL_P2));
    p = fused(p, t, splat(TAIL_P1));
    p = fused(p, t, splat(TAIL_P0));
    return e * (t * p);
}

INLINE vec silu(vec x) { return x / (splat(1) + exponential(-x)); }

INLINE vec gelu_tanh(vec x) { return x * sigmoid(x * fused(splat(GELU_CUBIC), x * x, splat(GELU_LINEAR))); }

INLINE vec gelu_erf(vec x) {
    vec tail = upper_tail(__builtin_elementwise_abs(x));
    return x * where(x < splat(0), tail, splat(1) - tail);
}

INLINE vec softplus(vec x) {
    vec e = exponential(-__builtin_elementwise_abs(x)), s = e / (splat(2) + e), square = s * s, p = splat(LOG1P_P3);
    p = fused(p, square, splat(LOG1P_P2));
    p = fused(p, square, splat(LOG1P_P1));
    p = fused(p, square, splat(LOG1P_P0));
    return where(x > splat(0), x, splat(0)) + fused(s * square, p, s + s);
}

INLINE vec relu_squared(vec x) {
    vec positive = where(x < splat(0), splat(0), x);
    return positive * positive;
}

INLINE vec soft_capped(vec x, float cap) { return splat(cap) * hyperbolic_tangent(x / splat(cap)); }

INLINE vec function_of(const int function, vec x) {
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
