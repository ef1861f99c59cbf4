// AArch64 with matrix products of bytes (Apple M2, Neoverse V1, Cortex-A510, A710 and later): `smmla` multiplies two rows by two tokens,
// eight columns at a time. One token alone goes through `sdot`.
#pragma STDC FP_CONTRACT OFF
#if defined(__aarch64__)
#include "blocks.h"
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)

#define ATTENTION_SUMS 4
#define TOKEN_TILE 8
#define PAIRS 1
#define SLICE 4
#define DOTS_AS_FLOATS 1
#define DECODE_TILE 1
#define DECODE_SLICES 8
#include "sdot.h"

/// d[token][group]
INLINE void dots_of_two(
    const struct layout layout, const int zero, const bytes *w, const struct shoal_activation_block *a,
    const struct shoal_activation_block *other, ints d[2][2]) {
    const int groups = layout.groups == 2 ? 2 : 1, count = 8 / groups;
    for (int group = 0; group < groups; group++) {
        int32x4_t low = (int32x4_t)start_of_dots(0, 0), high = low;  // row 0 with both tokens, row 1 with both; rows 2 and 3
        for (int k = group * count; k < (group + 1) * count; k += 2) {
            int8x16_t x = vcombine_s8(vld1_s8(a->values + 4 * k), vld1_s8(other->values + 4 * k));
            low = vmmlaq_s32(low, (int8x16_t)w[k], x);
            high = vmmlaq_s32(high, (int8x16_t)w[k + 1], x);
        }
        d[0][group] = (ints)vuzp1q_s32(low, high);
        d[1][group] = (ints)vuzp2q_s32(low, high);
        if (zero == 0) continue;
        d[0][group] -= splat_int(zero * sum_of_group(layout, a, group));
        d[1][group] -= splat_int(zero * sum_of_group(layout, other, group));
    }
}

#include "decode.h"

#define TABLE shoal_kernels_i8mm
#include "table.h"

#pragma clang attribute pop
#endif
