// The frame of the int8 products, shared by the wide instruction sets. The including file defines, for each format, an
// INLINE function that multiplies `panels` (1 or 2) neighbouring panels by `tokens` (1 or TOKEN_TILE) tokens.
#ifndef SHOAL_INTEGER_H
#define SHOAL_INTEGER_H

#include "vector.h"

/// Adds up all blocks; sums[t * panels + p] are the 16 rows of panel p for token t.
typedef void tile_function(
    const int panels, const int tokens, const uint8_t *weights, size_t panel_bytes, size_t blocks,
    const struct shoal_activation_block *x, vec *sums);

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

INLINE void multiply_integers(
    tile_function *tile, const size_t block_bytes, const void *panels, size_t rows, size_t columns, size_t first,
    size_t last, const struct shoal_activation_block *x, size_t tokens, float *y, size_t y_stride) {
    const size_t blocks = columns / 32, panel_bytes = blocks * block_bytes;
    vec sums[TOKEN_TILE > 2 ? TOKEN_TILE : 2];
    size_t whole = tokens / TOKEN_TILE * TOKEN_TILE;
    for (size_t p = first; whole > 0 && p < last; p++) {
        const uint8_t *weights = (const uint8_t *)panels + p * panel_bytes;
        for (size_t t = 0; t < whole; t += TOKEN_TILE) {
            tile(1, TOKEN_TILE, weights, panel_bytes, blocks, x + t * blocks, sums);
            store_tile(1, TOKEN_TILE, sums, p, rows, y + t * y_stride, y_stride);
        }
    }
    for (size_t p = first; whole < tokens && p < last; p += 2) {
        const uint8_t *weights = (const uint8_t *)panels + p * panel_bytes;
        for (size_t t = whole; t < tokens; t++) {
            if (p + 1 < last) {
                tile(2, 1, weights, panel_bytes, blocks, x + t * blocks, sums);
                store_tile(2, 1, sums, p, rows, y + t * y_stride, y_stride);
            } else {
                tile(1, 1, weights, panel_bytes, blocks, x + t * blocks, sums);
                store_tile(1, 1, sums, p, rows, y + t * y_stride, y_stride);
            }
        }
    }
}

#define MULTIPLY_INTEGERS(name) \
    static void multiply_##name( \
        const void *panels, size_t rows, size_t columns, size_t first, size_t last, const void *x, size_t tokens, \
        float *y, size_t y_stride) { \
        multiply_integers( \
            tile_##name, sizeof(struct panel_##name), panels, rows, columns, first, last, x, tokens, y, y_stride); \
    }

#endif
