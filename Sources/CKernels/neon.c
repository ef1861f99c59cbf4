// AArch64 without extensions (Cortex-A53, A57, A72: Raspberry Pi 3 and 4, Jetson Nano): products of bytes in 16 bits.
#pragma STDC FP_CONTRACT OFF
#if defined(__aarch64__)
#include "blocks.h"
#include "kernels.h"

#define ATTENTION_SUMS 4
#define TOKEN_TILE 4
#define SLICE 4
#include "neon.h"

INLINE ints dots(const struct layout layout, const bytes *w, int first, int count, const int8_t *x, ints start) {
    (void)layout;
    // Lanes: columns 0 and 1, then 2 and 3, of rows 0 and 1 (2 and 3). Two products of at most 128 * 127 fit in 16 bits.
    int32x4_t low = vdupq_n_s32(0), high = low;
    for (int k = first; k < first + count; k += 2) {
        int8x16_t w0 = (int8x16_t)w[k], w1 = (int8x16_t)w[k + 1], a0 = four(x + 4 * k), a1 = four(x + 4 * k + 4);
        int16x8_t upper = vmlal_high_s8(vmull_high_s8(w0, a0), w1, a1);
        int16x8_t lower = vmlal_s8(vmull_s8(vget_low_s8(w0), vget_low_s8(a0)), vget_low_s8(w1), vget_low_s8(a1));
        low = vpadalq_s16(low, lower);
        high = vpadalq_s16(high, upper);
    }
    return start + (ints)vpaddq_s32(low, high);
}

#include "integer.h"

#define TABLE shoal_kernels_neon
#include "table.h"
#endif
