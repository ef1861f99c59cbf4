// One token for the sets with registers of 4 or 8 rows: the slices of one or two panels side by side, chunk by chunk, so that four broadcast
// activations meet every slice at once and are done with. Slice after slice (tiles.h's `tile`) they would not stay in the registers.
//
// The including file defines, after slices.h:
//   struct activations                    four activations for every row
//   struct activations activations_of(layout, const int8_t *x, int k)    those of chunk k of the run at x
//   struct partial                        a dot product on its way
//   void decode_chunk(layout, struct partial *, bytes codes, const struct activations *, int n, int count, ints start)
//                                         chunk n of count, in any order of columns; n = 0 begins
//   ints whole(layout, const struct partial *, ints start)
// of which one of the two adds `start`; and DECODE_SLICES, the slices that its registers take side by side.
#ifndef SHOAL_DECODE_H
#define SHOAL_DECODE_H

#include "products.h"

/// As `unpack`, chunk `k` alone.
INLINE bytes unpack_chunk(const struct layout layout, const uint8_t *codes, int s, int k) {
    const uint8_t *place = codes + 4 * SLICE * s, *high = place + layout_low_bytes(layout);
    bytes w;
    if (layout.low == 8) {
        w = load_bytes(place + 64 * k);
    } else if (layout.low == 4) {
        bytes both = load_bytes(place + 64 * (k % 4));
        w = k < 4 ? both & 15 : both >> 4;
    } else {
        w = (load_bytes(place + 64 * (k / 4)) >> (2 * (k % 4))) & 3;
    }
    if (layout.high == 0) return w;
    const int first = layout.high * (layout.high == 1 ? k : k % 4), shift = layout.low - first;
    bytes bits = load_bytes(high + (layout.high == 1 ? 0 : 64 * (k / 4)));
    const uint8_t mask = (uint8_t)(((1 << layout.high) - 1) << layout.low);
    return w | ((shift >= 0 ? bits << shift : bits >> -shift) & mask);
}

INLINE void decode_tile(
    const struct layout layout, const int panels, const enum reading reading, const uint8_t *weights, size_t panel_bytes, size_t blocks, const struct shoal_activation_block *x,
    vec *sums) {
    const int runs = layout_runs(layout), block_bytes = layout_bytes(layout), share = block_bytes / runs;
    const int groups = layout.groups == 2 ? 2 : 1, count = 8 / groups, zero = carried_zero(layout);
    floats local[2][SLICES] = {0};
    for (size_t b = 0; b < blocks; b += (size_t)runs, weights += block_bytes) {
        for (int run = 0; run < runs; run++, x++) {
            for (int p = 0; p < panels; p++) prefetch(panels, reading, weights + (size_t)p * panel_bytes + run * share, share);
#pragma clang loop unroll(full)
            for (int first = 0; first < panels * SLICES; first += DECODE_SLICES) {
                const int last = first + DECODE_SLICES < panels * SLICES ? first + DECODE_SLICES : panels * SLICES;
                ints d[2][SLICES][2];
#pragma clang loop unroll(full)
                for (int group = 0; group < groups; group++) {
                    struct partial partial[2][SLICES];
                    const ints start = start_of_dots(zero, sum_of_group(layout, x, group));
#pragma clang loop unroll(full)
                    for (int n = 0; n < count; n++) {
                        // Both nibbles of a byte one after the other, where they belong to one group.
                        const int k = layout.low == 4 && groups == 1 ? n / 2 + 4 * (n % 2) : n + group * count;
                        const struct activations a = activations_of(layout, x->values, k);
#pragma clang loop unroll(full)
                        for (int i = first; i < last; i++) {
                            const uint8_t *codes = weights + (size_t)(i / SLICES) * panel_bytes + layout_codes(layout, run);
                            bytes w = unpack_chunk(layout, codes, i % SLICES, k);
                            decode_chunk(layout, &partial[i / SLICES][i % SLICES], w, &a, n, count, start);
                        }
                    }
#pragma clang loop unroll(full)
                    for (int i = first; i < last; i++) {
                        d[i / SLICES][i % SLICES][group] = whole(layout, &partial[i / SLICES][i % SLICES], start);
                    }
                }
#pragma clang loop unroll(full)
                for (int i = first; i < last; i++) {
                    const int p = i / SLICES, s = i % SLICES;
                    struct scales scales = scales_of(layout, weights + (size_t)p * panel_bytes, run, s);
                    local[p][s] = add_run(layout, &scales, d[p][s], x, local[p][s]);
                }
            }
        }
    }
    for (int p = 0; p < panels; p++) memcpy(&sums[p], local[p], sizeof(vec));
}

#endif
