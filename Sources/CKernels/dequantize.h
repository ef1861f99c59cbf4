// Blocks to floats: one body, compiled by each instruction set's file. Each value is at most two products and one sum, in ggml's order.
#ifndef SHOAL_DEQUANTIZE_H
#define SHOAL_DEQUANTIZE_H

#include "codes.h"
#include "dequantize_iq.h"
#include "layouts.h"

static void dequantize_f32(const void *blocks, size_t count, float *out) { memcpy(out, blocks, count * sizeof *out); }

static void dequantize_bf16(const void *blocks, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, (const uint8_t *)blocks + 2 * i, sizeof bits);
        out[i] = float_of_bfloat(bits);
    }
}

/// Types with int8 products: their codes and scales.
LAYOUT_INLINE void dequantize_runs(
    const struct layout layout, void (*run_of)(const void *block, int run, struct run *out), size_t block_bytes,
    const uint8_t *block, size_t count, float *out) {
    const int runs = layout_runs(layout);
    for (size_t b = 0; b < count / 32 / (size_t)runs; b++, block += block_bytes) {
        for (int r = 0; r < runs; r++, out += 32) {
            struct run run;
            run_of(block, r, &run);
            float scale = layout.exponent ? float_of_exponent((uint8_t)run.scale) : float_of_half(run.scale);
            float minimum = layout.minimums ? float_of_half(run.minimum) : 0;
            float scales[2] = {scale, scale}, minimums[2] = {minimum, minimum};
            for (int group = 0; layout.groups > 0 && group < 2; group++) {
                scales[group] = scale * (float)run.scales[group];
                if (layout.minimums) minimums[group] = -(minimum * (float)run.minimums[group]);
            }
            for (int i = 0; i < 32; i++) {
                float value = (float)layout_weight(layout, run.codes[i]) * scales[i / 16];
                out[i] = layout.minimums ? value + minimums[i / 16] : value;
            }
        }
    }
}

#define DEQUANTIZE_RUNS(name, type, ...) \
    static void dequantize_##name(const void *blocks, size_t count, float *out) { \
        dequantize_runs(layout_##name, run_of_##name, sizeof(struct block_##name), blocks, count, out); \
    }
#define block_iq4_nl block_q4_0
SHOAL_LAYOUTS(DEQUANTIZE_RUNS)
#undef DEQUANTIZE_RUNS
#undef block_iq4_nl

#endif
