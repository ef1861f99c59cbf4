// The int8 products, shared by the wide instruction sets. The including file defines SLICE (rows that one register of int32 holds),
// TOKEN_TILE and, over its own registers:
//   int carried_zero(layout)              what its weights are too large by
//   void weights_of(layout, bytes *w)     codes, in place, to what `dots` takes
//   ints dots(layout, const bytes *w, int first, int count, const int8_t *x, ints start)
//                                         start + sum over chunks first..<first + count of four columns each
// and optionally `dots_of_two` (PAIRS), for two tokens at once, or `decode_tile` (DECODE_TILE), for one token. Integers are exact, so their order is free; the float part is the same
// for all.
#ifndef SHOAL_INTEGER_H
#define SHOAL_INTEGER_H

#include "slices.h"

enum { SLICES = LANES / SLICE, RESULTS = TOKEN_TILE > 2 ? TOKEN_TILE : 2 };

/// The codes of 32 columns of slice `s`.
INLINE void unpack(const struct layout layout, const uint8_t *codes, int s, bytes *w) {
    const uint8_t *place = codes + 4 * SLICE * s, *high = place + layout_low_bytes(layout);
    if (layout.low == 8) {
        for (int k = 0; k < 8; k++) w[k] = load_bytes(place + 64 * k);
    } else if (layout.low == 4) {
        for (int k = 0; k < 4; k++) {
            bytes both = load_bytes(place + 64 * k);
            w[k] = both & 15;
            w[k + 4] = both >> 4;
        }
    } else {
        for (int h = 0; h < 2; h++) {
            bytes pairs = load_bytes(place + 64 * h);
            for (int c = 0; c < 4; c++) w[4 * h + c] = (pairs >> (2 * c)) & 3;
        }
    }
    if (layout.high == 1) {
        bytes bits = load_bytes(high);
        for (int k = 0; k < 8; k++) w[k] |= k <= layout.low ? (bits << (layout.low - k)) & (uint8_t)(1 << layout.low)
                                                            : (bits >> (k - layout.low)) & (uint8_t)(1 << layout.low);
    } else if (layout.high == 2) {
        for (int h = 0; h < 2; h++) {
            bytes pairs = load_bytes(high + 64 * h);
            for (int c = 0; c < 4; c++) {
                int shift = layout.low - 2 * c;
                w[4 * h + c] |= shift >= 0 ? (pairs << shift) & (uint8_t)(3 << layout.low)
                                           : (pairs >> -shift) & (uint8_t)(3 << layout.low);
            }
        }
    }
}

/// Scales of one run and slice.
struct scales {
    floats scale, minimum;
    floats group_scales[2], group_minimums[2];
};

INLINE struct scales scales_of(const struct layout layout, const uint8_t *panel, int run, int s) {
    const uint8_t *place = panel + layout_scales(layout);
    struct scales out = {0};
    out.scale = layout.exponent ? load_exponents(place + SLICE * s) : load_halves(place + 2 * SLICE * s);
    if (layout.minimums) out.minimum = load_halves(panel + layout_minimums(layout) + 2 * SLICE * s);
    for (int group = 0; group < layout.groups; group++) {
        ints scale = load_signed(panel + layout_group_scales(layout, run, group) + SLICE * s), minimum = {0};
        if (layout.minimums) minimum = load_signed(panel + layout_group_minimums(layout, run, group) + SLICE * s);
        if (layout.shared) scale &= 15, minimum = (minimum >> 4) & 15;
        out.group_scales[group] = floats_of(scale);
        out.group_minimums[group] = floats_of(minimum);
    }
    if (layout.groups == 1) {
        out.scale = out.scale * out.group_scales[0];
        out.minimum = -(out.minimum * out.group_minimums[0]);
    }
    return out;
}

/// What a run adds to the product of a slice with one token: `d` are the dots, of all columns or of the two groups.
INLINE floats add_run(
    const struct layout layout, const struct scales *scales, const ints *d, const struct shoal_activation_block *a, floats sum) {
    floats scale = splat_float(a->scale);
    if (layout.groups == 2) {
        // Each product and their sum are below 2^24, so exact: the same as in int32.
        floats dot = fused_slice(floats_of(d[1]), scales->group_scales[1], floats_of(d[0]) * scales->group_scales[0]);
        sum = fused_slice(dot, scales->scale * scale, sum);
        if (!layout.minimums) return sum;
        floats first = splat_float((float)a->first_sum), second = splat_float((float)(a->sum - a->first_sum));
        floats lowest = fused_slice(scales->group_minimums[1], second, scales->group_minimums[0] * first);
        return fused_slice(lowest, -(scales->minimum * scale), sum);
    }
    sum = fused_slice(floats_of(d[0]), scales->scale * scale, sum);
    return layout.minimums ? fused_slice(scales->minimum, splat_float(a->scaled_sum), sum) : sum;
}

