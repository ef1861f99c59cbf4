// Prompts: a chunk of a panel is unpacked once and stays in the first cache while all tokens of a pass go through it. So unpacking hardly
// counts, and in the innermost loop every type is bytes with a scale. Of a panel, SLICE rows at a time meet TOKEN_TILE tokens: their sums
// stay in registers through the chunk.
#ifndef SHOAL_PASSES_H
#define SHOAL_PASSES_H

#include "tiles.h"

#if !defined(DOTS_OF_MANY)
#define DOTS_OF_MANY dots
#endif

enum {
    /// Runs that are unpacked at a time: a block of 256 columns, or as many blocks of 32.
    CHUNK_RUNS = 8,
    /// Panels that meet the activations of a chunk while these are in the first cache.
    CHUNK_PANELS = 2,
    /// Tokens for which a chunk is unpacked once.
    PASS_TOKENS = 128,
};

/// A run of a panel, as the innermost loop wants it.
struct unpacked_run {
    bytes weights[SLICES][8];
    struct scales scales[SLICES];
};

INLINE void unpack_run(const struct layout layout, const uint8_t *panel, int run, struct unpacked_run *out) {
#pragma clang loop unroll(full)
    for (int s = 0; s < SLICES; s++) {
        bytes w[8];
        unpack(layout, panel + layout_codes(layout, run), s, w);
        pass_weights_of(layout, w);
        for (int k = 0; k < 8; k++) out->weights[s][k] = w[k];
        out->scales[s] = scales_of(layout, panel, run, s);
    }
}

/// Adds `count` runs of slice `s` to the products of `tokens` tokens.
INLINE void add_slice(
    const struct layout layout, const int tokens, const struct unpacked_run *runs, int count, int s, const struct shoal_activation_block *x,
    size_t blocks, vec *products) {
    floats local[TOKEN_TILE];
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) memcpy(&local[t], (const float *)&products[t] + SLICE * s, sizeof(floats));
    for (int run = 0; run < count; run++) {
        const struct unpacked_run *from = runs + run;
        const struct scales scales = from->scales[s];
        bytes w[8];
        for (int k = 0; k < 8; k++) w[k] = from->weights[s][k];
#pragma clang loop unroll(full)
        for (int t = 0; t < tokens; t += 2) {
            const struct shoal_activation_block *a = x + (size_t)t * blocks + run, *other = t + 1 < tokens ? a + blocks : NULL;
            add_run_of_tokens(layout, DOTS_OF_MANY, pass_zero(layout), w, &scales, a, other, &local[t], &local[t + 1 < tokens ? t + 1 : t]);
        }
    }
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) memcpy((float *)&products[t] + SLICE * s, &local[t], sizeof(floats));
}

/// `panels` neighbouring panels times `tokens` tokens, at most CHUNK_PANELS and PASS_TOKENS; products[p][t] are the rows of panel p.
INLINE void multiply_pass(
    const struct layout layout, const uint8_t *weights, size_t panel_bytes, int panels, size_t blocks, const struct shoal_activation_block *x,
    size_t tokens, vec products[CHUNK_PANELS][PASS_TOKENS]) {
    const size_t block_runs = (size_t)layout_runs(layout);
    struct unpacked_run runs[CHUNK_PANELS][CHUNK_RUNS];
    for (int p = 0; p < panels; p++) memset(products[p], 0, tokens * sizeof(vec));
    for (size_t b = 0; b < blocks; b += CHUNK_RUNS) {
        const int chunk = blocks - b < CHUNK_RUNS ? (int)(blocks - b) : CHUNK_RUNS;
        for (int p = 0; p < panels; p++) {
            for (int run = 0; run < chunk; run++) {
                const size_t r = b + (size_t)run;
                const uint8_t *place = weights + (size_t)p * panel_bytes + r / block_runs * (size_t)layout_bytes(layout);
                unpack_run(layout, place, (int)(r % block_runs), &runs[p][run]);
                // The next chunk comes while the tokens go through this one.
                const int share = layout_bytes(layout) / (int)block_runs;
                const uint8_t *next = weights + (size_t)p * panel_bytes + (r + CHUNK_RUNS) * (size_t)share;
                for (int i = 0; i < share; i += 64) __builtin_prefetch(next + i, 0, 2);
            }
        }
        for (size_t t = 0; t < tokens;) {
            const size_t left = tokens - t, count = left >= TOKEN_TILE ? TOKEN_TILE : left >= 4 ? 4 : left >= 2 ? 2 : 1;
            for (int p = 0; p < panels; p++) {
                for (int s = 0; s < SLICES; s++) {
                    const struct shoal_activation_block *in = x + t * blocks + b;
                    if (count == TOKEN_TILE) add_slice(layout, TOKEN_TILE, runs[p], chunk, s, in, blocks, products[p] + t);
                    else if (count == 4) add_slice(layout, 4, runs[p], chunk, s, in, blocks, products[p] + t);
                    else if (count == 2) add_slice(layout, 2, runs[p], chunk, s, in, blocks, products[p] + t);
                    else add_slice(layout, 1, runs[p], chunk, s, in, blocks, products[p] + t);
                }
            }
            t += count;
        }
    }
}

INLINE void multiply_passes(
    const struct layout layout, const void *panels, size_t rows, size_t columns, size_t first, size_t last,
    const struct shoal_activation_block *x, size_t tokens, float *y, size_t y_stride) {
    const size_t blocks = columns / 32, bytes = blocks / (size_t)layout_runs(layout) * (size_t)layout_bytes(layout);
    vec products[CHUNK_PANELS][PASS_TOKENS];
    for (size_t p = first; p < last; p += CHUNK_PANELS) {
        const int count = last - p < CHUNK_PANELS ? (int)(last - p) : CHUNK_PANELS;
        for (size_t t = 0; t < tokens; t += PASS_TOKENS) {
            const size_t pass = tokens - t < PASS_TOKENS ? tokens - t : PASS_TOKENS;
            multiply_pass(layout, (const uint8_t *)panels + p * bytes, bytes, count, blocks, x + t * blocks, pass, products);
            for (int i = 0; i < count; i++) store_tile(1, (int)pass, products[i], p + (size_t)i, rows, y + t * y_stride, y_stride);
        }
    }
}

#endif
