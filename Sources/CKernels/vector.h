// The float kernels over vectors of 16 lanes: one body, compiled by every file that has wide registers (which sets the target
// attribute before it includes this). Each is the twin of the function of the same name in scalar.c.
#ifndef SHOAL_VECTOR_H
#define SHOAL_VECTOR_H

#include "blocks.h"
#include "exponential.h"
#include "kernels.h"

typedef float vec __attribute__((vector_size(64)));
typedef float vec_unaligned __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(64)));
typedef uint32_t uvec __attribute__((vector_size(64)));
typedef _Float16 hvec_unaligned __attribute__((vector_size(32), aligned(2), may_alias));
typedef uint16_t svec_unaligned __attribute__((vector_size(32), aligned(2), may_alias));
typedef int8_t bvec_unaligned __attribute__((vector_size(16), aligned(1), may_alias));

enum { LANES = 16 };

// Functions that take or return vectors are all inlined, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"
#define INLINE static inline __attribute__((always_inline))

INLINE vec splat(float x) { return (vec){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
INLINE vec load(const float *p) { return *(const vec_unaligned *)p; }
INLINE void store(float *p, vec x) { *(vec_unaligned *)p = x; }
INLINE vec fused(vec a, vec b, vec c) { return __builtin_elementwise_fma(a, b, c); }
INLINE vec load_half(const void *p) { return __builtin_convertvector(*(const hvec_unaligned *)p, vec); }
INLINE vec load_bfloat(const void *p) { return (vec)(__builtin_convertvector(*(const svec_unaligned *)p, uvec) << 16); }
INLINE vec load_single(const void *p) { return load(p); }
INLINE vec where(ivec condition, vec yes, vec no) { return (vec)((condition & (ivec)yes) | (~condition & (ivec)no)); }

/// The first `count` < 16 lanes; the others are zero. Reads nothing beyond.
INLINE vec load_first(const float *p, size_t count) {
    float lanes[LANES] = {0};
    memcpy(lanes, p, count * sizeof *p);
    return load(lanes);
}

INLINE void store_first(float *p, vec x, size_t count) {
    float lanes[LANES];
    store(lanes, x);
    memcpy(p, lanes, count * sizeof *p);
}

INLINE float fold(vec x) {
    typedef float half __attribute__((vector_size(32)));
    typedef float quarter __attribute__((vector_size(16)));
    half a = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
    quarter b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
    return (b[0] + b[2]) + (b[1] + b[3]);
}

INLINE vec exponential(vec x) {
    vec clamped = where(x > splat(EXP_HIGH), splat(EXP_HIGH), x);
    vec shifted = fused(clamped, splat(EXP_LOG2E), splat(12582912.0f)), n = shifted - splat(12582912.0f);
    vec r = fused(n, splat(EXP_LN2_LOW), fused(n, splat(EXP_LN2_HIGH), clamped));
    vec p = splat(EXP_P6);
    p = fused(p, r, splat(EXP_P5));
    p = fused(p, r, splat(EXP_P4));
    p = fused(p, r, splat(EXP_P3));
    p = fused(p, r, splat(EXP_P2));
    p = fused(p, r, splat(1));
    p = fused(p, r, splat(1));
    vec power = (vec)(((uvec)shifted << 23) + 0x3f800000u);
    return where(x < splat(EXP_LOW), splat(0), p * power);
}

static void quantize_activations(const float *x, size_t count, struct shoal_activation_block *out) {
    for (size_t b = 0; b < count / 32; b++, x += 32, out++) {
        vec low = load(x), high = load(x + 16);
        vec magnitude = __builtin_elementwise_max(__builtin_elementwise_abs(low), __builtin_elementwise_abs(high));
        float largest = __builtin_reduce_max(magnitude);
        bool tiny = !(largest >= 0x1p-100f);
        float scale = tiny ? 0 : largest / 127, inverse = tiny ? 0 : 127 / largest;
        ivec first = (ivec)(low * splat(inverse) + splat(12582912.0f)) - 0x4b400000;
        ivec second = (ivec)(high * splat(inverse) + splat(12582912.0f)) - 0x4b400000;
        *(bvec_unaligned *)out->values = __builtin_convertvector(first, bvec_unaligned);
        *(bvec_unaligned *)(out->values + 16) = __builtin_convertvector(second, bvec_unaligned);
        int32_t first_sum = __builtin_reduce_add(first), sum = first_sum + __builtin_reduce_add(second);
        out->scale = scale;
        out->sum = sum;
        out->scaled_sum = scale * (float)sum;
        out->first_sum = first_sum;
    }
}

/// Products of one row with `n` tokens at once: independent chains of fma.
INLINE void dot_tile(const int n, const float *row, size_t columns, const float *x, float *y, size_t y_stride) {
    vec sums[8] = {0};
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) {
        vec weights = load(row + i);
        for (int t = 0; t < n; t++) sums[t] = fused(weights, load(x + (size_t)t * columns + i), sums[t]);
    }
    for (int t = 0; t < n; t++) {
        float lanes[LANES];
        store(lanes, sums[t]);
        for (size_t j = i; j < columns; j++) lanes[j - i] = __builtin_fmaf(row[j], x[(size_t)t * columns + j], lanes[j - i]);
        y[(size_t)t * y_stride] = fold(load(lanes));
    }
}

static void dot_rows(const float *row, size_t columns, const float *x, size_t tokens, float *y, size_t y_stride) {
    size_t t = 0;
    for (; t + 8 <= tokens; t += 8) dot_tile(8, row, columns, x + t * columns, y + t * y_stride, y_stride);
    for (; t + 2 <= tokens; t += 2) dot_tile(2, row, columns, x + t * columns, y + t * y_stride, y_stride);
    for (; t < tokens; t++) dot_tile(1, row, columns, x + t * columns, y + t * y_stride, y_stride);
}

static void f32_to_f16(const float *x, size_t count, uint16_t *out) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) *(hvec_unaligned *)(out + i) = __builtin_convertvector(load(x + i), hvec_unaligned);
    for (; i < count; i++) out[i] = half_of_float(x[i]);
}