INLINE void dots_of_run(const struct layout layout, const bytes *w, const struct shoal_activation_block *a, ints *d) {
    const int zero = carried_zero(layout);
    if (layout.groups == 2) {
        d[0] = dots(layout, w, 0, 4, a->values, splat_int(zero ? -zero * a->first_sum : 0));
        d[1] = dots(layout, w, 4, 4, a->values, splat_int(zero ? -zero * (a->sum - a->first_sum) : 0));
    } else {
        d[0] = dots(layout, w, 0, 8, a->values, splat_int(zero ? -zero * a->sum : 0));
    }
}

/// `panels` (1 or 2) neighbouring panels times `tokens` (1, 2, 4 or TOKEN_TILE) tokens; sums[t * panels + p] are the 16 rows of panel p for token t.
INLINE void tile(
    const struct layout layout, const int panels, const int tokens, const enum reading reading, const uint8_t *weights, size_t panel_bytes, size_t blocks,
    const struct shoal_activation_block *x, vec *sums) {
    const int runs = layout_runs(layout), block_bytes = layout_bytes(layout), share = block_bytes / runs;
    floats local[RESULTS][SLICES] = {0};
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
#if defined(PAIRS)
#pragma clang loop unroll(full)
                    for (int t = 0; tokens > 1 && t < tokens; t += 2) {
                        const struct shoal_activation_block *a = x + (size_t)t * blocks, *other = a + blocks;
                        ints d[2][2];
                        dots_of_two(layout, w, a, other, d);
                        floats *sum = &local[t * panels + p][s], *next = &local[(t + 1) * panels + p][s];
                        *sum = add_run(layout, &scales, d[0], a, *sum);
                        *next = add_run(layout, &scales, d[1], other, *next);
                    }
                    if (tokens > 1) continue;
#endif
#pragma clang loop unroll(full)
                    for (int t = 0; t < tokens; t++) {
                        const struct shoal_activation_block *a = x + (size_t)t * blocks;
                        ints d[2];
                        dots_of_run(layout, w, a, d);
                        local[t * panels + p][s] = add_run(layout, &scales, d, a, local[t * panels + p][s]);
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
    vec sums[RESULTS];
#if defined(DECODE_TILE)
    if (tokens == 1) decode_tile(layout, panels, reading, weights, panel_bytes, blocks, x, sums);
    else
#endif
        tile(layout, panels, tokens, reading, weights, panel_bytes, blocks, x, sums);
    store_tile(panels, tokens, sums, panel, rows, y, y_stride);
}

/// One token goes through as many panels at a time as the processor reads best; several go through one, which comes from memory once for
/// all of them.
INLINE void multiply_runs(
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
        size_t t = 0;
        for (; t + TOKEN_TILE <= tokens; t += TOKEN_TILE) {
            multiply_tile(layout, 1, TOKEN_TILE, reading, weights, bytes, blocks, x + t * blocks, p, rows, y + t * y_stride, y_stride);
        }
        if (TOKEN_TILE > 4 && t + 4 <= tokens) {
            multiply_tile(layout, 1, 4, reading, weights, bytes, blocks, x + t * blocks, p, rows, y + t * y_stride, y_stride);
            t += 4;
        }
        for (; t + 2 <= tokens; t += 2) {
            multiply_tile(layout, 1, 2, reading, weights, bytes, blocks, x + t * blocks, p, rows, y + t * y_stride, y_stride);
        }
        if (t < tokens) multiply_tile(layout, 1, 1, reading, weights, bytes, blocks, x + t * blocks, p, rows, y + t * y_stride, y_stride);
    }
}

#define MULTIPLY_RUNS(name, type, ...) \
    static void multiply_##name( \
        const void *panels, size_t rows, size_t columns, size_t first, size_t last, const void *x, size_t tokens, \
        float *y, size_t y_stride) { \
        multiply_runs(layout_##name, panels, rows, columns, first, last, x, tokens, y, y_stride); \
    }
SHOAL_LAYOUTS(MULTIPLY_RUNS)

#endif
