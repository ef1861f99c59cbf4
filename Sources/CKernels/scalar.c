// The reference: what every other file must equal bit for bit. Plain C, any processor. Order of operations: ARITHMETIC.md.
#pragma STDC FP_CONTRACT OFF
#include "blocks.h"
#include "kernels.h"
#include "dequantize.h"
#include "exponential.h"

enum { LANES = 16 };

static float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

/// Sum of 16 partial sums in a fixed tree: 8 apart, 4, 2, 1.
static float fold(float *lanes) {
    for (int width = 8; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
    }
    return lanes[0];
}

/// Nearest integer, ties to even, for |x| < 2^22.
static int32_t nearest(float x) { return (int32_t)(bits_of_float(x + 12582912.0f) - 0x4b400000u); }

static float exponential(float x) {
    float clamped = x > EXP_HIGH ? EXP_HIGH : x;
    float shifted = fused(clamped, EXP_LOG2E, 12582912.0f), n = shifted - 12582912.0f;
    float r = fused(n, EXP_LN2_LOW, fused(n, EXP_LN2_HIGH, clamped));
    float p = EXP_P6;
    p = fused(p, r, EXP_P5);
    p = fused(p, r, EXP_P4);
    p = fused(p, r, EXP_P3);
    p = fused(p, r, EXP_P2);
    p = fused(p, r, 1);
    p = fused(p, r, 1);
    float power = float_of_bits((bits_of_float(shifted) << 23) + 0x3f800000u);
    return x < EXP_LOW ? 0 : p * power;
}

#include "rows_scalar.h"

// --- Rows -----------------------------------------------------------------------------------------------------------

static void quantize_activations(const float *x, size_t count, struct shoal_activation_block *out) {
    for (size_t b = 0; b < count / 32; b++, x += 32, out++) {
        float largest = 0;
        for (int i = 0; i < 32; i++) {
            float magnitude = __builtin_fabsf(x[i]);
            if (magnitude > largest) largest = magnitude;
        }
        bool tiny = !(largest >= 0x1p-100f);  // the inverse would overflow
        float scale = tiny ? 0 : largest / 127, inverse = tiny ? 0 : 127 / largest;
        int32_t sum = 0, first_sum = 0;
        for (int i = 0; i < 32; i++) {
            int32_t value = nearest(x[i] * inverse);
            out->values[i] = (int8_t)value;
            sum += value;
            if (i < 16) first_sum += value;
        }
        out->scale = scale;
        out->sum = sum;
        out->scaled_sum = scale * (float)sum;
        out->first_sum = first_sum;
    }
}

static void dot_rows(const float *row, size_t columns, const float *x, size_t tokens, float *y, size_t y_stride) {
    for (size_t t = 0; t < tokens; t++, x += columns) {
        float lanes[LANES] = {0};
        for (size_t i = 0; i < columns; i++) lanes[i % LANES] = fused(row[i], x[i], lanes[i % LANES]);
        y[t * y_stride] = fold(lanes);
    }
}

static void f32_to_f16(const float *x, size_t count, uint16_t *out) {
    for (size_t i = 0; i < count; i++) out[i] = half_of_float(x[i]);
}

static void f16_to_f32(const uint16_t *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = float_of_half(x[i]);
}

static void exp_row(const float *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = exponential(x[i]);
}

static void rope_apply(
    int kind, float *x, size_t heads, size_t head_size, size_t pairs, const float *cosines, const float *sines) {
    size_t step = kind == SHOAL_ROPE_INTERLEAVED ? 2 : 1, apart = kind == SHOAL_ROPE_INTERLEAVED ? 1 : pairs;
    for (size_t head = 0; head < heads; head++, x += head_size) {
        for (size_t j = 0; j < pairs; j++) {
            float a = x[step * j], b = x[step * j + apart];
            x[step * j] = fused(a, cosines[j], -(b * sines[j]));
            x[step * j + apart] = fused(a, sines[j], b * cosines[j]);
        }
    }
}

// --- Products of packed weights -------------------------------------------------------------------------------------

static void dequantize_f16(const void *blocks, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, (const uint8_t *)blocks + 2 * i, sizeof bits);
        out[i] = float_of_half(bits);
    }
}

/// One panel, one token: `lanes` become the 16 rows' products.
typedef void panel_function(const void *panel, size_t columns, const void *x, float *lanes);

static void panel_floats(dequantize_function *dequantize, size_t size, const uint8_t *panel, size_t columns, const float *x, float *lanes) {
    for (size_t column = 0; column < columns; column++) {
        float weights[LANES];
        dequantize(panel + column * LANES * size, LANES, weights);
        for (int lane = 0; lane < LANES; lane++) lanes[lane] = fused(weights[lane], x[column], lanes[lane]);
    }
}

static void panel_f32(const void *panel, size_t columns, const void *x, float *lanes) {
    panel_floats(dequantize_f32, 4, panel, columns, x, lanes);
}

static void panel_f16(const void *panel, size_t columns, const void *x, float *lanes) {
    panel_floats(dequantize_f16, 2, panel, columns, x, lanes);
}

static void panel_bf16(const void *panel, size_t columns, const void *x, float *lanes) {
    panel_floats(dequantize_bf16, 2, panel, columns, x, lanes);
}

