// Runs of 32 values out of blocks: codes and scales apart, for packing and for dequantizing.
#ifndef SHOAL_CODES_H
#define SHOAL_CODES_H

#include "blocks.h"

/// 32 codes; `scales` and `minimums` hold one (both the same) or two groups of 16; `scale` and `minimum` are bits as in the block.
struct run {
    uint8_t codes[32];
    int8_t scales[2];
    uint8_t minimums[2];
    uint16_t scale, minimum;
};

#define CODES_INLINE static inline __attribute__((unused))

CODES_INLINE void split_nibbles(const uint8_t *nibbles, uint8_t *codes) {
    for (int i = 0; i < 16; i++) codes[i] = nibbles[i] & 15, codes[i + 16] = nibbles[i] >> 4;
}

CODES_INLINE void add_fifth_bits(const uint8_t *high, uint8_t *codes) {
    uint32_t bits;
    memcpy(&bits, high, sizeof bits);
    for (int i = 0; i < 32; i++) codes[i] |= (uint8_t)(((bits >> i) & 1) << 4);
}

CODES_INLINE void run_of_q4_0(const void *from, int run, struct run *out) {
    (void)run;
    const struct block_q4_0 *block = from;
    split_nibbles(block->nibbles, out->codes);
    out->scale = block->scale;
}

CODES_INLINE void run_of_q4_1(const void *from, int run, struct run *out) {
    (void)run;
    const struct block_q4_1 *block = from;
    split_nibbles(block->nibbles, out->codes);
    out->scale = block->scale;
    out->minimum = block->minimum;
}

CODES_INLINE void run_of_q5_0(const void *from, int run, struct run *out) {
    (void)run;
    const struct block_q5_0 *block = from;
    split_nibbles(block->nibbles, out->codes);
    add_fifth_bits(block->high, out->codes);
    out->scale = block->scale;
}

CODES_INLINE void run_of_q5_1(const void *from, int run, struct run *out) {
    (void)run;
    const struct block_q5_1 *block = from;
    split_nibbles(block->nibbles, out->codes);
    add_fifth_bits(block->high, out->codes);
    out->scale = block->scale;
    out->minimum = block->minimum;
}

CODES_INLINE void run_of_q8_0(const void *from, int run, struct run *out) {
    (void)run;
    const struct block_q8_0 *block = from;
    memcpy(out->codes, block->values, 32);
    out->scale = block->scale;
}

CODES_INLINE void run_of_iq4_nl(const void *from, int run, struct run *out) { run_of_q4_0(from, run, out); }

CODES_INLINE void run_of_mxfp4(const void *from, int run, struct run *out) {
    (void)run;
    const struct block_mxfp4 *block = from;
    split_nibbles(block->nibbles, out->codes);
    out->scale = block->exponent;
}

/// Two bits of run `run`: each 32 bytes hold four runs.
CODES_INLINE void split_pairs(const uint8_t *bytes, int run, uint8_t *codes) {
    for (int i = 0; i < 32; i++) codes[i] = (bytes[32 * (run / 4) + i] >> (2 * (run % 4))) & 3;
}

CODES_INLINE void run_of_q2_k(const void *from, int run, struct run *out) {
    const struct block_q2_k *block = from;
    split_pairs(block->low, run, out->codes);
    for (int group = 0; group < 2; group++) {
        out->scales[group] = block->scales[2 * run + group] & 15;
        out->minimums[group] = block->scales[2 * run + group] >> 4;
    }
    out->scale = block->scale;
    out->minimum = block->minimum;
}

CODES_INLINE void run_of_q3_k(const void *from, int run, struct run *out) {
    const struct block_q3_k *block = from;
    split_pairs(block->low, run, out->codes);
    for (int i = 0; i < 32; i++) out->codes[i] |= (uint8_t)(((block->high[i] >> run) & 1) << 2);
    for (int group = 0; group < 2; group++) {
        // 16 scales: four bits in the nibbles of 8 bytes, low nibbles first, two more in 4 bytes.
        int index = 2 * run + group;
        int low = index < 8 ? block->scales[index] & 15 : block->scales[index - 8] >> 4;
        int high = (block->scales[8 + index % 4] >> (2 * (index / 4))) & 3;
        out->scales[group] = (int8_t)((low | high << 4) - 32);
    }
    out->scale = block->scale;
}

/// 6-bit scales and minimums of eight runs in 12 bytes: the upper two bits of the first eight bytes belong to runs 4 and up.
CODES_INLINE void run_scales_k(const uint8_t *scales, int run, struct run *out) {
    int scale, minimum;
    if (run < 4) {
        scale = scales[run] & 63;
        minimum = scales[run + 4] & 63;
    } else {
        scale = (scales[run + 4] & 15) | scales[run - 4] >> 6 << 4;
        minimum = scales[run + 4] >> 4 | scales[run] >> 6 << 4;
    }
    out->scales[0] = out->scales[1] = (int8_t)scale;
    out->minimums[0] = out->minimums[1] = (uint8_t)minimum;
}

/// Nibbles of run `run`: each 32 bytes hold two runs.
CODES_INLINE void split_nibbles_k(const uint8_t *nibbles, int run, uint8_t *codes) {
    for (int i = 0; i < 32; i++) codes[i] = (nibbles[32 * (run / 2) + i] >> (4 * (run % 2))) & 15;
}

CODES_INLINE void run_of_q4_k(const void *from, int run, struct run *out) {
    const struct block_q4_k *block = from;
    split_nibbles_k(block->nibbles, run, out->codes);
    run_scales_k(block->scales, run, out);
    out->scale = block->scale;
    out->minimum = block->minimum;
}

CODES_INLINE void run_of_q5_k(const void *from, int run, struct run *out) {
    const struct block_q5_k *block = from;
    split_nibbles_k(block->nibbles, run, out->codes);
    for (int i = 0; i < 32; i++) out->codes[i] |= (uint8_t)(((block->high[i] >> run) & 1) << 4);
    run_scales_k(block->scales, run, out);
    out->scale = block->scale;
    out->minimum = block->minimum;
}

CODES_INLINE void run_of_q6_k(const void *from, int run, struct run *out) {
    const struct block_q6_k *block = from;
    int half = run / 4, part = run % 4;  // 64 bytes of nibbles and 32 bytes of pairs hold four runs
    for (int i = 0; i < 32; i++) {
        int low = (block->low[64 * half + 32 * (part & 1) + i] >> (part < 2 ? 0 : 4)) & 15;
        int high = (block->high[32 * half + i] >> (2 * part)) & 3;
        out->codes[i] = (uint8_t)(low | high << 4);
    }
    out->scales[0] = block->scales[2 * run];
    out->scales[1] = block->scales[2 * run + 1];
    out->scale = block->scale;
}

CODES_INLINE void run_of_iq4_xs(const void *from, int run, struct run *out) {
    const struct block_iq4_xs *block = from;
    split_nibbles(block->nibbles + 16 * run, out->codes);
    int low = (block->scales_low[run / 2] >> (4 * (run % 2))) & 15, high = (block->scales_high >> (2 * run)) & 3;
    out->scales[0] = out->scales[1] = (int8_t)((low | high << 4) - 32);
    out->scale = block->scale;
}

#endif
