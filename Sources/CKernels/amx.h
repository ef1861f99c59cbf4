// AMX (Sapphire Rapids and later): products of 16 tokens and more by tiles of bytes; all else is AVX-512's. The end of avx512.c, whose
// functions it uses.
//
// A tile of weights is a run of 32 columns (16 if groups of 16 have scales of their own) of a panel, in the very order of the panel's
// chunks: four columns of 16 rows to a line. A tile of activations is as many columns of 16 tokens, from where they lie. Their product is
// 16 x 16 exact sums, which become floats as everywhere.
#ifndef SHOAL_AMX_H
#define SHOAL_AMX_H

#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,amx-tile,amx-int8"))), apply_to = function)

enum { TILE_TOKENS = 16 };

/// What LDTILECFG reads (Intel's manual, volume 1, 18.3): bytes of a line and lines of each tile.
struct tile_shapes {
    uint8_t palette, start;
    uint8_t reserved[14];
    uint16_t line_bytes[16];
    uint8_t lines[16];
};
_Static_assert(sizeof(struct tile_shapes) == 64, "");

/// Tiles 0 and 1 are sums, 2 and 3 activations, 4 and 5 weights: two of each, so that one product need not wait for the other.
INLINE void configure_tiles(const int columns) {
    struct tile_shapes shapes = {.palette = 1};
    for (int i = 0; i < 2; i++) {
        shapes.line_bytes[i] = 64, shapes.lines[i] = TILE_TOKENS;
        shapes.line_bytes[2 + i] = (uint16_t)columns, shapes.lines[2 + i] = TILE_TOKENS;
        shapes.line_bytes[4 + i] = 64, shapes.lines[4 + i] = (uint8_t)(columns / 4);
    }
    _tile_loadconfig(&shapes);
    __asm__ volatile("" ::: "memory");
}

/// sums[token][row] of a tile of weights with 16 tokens of a chunk. The tile numbers are part of the instructions.
#define MULTIPLY_TILE(sum, activations, weights) \
    _tile_zero(sum); \
    _tile_loadd(activations, x, CHUNK_RUNS * sizeof(struct shoal_activation_block)); \
    _tile_loadd(weights, codes, 64); \
    _tile_dpbssd(sum, activations, weights); \
    _tile_stored(sum, sums, 64)
INLINE void multiply_tile_of(int pair, const uint8_t *codes, const int8_t *x, ints *sums) {
    if (pair == 0) {
        MULTIPLY_TILE(0, 2, 4);
    } else {
        MULTIPLY_TILE(1, 3, 5);
    }
}

/// The sums of run `run` of a chunk, of all its columns or of its two groups: sums[group][token].
INLINE void sums_of_run(
    const struct layout layout, int run, const uint8_t *codes, const struct shoal_activation_block *x, ints sums[2][TILE_TOKENS]) {
    if (layout.groups == 2) {
        multiply_tile_of(0, codes, x->values, sums[0]);
        multiply_tile_of(1, codes + 256, x->values + 16, sums[1]);
    } else {
        multiply_tile_of(run % 2, codes, x->values, sums[0]);
    }
}

/// One run of one panel, as tiles and floats want it: eight lines of signed weights, and the scales.
struct tile_run {
    uint8_t codes[512] __attribute__((aligned(64)));
    struct scales scales;
};

INLINE void unpack_tile_run(const struct layout layout, const uint8_t *panel, int run, struct tile_run *out) {
    bytes w[8];
    unpack(layout, panel + layout_codes(layout, run), 0, w);
    __m512i table = _mm512_broadcast_i32x4(
        _mm_loadu_si128((const __m128i *)(layout.code == CODE_TABLE_NL ? shoal_table_nl : shoal_table_e2m1)));
    for (int k = 0; k < 8; k++) {
        if (layout.code == CODE_OFFSET) w[k] -= (uint8_t)layout.zero;
        else if (layout.code != CODE_SIGNED) w[k] = (bytes)_mm512_shuffle_epi8(table, (__m512i)w[k]);
        memcpy(out->codes + 64 * k, &w[k], 64);
    }
    out->scales = scales_of(layout, panel, run, 0);
}

/// The activations of a chunk of 16 tokens, apart from the others: always as far from each other, which the caches and the addresses want.
struct tile_activations {
    struct shoal_activation_block blocks[TILE_TOKENS][CHUNK_RUNS];
};

