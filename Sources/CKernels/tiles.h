// A few tokens: panels are unpacked in registers as they come from memory. One token alone goes through `decode_tile` (DECODE_TILE, decode.h) where
// registers are few.
#ifndef SHOAL_TILES_H
#define SHOAL_TILES_H

#include "integer.h"

enum { MOST_RESULTS = TOKEN_TILE > 4 ? TOKEN_TILE : 4 };

/// `panels` (1 or 2) neighbouring panels times `tokens` (1, 2, 4 or TOKEN_TILE) tokens; sums[t * panels + p] are the 16 rows of panel p for token t.
INLINE void tile(
    const struct layout layout, const int panels, const int tokens, const enum reading reading, const uint8_t *weights, size_t panel_bytes, size_t blocks,
    const struct shoal_activation_block *x, vec *sums) {
    const int runs = layout_runs(layout), block_bytes = layout_bytes(layout), share = block_bytes / runs;
    floats local[MOST_RESULTS][SLICES] = {0};
    for (size_t b = 0; b < blocks; b += (size_t)runs, weights += block_bytes) {
        for (int run = 0; run < runs; run++, x++) {
            // Unrolled, so that the sums stay in registers.
#pragma clang loop unroll(full)
            for (int p = 0; p < panels; p++) {
                const uint8_t *panel = weights + (size_t)p * panel_bytes;
                prefetch(panels, reading, panel + run * share, share);
#pragma clang loop unroll(full)
                for (int s = 0; s < SLICES; s++) {
                    bytes w[8];
                    unpack(layout, panel + layout_codes(layout, run), s, w);
                    weights_of(layout, w);
                    struct scales scales = scales_of(layout, panel, run, s);
#pragma clang loop unroll(full)
                    for (int t = 0; t < tokens; t += 2) {
                        const struct shoal_activation_block *a = x + (size_t)t * blocks, *other = t + 1 < tokens ? a + blocks : NULL;
                        add_run_of_tokens(
                            layout, dots, carried_zero(layout), w, &scales, a, other, &local[t * panels + p][s],
                            &local[(t + 1 < tokens ? t + 1 : t) * panels + p][s]);
                    }
                }
            }
        }
    }
    for (int i = 0; i < panels * tokens; i++) memcpy(&sums[i], local[i], sizeof(vec));
}

#if defined(DECODE_TILE)
INLINE void decode_tile(
    const struct layout layout, const int panels, const enum reading reading, const uint8_t *weights, size_t panel_bytes, size_t blocks, const struct shoal_activation_block *x,
    vec *sums);
#endif

INLINE void store_tile(
    const int panels, const int tokens, const vec *sums, size_t panel, size_t rows, float *y, size_t y_stride) {
    for (int t = 0; t < tokens; t++) {
        for (int p = 0; p < panels; p++) {
            size_t row = (panel + (size_t)p) * LANES;
            float *place = y + (size_t)t * y_stride + row;
            if (rows - row >= LANES) store(place, sums[t * panels + p]);
            else store_first(place, sums[t * panels + p], rows - row);
        }
    }
}

INLINE void multiply_tile(
    const struct layout layout, const int panels, const int tokens, const enum reading reading, const uint8_t *weights, size_t panel_bytes, size_t blocks,
    const struct shoal_activation_block *x, size_t panel, size_t rows, float *y, size_t y_stride) {
    vec sums[MOST_RESULTS];
#if defined(DECODE_TILE)
    if (tokens == 1) decode_tile(layout, panels, reading, weights, panel_bytes, blocks, x, sums);
    else
#endif
        tile(layout, panels, tokens, reading, weights, panel_bytes, blocks, x, sums);
    store_tile(panels, tokens, sums, panel, rows, y, y_stride);
}

#endif
