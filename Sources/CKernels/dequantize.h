// Blocks to floats: one body, compiled by each instruction set's file. Each value is at most one product and one sum, as in ggml.
#ifndef SHOAL_DEQUANTIZE_H
#define SHOAL_DEQUANTIZE_H

#include "blocks.h"

static void dequantize_f32(const void *blocks, size_t count, float *out) { memcpy(out, blocks, count * sizeof *out); }

static void dequantize_bf16(const void *blocks, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, (const uint8_t *)blocks + 2 * i, sizeof bits);
        out[i] = float_of_bfloat(bits);
    }
}

static void dequantize_q4_0(const void *blocks, size_t count, float *out) {
    const struct block_q4_0 *block = blocks;
    for (size_t b = 0; b < count / 32; b++, block++, out += 32) {
        float scale = float_of_half(block->scale);
        for (int i = 0; i < 16; i++) {
            out[i] = (float)((block->nibbles[i] & 15) - 8) * scale;
            out[i + 16] = (float)((block->nibbles[i] >> 4) - 8) * scale;
        }
    }
}

static void dequantize_q4_1(const void *blocks, size_t count, float *out) {
    const struct block_q4_1 *block = blocks;
    for (size_t b = 0; b < count / 32; b++, block++, out += 32) {
        float scale = float_of_half(block->scale), minimum = float_of_half(block->minimum);
        for (int i = 0; i < 16; i++) {
            out[i] = (float)(block->nibbles[i] & 15) * scale + minimum;
            out[i + 16] = (float)(block->nibbles[i] >> 4) * scale + minimum;
        }
    }
}

static void dequantize_q8_0(const void *blocks, size_t count, float *out) {
    const struct block_q8_0 *block = blocks;
    for (size_t b = 0; b < count / 32; b++, block++, out += 32) {
        float scale = float_of_half(block->scale);
        for (int i = 0; i < 32; i++) out[i] = (float)block->values[i] * scale;
    }
}

static void dequantize_q6_k(const void *blocks, size_t count, float *out) {
    const struct block_q6_k *block = blocks;
    for (size_t b = 0; b < count / 256; b++, block++, out += 256) {
        float scale = float_of_half(block->scale);
        // Two halves of 128; in each, 32 high bytes hold the upper two bits of four runs of 32 values.
        for (int half = 0; half < 2; half++) {
            for (int run = 0; run < 4; run++) {
                for (int i = 0; i < 32; i++) {
                    uint8_t low = block->low[64 * half + 32 * (run & 1) + i];
                    uint8_t high = block->high[32 * half + i];
                    int value = ((run < 2 ? low & 15 : low >> 4) | (((high >> (2 * run)) & 3) << 4)) - 32;
                    float group = scale * (float)block->scales[8 * half + 2 * run + i / 16];
                    out[128 * half + 32 * run + i] = group * (float)value;
                }
            }
        }
    }
}

#endif