/// Adds `count` runs of a panel to the products of 16 tokens. The tiles are one run ahead of the floats.
INLINE void add_chunk(
    const struct layout layout, const struct tile_run *runs, int count, const struct tile_activations *x, vec *products) {
    ints sums[2][2][TILE_TOKENS];
    floats local[TILE_TOKENS];
#pragma clang loop unroll(full)
    for (int t = 0; t < TILE_TOKENS; t++) local[t] = (floats)products[t];
    sums_of_run(layout, 0, runs[0].codes, &x->blocks[0][0], sums[0]);
    for (int run = 0; run < count; run++) {
        if (run + 1 < count) sums_of_run(layout, run + 1, runs[run + 1].codes, &x->blocks[0][run + 1], sums[(run + 1) % 2]);
        const struct scales scales = runs[run].scales;
#pragma clang loop unroll(full)
        for (int t = 0; t < TILE_TOKENS; t++) {
            const ints d[2] = {sums[run % 2][0][t], layout.groups == 2 ? sums[run % 2][1][t] : (ints){0}};
            local[t] = add_run(layout, &scales, d, &x->blocks[t][run], local[t]);
        }
    }
#pragma clang loop unroll(full)
    for (int t = 0; t < TILE_TOKENS; t++) products[t] = (vec)local[t];
}

/// `count` (1 or 2) neighbouring panels, from panel `panel`, times `tokens` tokens: a multiple of 16, at most PASS_TOKENS.
INLINE void multiply_tiles_of_pass(
    const struct layout layout, const uint8_t *weights, size_t panel_bytes, int count, size_t blocks,
    const struct shoal_activation_block *x, size_t tokens, size_t panel, size_t rows, float *y, size_t y_stride) {
    const int block_runs = layout_runs(layout);
    struct tile_run runs[CHUNK_PANELS][CHUNK_RUNS];
    vec products[CHUNK_PANELS][PASS_TOKENS];
    for (int p = 0; p < count; p++) memset(products[p], 0, tokens * sizeof(vec));
    for (size_t b = 0; b < blocks; b += CHUNK_RUNS) {
        const int chunk = blocks - b < CHUNK_RUNS ? (int)(blocks - b) : CHUNK_RUNS;
        for (int p = 0; p < count; p++) {
            for (int run = 0; run < chunk; run++) {
                size_t block = (b + (size_t)run) / (size_t)block_runs;
                const uint8_t *place = weights + (size_t)p * panel_bytes + block * (size_t)layout_bytes(layout);
                unpack_tile_run(layout, place, run % block_runs, &runs[p][run]);
            }
        }
        for (size_t t = 0; t < tokens; t += TILE_TOKENS) {
            struct tile_activations near;
            for (size_t i = 0; i < TILE_TOKENS; i++) memcpy(near.blocks[i], x + (t + i) * blocks + b, (size_t)chunk * sizeof *x);
            for (int p = 0; p < count; p++) add_chunk(layout, runs[p], chunk, &near, products[p] + t);
        }
    }
    for (int p = 0; p < count; p++) {
        size_t row = (panel + (size_t)p) * LANES;
        for (size_t t = 0; t < tokens; t++) {
            if (rows - row >= LANES) store(y + t * y_stride + row, products[p][t]);
            else store_first(y + t * y_stride + row, products[p][t], rows - row);
        }
    }
}

/// The tiles are configured here and released again: that costs some dozens of cycles, thousands of times less than the least product, and
/// no thread carries tiles (8 KB more in every switch and signal) while it does something else.
INLINE void multiply_tiles(
    const struct layout layout, const void *panels, size_t rows, size_t columns, size_t first, size_t last,
    const struct shoal_activation_block *x, size_t tokens, float *y, size_t y_stride) {
    const size_t blocks = columns / 32, bytes = blocks / (size_t)layout_runs(layout) * (size_t)layout_bytes(layout);
    configure_tiles(layout.groups == 2 ? 16 : 32);
    for (size_t p = first; p < last; p += CHUNK_PANELS) {
        const int count = last - p < CHUNK_PANELS ? (int)(last - p) : CHUNK_PANELS;
        for (size_t t = 0; t < tokens; t += PASS_TOKENS) {
            size_t pass = tokens - t < PASS_TOKENS ? tokens - t : PASS_TOKENS;
            multiply_tiles_of_pass(
                layout, (const uint8_t *)panels + p * bytes, bytes, count, blocks, x + t * blocks, pass, p, rows, y + t * y_stride,
                y_stride);
        }
    }
    _tile_release();
}

#define MULTIPLY_TILES(name, type, ...) \
    static void multiply_tiles_##name( \
        const void *panels, size_t rows, size_t columns, size_t first, size_t last, const void *x, size_t tokens, \
        float *y, size_t y_stride) { \
        size_t tiled = tokens / TILE_TOKENS * TILE_TOKENS; \
        if (tiled > 0) multiply_tiles(layout_##name, panels, rows, columns, first, last, x, tiled, y, y_stride); \
        const struct shoal_activation_block *rest = (const struct shoal_activation_block *)x + tiled * (columns / 32); \
        if (tokens > tiled) { \
            multiply_##name(panels, rows, columns, first, last, rest, tokens - tiled, y + tiled * y_stride, y_stride); \
        } \
    }
SHOAL_LAYOUTS(MULTIPLY_TILES)

#pragma clang attribute pop

#undef TABLE
#undef MULTIPLY_LAYOUT
#define TABLE shoal_kernels_amx
#define MULTIPLY_LAYOUT(name) multiply_tiles_##name
#include "table.h"

#endif
