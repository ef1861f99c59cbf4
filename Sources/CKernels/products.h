// The products of packed weights and int8 activations, for every type: one token, a few, or many.
#ifndef SHOAL_PRODUCTS_H
#define SHOAL_PRODUCTS_H

#include "passes.h"
#include "tiles.h"

/// One token goes through as many panels at a time as the processor reads best; a few go through one, which comes from memory once for
/// all of them.
INLINE void multiply_few(
    const struct layout layout, const void *panels, size_t rows, size_t columns, size_t first, size_t last,
    const struct shoal_activation_block *x, size_t tokens, float *y, size_t y_stride) {
    const size_t blocks = columns / 32, bytes = blocks / (size_t)layout_runs(layout) * (size_t)layout_bytes(layout);
    const enum reading reading = shoal_reading();
    for (size_t p = first; p < last; p++) {
        const uint8_t *weights = (const uint8_t *)panels + p * bytes;
        if (tokens == 1 && reading == READING_TWO_STREAMS && p + 1 < last) {
            multiply_tile(layout, 2, 1, reading, weights, bytes, blocks, x, p++, rows, y, y_stride);
            continue;
        }
        for (size_t t = 0; t < tokens;) {
            const bool whole_tile = pass_from(layout) > TOKEN_TILE && tokens - t >= TOKEN_TILE;
            const size_t left = tokens - t, count = whole_tile ? TOKEN_TILE : left >= 4 ? 4 : left >= 2 ? 2 : 1;
            const struct shoal_activation_block *in = x + t * blocks;
            float *out = y + t * y_stride;
            if (whole_tile) multiply_tile(layout, 1, TOKEN_TILE, reading, weights, bytes, blocks, in, p, rows, out, y_stride);
            else if (count == 4) multiply_tile(layout, 1, 4, reading, weights, bytes, blocks, in, p, rows, out, y_stride);
            else if (count == 2) multiply_tile(layout, 1, 2, reading, weights, bytes, blocks, in, p, rows, out, y_stride);
            else multiply_tile(layout, 1, 1, reading, weights, bytes, blocks, in, p, rows, out, y_stride);
            t += count;
        }
    }
}

#define MULTIPLY_RUNS(name, type, ...) \
    static void multiply_##name( \
        const void *panels, size_t rows, size_t columns, size_t first, size_t last, const void *x, size_t tokens, \
        float *y, size_t y_stride) { \
        if (tokens >= pass_from(layout_##name)) multiply_passes(layout_##name, panels, rows, columns, first, last, x, tokens, y, y_stride); \
        else multiply_few(layout_##name, panels, rows, columns, first, last, x, tokens, y, y_stride); \
    }
SHOAL_LAYOUTS(MULTIPLY_RUNS)

#endif
