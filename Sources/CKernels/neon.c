// AArch64 without extensions (Cortex-A53, A57, A72: Raspberry Pi 3 and 4, Jetson Nano): products of bytes in 16 bits.
#pragma STDC FP_CONTRACT OFF
#if defined(__aarch64__)
#include "blocks.h"
#include "kernels.h"

#define ATTENTION_SUMS 4
#define TOKEN_TILE 8
#define SLICE 4
#define DECODE_TILE 1
#define DECODE_SLICES 4
#include "neon.h"

/// A dot product on its way. Lanes of 16 bits: four columns of rows 0 and 1, and of rows 2 and 3; of 32 bits: two columns of the same, or of
/// every row.
struct partial {
    int16x8_t low, high;
    int32x4_t low_sum, high_sum, sum;
};

/// The four activations of a chunk, for every row.
struct activations {
    int8x16_t values;
};

/// The lane is a constant once loops are unrolled.
INLINE struct activations activations_of(const struct layout layout, const int8_t *x, int k) {
    (void)layout;
    int32x4_t four_chunks = vreinterpretq_s32_s8(vld1q_s8(x + 16 * (k / 4)));
    switch (k % 4) {
    case 0: return (struct activations){vreinterpretq_s8_s32(vdupq_laneq_s32(four_chunks, 0))};
    case 1: return (struct activations){vreinterpretq_s8_s32(vdupq_laneq_s32(four_chunks, 1))};
    case 2: return (struct activations){vreinterpretq_s8_s32(vdupq_laneq_s32(four_chunks, 2))};
    default: return (struct activations){vreinterpretq_s8_s32(vdupq_laneq_s32(four_chunks, 3))};
    }
}

/// The largest |weight| of weights that are too large by `zero`.
INLINE int largest_weight(const struct layout layout, const int zero) {
    if (layout.code == CODE_TABLE_E2M1) return 12;
    if (layout.code != CODE_OFFSET) return 128;
    return layout.zero == zero ? (1 << (layout.low + layout.high)) - 1 : layout.zero;
}

/// Chunk `n` of `count`: as many products as fit are added in 16 bits, then in 32.
INLINE void add_products(struct partial *to, const int largest, bytes weights, int8x16_t a, int n, int count) {
    const int fit = 32767 / (127 * largest), together = fit < 8 ? fit : 8, last = n == count - 1;
    const int8x16_t w = (int8x16_t)weights;
    if (n % together == 0) {
        to->low = vmull_s8(vget_low_s8(w), vget_low_s8(a));
        to->high = vmull_high_s8(w, a);
    } else {
        to->low = vmlal_s8(to->low, vget_low_s8(w), vget_low_s8(a));
        to->high = vmlal_high_s8(to->high, w, a);
    }
    if (last && n < together && 2 * count <= fit) {
        to->sum = vpaddlq_s16(vpaddq_s16(to->low, to->high));
    } else if (n % together == together - 1 || last) {
        to->low_sum = n < together ? vpaddlq_s16(to->low) : vpadalq_s16(to->low_sum, to->low);
        to->high_sum = n < together ? vpaddlq_s16(to->high) : vpadalq_s16(to->high_sum, to->high);
        if (last) to->sum = vpaddq_s32(to->low_sum, to->high_sum);
    }
}

INLINE ints dots(
    const struct layout layout, const int zero, const bytes *w, int first, int count, const int8_t *x, ints start) {
    struct partial partial;
    for (int k = 0; k < count; k++) {
        const int8x16_t a = activations_of(layout, x, first + k).values;
        add_products(&partial, largest_weight(layout, zero), w[first + k], a, k, count);
    }
    return zero ? (ints)partial.sum + start : (ints)partial.sum;
}

INLINE void decode_chunk(
    const struct layout layout, struct partial *to, bytes codes, const struct activations *a, int n, int count, ints start) {
    (void)start;
    bytes weights = layout.code == CODE_OFFSET || layout.code == CODE_SIGNED ? codes : weights_of_table(layout, codes);
    add_products(to, largest_weight(layout, carried_zero(layout)), weights, a->values, n, count);
}

INLINE ints whole(const struct layout layout, const struct partial *partial, ints start) {
    return carried_zero(layout) ? (ints)partial->sum + start : (ints)partial->sum;
}

#include "decode.h"

#define TABLE shoal_kernels_neon
#include "table.h"
#endif
