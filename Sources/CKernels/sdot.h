// What the sets with `sdot` share: it adds four columns of four rows, with the activations out of one lane.
#ifndef SHOAL_SDOT_H
#define SHOAL_SDOT_H

#include "neon.h"

/// The lane is a constant once loops are unrolled.
INLINE int32x4_t add_dots(int32x4_t sum, bytes w, int8x16_t a, int lane) {
    switch (lane) {
    case 0: return vdotq_laneq_s32(sum, (int8x16_t)w, a, 0);
    case 1: return vdotq_laneq_s32(sum, (int8x16_t)w, a, 1);
    case 2: return vdotq_laneq_s32(sum, (int8x16_t)w, a, 2);
    default: return vdotq_laneq_s32(sum, (int8x16_t)w, a, 3);
    }
}

INLINE ints dots(
    const struct layout layout, const int zero, const bytes *w, int first, int count, const int8_t *x, ints start) {
    (void)layout, (void)zero;
    int32x4_t sum = (int32x4_t)start;
    for (int k = first; k < first + count; k++) sum = add_dots(sum, w[k], vld1q_s8(x + 16 * (k / 4)), k % 4);
    return (ints)sum;
}

struct activations {
    int8x16_t values;
    int lane;
};

struct partial {
    int32x4_t sum;
};

INLINE struct activations activations_of(const struct layout layout, const int8_t *x, int k) {
    (void)layout;
    return (struct activations){vld1q_s8(x + 16 * (k / 4)), k % 4};
}

INLINE void decode_chunk(
    const struct layout layout, struct partial *to, bytes codes, const struct activations *a, int n, int count, ints start) {
    (void)count;
    bytes weights = layout.code == CODE_OFFSET || layout.code == CODE_SIGNED ? codes : weights_of_table(layout, codes);
    to->sum = add_dots(n == 0 ? (int32x4_t)start : to->sum, weights, a->values, a->lane);
}

INLINE ints whole(const struct layout layout, const struct partial *partial, ints start) {
    (void)layout, (void)start;
    return (ints)partial->sum;
}

#endif
