// What the files of AArch64 share. A panel is four registers of 4 rows; weights are signed bytes, so nothing has to be taken away.
#ifndef SHOAL_NEON_H
#define SHOAL_NEON_H

#include <arm_neon.h>

#include "attention.h"
#include "dequantize.h"
#include "slices.h"

INLINE int carried_zero(const struct layout layout) {
    (void)layout;
    return 0;
}

INLINE void weights_of(const struct layout layout, bytes *w) {
    if (layout.code == CODE_TABLE_NL || layout.code == CODE_TABLE_E2M1) {
        int8x16_t table = vld1q_s8(layout.code == CODE_TABLE_NL ? shoal_table_nl : shoal_table_e2m1);
        for (int k = 0; k < 8; k++) w[k] = (bytes)vqtbl1q_s8(table, (uint8x16_t)w[k]);
    } else if (layout.zero != 0) {
        for (int k = 0; k < 8; k++) w[k] -= (uint8_t)layout.zero;
    }
}

/// Four activations, for every row.
INLINE int8x16_t four(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, 4);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

#endif
