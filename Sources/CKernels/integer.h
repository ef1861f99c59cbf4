// The int8 products, shared by the wide instruction sets: what a run of 32 columns adds. How runs follow each other is in tiles.h (one token or a
// few) and passes.h (many). The including file defines SLICE (rows that one register of int32 holds), TOKEN_TILE (tokens that passes.h
// takes at a time) and, over its own registers:
//   int carried_zero(layout)              what its weights are too large by
//   void weights_of(layout, bytes *w)     codes, in place, to what `dots` takes
//   size_t pass_from(layout)              so many tokens share the work of unpacking (passes.h)
//   int pass_zero(layout), void pass_weights_of(layout, bytes *w)     the same where many tokens share the work
//   ints dots(layout, int zero, const bytes *w, int first, int count, const int8_t *x, ints start)
//                                         start + sum over chunks first..<first + count of four columns each; the weights are too large
//                                         by `zero`
// and optionally DOTS_OF_MANY, the name of another such function for many tokens, `dots_of_two` (PAIRS), for two tokens at once, or what decode.h wants (DECODE_TILE), for one token. Integers are exact, so
// their order is free; the float part is the same for all.
#ifndef SHOAL_INTEGER_H
#define SHOAL_INTEGER_H

#include "dots.h"

enum { SLICES = LANES / SLICE };

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
    const struct factors factors = factors_of(a);
    floats scale = factors.scale;
    if (layout.groups == 2) {
        // Each product and their sum are below 2^24, so exact: the same as in int32.
        floats dot = fused_slice(floats_of_dots(d[1]), scales->group_scales[1], floats_of_dots(d[0]) * scales->group_scales[0]);
        sum = fused_slice(dot, scales->scale * scale, sum);
        if (!layout.minimums) return sum;
        floats first = splat_float((float)a->first_sum), second = splat_float((float)(a->sum - a->first_sum));
        floats lowest = fused_slice(scales->group_minimums[1], second, scales->group_minimums[0] * first);
        return fused_slice(lowest, -(scales->minimum * scale), sum);
    }
    sum = fused_slice(floats_of_dots(d[0]), scales->scale * scale, sum);
    return layout.minimums ? fused_slice(scales->minimum, factors.scaled_sum, sum) : sum;
}

typedef ints dots_function(
    const struct layout layout, const int zero, const bytes *w, int first, int count, const int8_t *x, ints start);

/// What a run adds to the products of a slice with the tokens `a` and `other` (one alone: NULL); the weights are too large by `zero`.
INLINE void add_run_of_tokens(
    const struct layout layout, dots_function *dots_of, const int zero, const bytes *w, const struct scales *scales,
    const struct shoal_activation_block *a, const struct shoal_activation_block *other, floats *sum, floats *other_sum) {
    ints d[2][2];
#if defined(PAIRS)
    (void)dots_of;
    dots_of_two(layout, zero, w, a, other ? other : a, d);
#else
    const int groups = layout.groups == 2 ? 2 : 1, count = 8 / groups;
    for (int group = 0; group < groups; group++) {
        d[0][group] = dots_of(layout, zero, w, group * count, count, a->values, start_of_dots(zero, sum_of_group(layout, a, group)));
        if (!other) continue;
        d[1][group] = dots_of(layout, zero, w, group * count, count, other->values, start_of_dots(zero, sum_of_group(layout, other, group)));
    }
#endif
    *sum = add_run(layout, scales, d[0], a, *sum);
    if (other) *other_sum = add_run(layout, scales, d[1], other, *other_sum);
    settle(sum, other ? other_sum : sum);
}

#endif