/// The code of a column of a lane in a run's codes (layouts.h).
LAYOUT_INLINE uint8_t code_of(const struct layout layout, const uint8_t *codes, int lane, int column) {
    const uint8_t *low = codes + 4 * lane + column % 4, *high = low + layout_low_bytes(layout);
    int chunk = column / 4, code;
    if (layout.low == 8) code = low[64 * chunk];
    else if (layout.low == 4) code = chunk < 4 ? low[64 * chunk] & 15 : low[64 * (chunk - 4)] >> 4;
    else code = (low[64 * (chunk / 4)] >> (2 * (chunk % 4))) & 3;
    if (layout.high == 1) code |= ((*high >> chunk) & 1) << layout.low;
    if (layout.high == 2) code |= ((high[64 * (chunk / 4)] >> (2 * (chunk % 4))) & 3) << layout.low;
    return (uint8_t)code;
}

LAYOUT_INLINE float half_at(const uint8_t *place, int lane) {
    uint16_t bits;
    memcpy(&bits, place + 2 * lane, sizeof bits);
    return float_of_half(bits);
}

/// One run of one lane: what it adds to the product.
LAYOUT_INLINE float add_run(
    const struct layout layout, const uint8_t *panel, int run, int lane, const struct shoal_activation_block *x, float product) {
    const uint8_t *codes = panel + layout_codes(layout, run);
    int32_t dots[2] = {0};
    for (int i = 0; i < 32; i++) dots[i / 16] += layout_weight(layout, code_of(layout, codes, lane, i)) * x->values[i];
    const uint8_t *scales = panel + layout_scales(layout);
    float scale = layout.exponent ? float_of_exponent(scales[lane]) : half_at(scales, lane);
    float minimum = layout.minimums ? half_at(panel + layout_minimums(layout), lane) : 0;
    int group_scales[2] = {0}, group_minimums[2] = {0};
    for (int group = 0; group < layout.groups; group++) {
        uint8_t byte = panel[layout_group_scales(layout, run, group) + lane];
        group_scales[group] = layout.shared ? byte & 15 : (int8_t)byte;
        if (layout.minimums) {
            byte = panel[layout_group_minimums(layout, run, group) + lane];
            group_minimums[group] = layout.shared ? byte >> 4 : byte;
        }
    }
    if (layout.groups == 2) {
        int32_t sum = dots[0] * group_scales[0] + dots[1] * group_scales[1];
        product = fused((float)sum, scale * x->scale, product);
        if (!layout.minimums) return product;
        sum = group_minimums[0] * x->first_sum + group_minimums[1] * (x->sum - x->first_sum);
        return fused((float)sum, -(minimum * x->scale), product);
    }
    if (layout.groups == 1) {
        scale = scale * (float)group_scales[0];
        minimum = -(minimum * (float)group_minimums[0]);
    }
    product = fused((float)(dots[0] + dots[1]), scale * x->scale, product);
    return layout.minimums ? fused(minimum, x->scaled_sum, product) : product;
}

LAYOUT_INLINE void panel_runs(
    const struct layout layout, const uint8_t *panel, size_t columns, const struct shoal_activation_block *x, float *lanes) {
    for (size_t b = 0; b < columns / 32; b += (size_t)layout_runs(layout), panel += layout_bytes(layout)) {
        for (int run = 0; run < layout_runs(layout); run++) {
            for (int lane = 0; lane < LANES; lane++) {
                lanes[lane] = add_run(layout, panel, run, lane, x + b + run, lanes[lane]);
            }
        }
    }
}

#define PANEL_RUNS(name, type, ...) \
    static void panel_##name(const void *panel, size_t columns, const void *x, float *lanes) { \
        panel_runs(layout_##name, panel, columns, x, lanes); \
    }
SHOAL_LAYOUTS(PANEL_RUNS)

static void multiply(
    uint32_t type, panel_function *panel, const void *panels, size_t rows, size_t columns, size_t first, size_t last,
    size_t x_stride, const void *x, size_t tokens, float *y, size_t y_stride) {
    size_t panel_bytes = shoal_panel_bytes(type, columns);
    for (size_t p = first; p < last; p++) {
        size_t row = p * LANES, count = rows - row < LANES ? rows - row : LANES;
        for (size_t t = 0; t < tokens; t++) {
            float lanes[LANES] = {0};
            panel((const uint8_t *)panels + p * panel_bytes, columns, (const uint8_t *)x + t * x_stride, lanes);
            memcpy(y + t * y_stride + row, lanes, count * sizeof *lanes);
        }
    }
}

#define MULTIPLY(name, type, x_stride) \
    static void multiply_##name( \
        const void *panels, size_t rows, size_t columns, size_t first, size_t last, const void *x, size_t tokens, \
        float *y, size_t y_stride) { \
        multiply(type, panel_##name, panels, rows, columns, first, last, x_stride, x, tokens, y, y_stride); \
    }
MULTIPLY(f32, SHOAL_TYPE_F32, columns * sizeof(float))
MULTIPLY(f16, SHOAL_TYPE_F16, columns * sizeof(float))
MULTIPLY(bf16, SHOAL_TYPE_BF16, columns * sizeof(float))
#define MULTIPLY_RUNS(name, type, ...) MULTIPLY(name, type, columns / 32 * sizeof(struct shoal_activation_block))
SHOAL_LAYOUTS(MULTIPLY_RUNS)

#include "attention_scalar.h"

#define TABLE shoal_kernels_scalar
#include "table.h"
