// Block layouts (the ggml formats, github.com/ggml-org/ggml docs and ggml-common.h) and the packed panel layouts.
#ifndef SHOAL_BLOCKS_H
#define SHOAL_BLOCKS_H

#include <stdint.h>
#include <string.h>

/// 32 values: (nibble - 8) * scale. Nibble i is value i, high nibble i is value i + 16.
struct __attribute__((packed)) block_q4_0 {
    uint16_t scale;
    uint8_t nibbles[16];
};
/// 32 values: nibble * scale + minimum.
struct __attribute__((packed)) block_q4_1 {
    uint16_t scale;
    uint16_t minimum;
    uint8_t nibbles[16];
};
/// 32 values: value * scale.
struct __attribute__((packed)) block_q8_0 {
    uint16_t scale;
    int8_t values[32];
};
/// 256 values in 16 groups of 16: (6 bits - 32) * scales[group] * scale.
struct __attribute__((packed)) block_q6_k {
    uint8_t low[128];
    uint8_t high[64];
    int8_t scales[16];
    uint16_t scale;
};
_Static_assert(sizeof(struct block_q4_0) == 18, "");
_Static_assert(sizeof(struct block_q4_1) == 20, "");
_Static_assert(sizeof(struct block_q8_0) == 34, "");
_Static_assert(sizeof(struct block_q6_k) == 210, "");

// Panels: 16 rows of one block of 32 columns. A lane is a row: byte j of lane r in chunk k (64 bytes) holds column 4k + j in its
// low and column 16 + 4k + j in its high nibble; for 8 bits column 4k + j. So four bytes of activations, broadcast, meet them.
struct panel_q4_0 {
    uint8_t nibbles[4][16][4];
    uint16_t scales[16];
};
struct panel_q4_1 {
    uint8_t nibbles[4][16][4];
    uint16_t scales[16];
    uint16_t minimums[16];
};
struct panel_q8_0 {
    int8_t values[8][16][4];
    uint16_t scales[16];
};
_Static_assert(sizeof(struct panel_q4_0) == 288, "");
_Static_assert(sizeof(struct panel_q4_1) == 320, "");
_Static_assert(sizeof(struct panel_q8_0) == 544, "");

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

#endif
