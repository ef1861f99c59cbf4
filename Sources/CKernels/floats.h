// Floats and their short forms.
#ifndef SHOAL_FLOATS_H
#define SHOAL_FLOATS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t bits_of_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// Exact. Subnormals: 2^-24 * mantissa.
static inline float float_of_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = (half >> 10) & 31, mantissa = half & 1023;
    if (exponent == 0) {
        float magnitude = (float)mantissa * 0x1p-24f;
        return float_of_bits(bits_of_float(magnitude) | sign);
    }
    if (exponent == 31) {
        return float_of_bits(sign | 0x7f800000u | (mantissa ? 0x400000u | (mantissa << 13) : 0));
    }
    return float_of_bits(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

/// Round to nearest even; overflow gives infinity, NaN stays a (quiet) NaN.
static inline uint16_t half_of_float(float x) {
    uint32_t bits = bits_of_float(x), sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7fffffffu;
    if (magnitude >= 0x47800000u) {  // 65536 and above, infinity, NaN
        if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | ((magnitude >> 13) & 0x3ff));
        return (uint16_t)(sign | 0x7c00u);
    }
    if (magnitude < 0x38800000u) {  // below 2^-14: adding 1/2 leaves the subnormal's bits, rounded, at the bottom
        float shifted = float_of_bits(magnitude) + 0.5f;
        return (uint16_t)(sign | (bits_of_float(shifted) - 0x3f000000u));
    }
    uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1);
    return (uint16_t)(sign | ((rounded - 0x38000000u) >> 13));
}

/// Round to nearest even; NaN becomes quiet.
static inline uint16_t bfloat_of_float(float x) {
    uint32_t bits = bits_of_float(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((bits >> 16) | 64);
    return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}

static inline float float_of_bfloat(uint16_t bits) { return float_of_bits((uint32_t)bits << 16); }

/// 2^(exponent - 128), which is half of what the exponent says: MXFP4's table is doubled.
static inline float float_of_exponent(uint8_t exponent) {
    return float_of_bits(exponent < 2 ? 0x00200000u << exponent : (uint32_t)(exponent - 1) << 23);
}

#endif
