// AArch64 with dot products of bytes (Cortex-A55, A75 and later: Raspberry Pi 5, phones): `sdot` adds four columns of four rows.
#pragma STDC FP_CONTRACT OFF
#if defined(__aarch64__)
#include "blocks.h"
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define ATTENTION_SUMS 4
#define TOKEN_TILE 8
#define SLICE 4
#include "neon.h"

INLINE ints dots(const struct layout layout, const bytes *w, int first, int count, const int8_t *x, ints start) {
    (void)layout;
    int32x4_t sum = (int32x4_t)start;
    for (int k = first; k < first + count; k += 4) {
        int8x16_t a = vld1q_s8(x + 4 * k);
        sum = vdotq_laneq_s32(sum, (int8x16_t)w[k], a, 0);
        sum = vdotq_laneq_s32(sum, (int8x16_t)w[k + 1], a, 1);
        sum = vdotq_laneq_s32(sum, (int8x16_t)w[k + 2], a, 2);
        sum = vdotq_laneq_s32(sum, (int8x16_t)w[k + 3], a, 3);
    }
    return (ints)sum;
}

#include "integer.h"

#define TABLE shoal_kernels_dotprod
#include "table.h"

#pragma clang attribute pop
#endif
