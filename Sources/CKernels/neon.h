// What the files of AArch64 share. A panel is four registers of 4 rows; bytes are signed, codes (at most 6 bits) too.
#ifndef SHOAL_NEON_H
#define SHOAL_NEON_H

#include <arm_neon.h>

#include "attention.h"
#include "dequantize.h"
#include "dots.h"

/// One token or a few: the activations' sum takes the codes' zero away.
INLINE int carried_zero(const struct layout layout) { return layout.code == CODE_OFFSET ? layout.zero : 0; }

INLINE bytes weights_of_table(const struct layout layout, bytes codes) {
    int8x16_t table = vld1q_s8(layout.code == CODE_TABLE_NL ? shoal_table_nl : shoal_table_e2m1);
    return (bytes)vqtbl1q_s8(table, (uint8x16_t)codes);
}

INLINE void weights_of(const struct layout layout, bytes *w) {
    if (layout.code == CODE_TABLE_NL || layout.code == CODE_TABLE_E2M1) {
        for (int k = 0; k < 8; k++) w[k] = weights_of_table(layout, w[k]);
    }
#if defined(PAIRS)
    // `smmla` wants eight columns of two rows.
    for (int k = 0; k < 8; k += 2) {
        int32x4_t w0 = (int32x4_t)w[k], w1 = (int32x4_t)w[k + 1];
        w[k] = (bytes)vzip1q_s32(w0, w1), w[k + 1] = (bytes)vzip2q_s32(w0, w1);
    }
#endif
}

INLINE size_t pass_from(const struct layout layout) {
    (void)layout;
    return TOKEN_TILE;
}

/// Many tokens: taken away from the codes, once for all.
INLINE int pass_zero(const struct layout layout) {
    (void)layout;
    return 0;
}

INLINE void pass_weights_of(const struct layout layout, bytes *w) {
    weights_of(layout, w);
    for (int k = 0; k < 8; k++) w[k] -= (uint8_t)carried_zero(layout);
}

#endif