static void f16_to_f32(const uint16_t *x, size_t count, float *out) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) store(out + i, load_half(x + i));
    for (; i < count; i++) out[i] = float_of_half(x[i]);
}

static void exp_row(const float *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i += LANES) {
        if (count - i < LANES) store_first(out + i, exponential(load_first(x + i, count - i)), count - i);
        else store(out + i, exponential(load(x + i)));
    }
}

static void rope_apply(
    int kind, float *x, size_t heads, size_t head_size, size_t pairs, const float *cosines, const float *sines) {
    size_t step = kind == SHOAL_ROPE_INTERLEAVED ? 2 : 1, apart = kind == SHOAL_ROPE_INTERLEAVED ? 1 : pairs;
    for (size_t head = 0; head < heads; head++, x += head_size) {
        for (size_t j = 0; j < pairs; j++) {
            float a = x[step * j], b = x[step * j + apart];
            x[step * j] = __builtin_fmaf(a, cosines[j], -(b * sines[j]));
            x[step * j + apart] = __builtin_fmaf(a, sines[j], b * cosines[j]);
        }
    }
}

static void dequantize_f16(const void *blocks, size_t count, float *out) { f16_to_f32(blocks, count, out); }

// --- Packed floats: a lane is a row, columns in order ---------------------------------------------------------------

typedef vec load_function(const void *p);

/// `panels` neighbouring panels times `tokens` tokens; results of token t, panel p in sums[t * panels + p].
INLINE void float_tile(
    load_function *load_weights, const size_t size, const int panels, const int tokens, const uint8_t *weights,
    size_t columns, const float *x, vec *sums) {
    const size_t panel_bytes = columns * LANES * size;
    vec local[8] = {0};
    for (size_t column = 0; column < columns; column++) {
        for (int p = 0; p < panels; p++) {
            const uint8_t *place = weights + (size_t)p * panel_bytes + column * LANES * size;
            __builtin_prefetch(place + 2048, 0, 3);
            vec w = load_weights(place);
            for (int t = 0; t < tokens; t++) {
                local[t * panels + p] = fused(w, splat(x[(size_t)t * columns + column]), local[t * panels + p]);
            }
        }
    }
    for (int i = 0; i < panels * tokens; i++) sums[i] = local[i];
}

INLINE void multiply_floats(
    load_function *load_weights, const size_t size, const void *panels, size_t rows, size_t columns, size_t first,
    size_t last, const float *x, size_t tokens, float *y, size_t y_stride) {
    for (size_t p = first; p < last; p += 2) {
        const uint8_t *weights = (const uint8_t *)panels + p * columns * LANES * size;
        int pair = p + 1 < last ? 2 : 1;
        for (size_t t = 0; t < tokens;) {
            vec sums[8];
            int tile = tokens - t >= 4 ? 4 : 1;
            const float *in = x + t * columns;
            if (pair == 2 && tile == 4) float_tile(load_weights, size, 2, 4, weights, columns, in, sums);
            else if (pair == 2) float_tile(load_weights, size, 2, 1, weights, columns, in, sums);
            else if (tile == 4) float_tile(load_weights, size, 1, 4, weights, columns, in, sums);
            else float_tile(load_weights, size, 1, 1, weights, columns, in, sums);
            for (int i = 0; i < tile * pair; i++) {
                size_t row = (p + (size_t)(i % pair)) * LANES;
                store_first(y + (t + (size_t)(i / pair)) * y_stride + row, sums[i], rows - row < LANES ? rows - row : LANES);
            }
            t += (size_t)tile;
        }
    }
}

#define MULTIPLY_FLOATS(name, load_weights, size) \
    static void multiply_##name( \
        const void *panels, size_t rows, size_t columns, size_t first, size_t last, const void *x, size_t tokens, \
        float *y, size_t y_stride) { \
        multiply_floats(load_weights, size, panels, rows, columns, first, last, x, tokens, y, y_stride); \
    }
MULTIPLY_FLOATS(f32, load_single, 4)
MULTIPLY_FLOATS(f16, load_half, 2)
MULTIPLY_FLOATS(bf16, load_bfloat, 2)

#endif
