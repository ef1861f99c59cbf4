// Block layouts: the ggml formats (github.com/ggml-org/ggml, ggml-common.h), all little-endian.
#ifndef SHOAL_BLOCKS_H
#define SHOAL_BLOCKS_H

#include "floats.h"

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
/// 32 values: (5 bits - 16) * scale. Bit i of `high` is the fifth bit of value i.
struct __attribute__((packed)) block_q5_0 {
    uint16_t scale;
    uint8_t high[4];
    uint8_t nibbles[16];
};
/// 32 values: 5 bits * scale + minimum.
struct __attribute__((packed)) block_q5_1 {
    uint16_t scale;
    uint16_t minimum;
    uint8_t high[4];
    uint8_t nibbles[16];
};
/// 32 values: the nibble's e2m1 value, doubled, times 2^(exponent - 128) (OCP Microscaling Formats 1.0).
struct __attribute__((packed)) block_mxfp4 {
    uint8_t exponent;
    uint8_t nibbles[16];
};

// Blocks of 256 values. "Groups" have 16 values with a scale of their own, "runs" 32.

/// 2 bits * (low nibble of scales[group]) * scale - (high nibble) * minimum.
struct __attribute__((packed)) block_q2_k {
    uint8_t scales[16];
    uint8_t low[64];
    uint16_t scale;
    uint16_t minimum;
};
/// (3 bits - 4) * (6 bits of scales[group] - 32) * scale.
struct __attribute__((packed)) block_q3_k {
    uint8_t high[32];
    uint8_t low[64];
    uint8_t scales[12];
    uint16_t scale;
};
/// nibble * scales[run] * scale - minimums[run] * minimum, with scales and minimums of 6 bits.
struct __attribute__((packed)) block_q4_k {
    uint16_t scale;
    uint16_t minimum;
    uint8_t scales[12];
    uint8_t nibbles[128];
};
/// As Q4_K with 5 bits.
struct __attribute__((packed)) block_q5_k {
    uint16_t scale;
    uint16_t minimum;
    uint8_t scales[12];
    uint8_t high[32];
    uint8_t nibbles[128];
};
/// (6 bits - 32) * scales[group] * scale.
struct __attribute__((packed)) block_q6_k {
    uint8_t low[128];
    uint8_t high[64];
    int8_t scales[16];
    uint16_t scale;
};
/// (table value of the nibble) * (6 bits of the run's scale - 32) * scale.
struct __attribute__((packed)) block_iq4_xs {
    uint16_t scale;
    uint16_t scales_high;
    uint8_t scales_low[4];
    uint8_t nibbles[128];
};
/// (base-3 digit - 1) * scale, five digits to a byte.
struct __attribute__((packed)) block_tq1_0 {
    uint8_t five[48];
    uint8_t four[4];
    uint16_t scale;
};
/// (2 bits - 1) * scale.
struct __attribute__((packed)) block_tq2_0 {
    uint8_t low[64];
    uint16_t scale;
};
struct __attribute__((packed)) block_iq2_xxs {
    uint16_t scale;
    uint32_t runs[8][2];  // four grid codes; four sign codes of 7 bits and 4 bits of scale
};
struct __attribute__((packed)) block_iq2_xs {
    uint16_t scale;
    uint16_t codes[32];  // 9 bits of grid code, 7 bits of sign code
    uint8_t scales[8];
};
struct __attribute__((packed)) block_iq2_s {
    uint16_t scale;
    uint8_t low[32];
    uint8_t signs[32];
    uint8_t high[8];
    uint8_t scales[8];
};
struct __attribute__((packed)) block_iq3_xxs {
    uint16_t scale;
    uint8_t codes[64];
    uint32_t signs[8];
};
struct __attribute__((packed)) block_iq3_s {
    uint16_t scale;
    uint8_t low[64];
    uint8_t high[8];
    uint8_t signs[32];
    uint8_t scales[4];
};
struct __attribute__((packed)) block_iq1_s {
    uint16_t scale;
    uint8_t low[32];
    uint16_t high[8];
};
struct __attribute__((packed)) block_iq1_m {
    uint8_t low[32];
    uint8_t high[16];
    uint16_t scales[4];
};
_Static_assert(sizeof(struct block_q4_0) == 18, "");
_Static_assert(sizeof(struct block_q4_1) == 20, "");
_Static_assert(sizeof(struct block_q5_0) == 22, "");
_Static_assert(sizeof(struct block_q5_1) == 24, "");
_Static_assert(sizeof(struct block_q8_0) == 34, "");
_Static_assert(sizeof(struct block_mxfp4) == 17, "");
_Static_assert(sizeof(struct block_q2_k) == 84, "");
_Static_assert(sizeof(struct block_q3_k) == 110, "");
_Static_assert(sizeof(struct block_q4_k) == 144, "");
_Static_assert(sizeof(struct block_q5_k) == 176, "");
_Static_assert(sizeof(struct block_q6_k) == 210, "");
_Static_assert(sizeof(struct block_iq4_xs) == 136, "");
_Static_assert(sizeof(struct block_tq1_0) == 54, "");
_Static_assert(sizeof(struct block_tq2_0) == 66, "");
_Static_assert(sizeof(struct block_iq2_xxs) == 66, "");
_Static_assert(sizeof(struct block_iq2_xs) == 74, "");
_Static_assert(sizeof(struct block_iq2_s) == 82, "");
_Static_assert(sizeof(struct block_iq3_xxs) == 98, "");
_Static_assert(sizeof(struct block_iq3_s) == 110, "");
_Static_assert(sizeof(struct block_iq1_s) == 50, "");
_Static_assert(sizeof(struct block_iq1_m) == 56, "");

#endif
