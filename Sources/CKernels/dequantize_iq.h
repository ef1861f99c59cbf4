// Blocks of the ternary and the grid types to floats. They have no int8 products.
#ifndef SHOAL_DEQUANTIZE_IQ_H
#define SHOAL_DEQUANTIZE_IQ_H

#include "blocks.h"
#include "grids.h"

static void dequantize_tq1_0(const void *blocks, size_t count, float *out) {
    // A byte is a fraction in 256ths whose digits in base 3 are the values: times 3^n it begins with digit n.
    static const uint8_t powers[5] = {1, 3, 9, 27, 81};
    const struct block_tq1_0 *block = blocks;
    for (size_t b = 0; b < count / 256; b++, block++, out += 256) {
        float scale = float_of_half(block->scale);
        for (int i = 0; i < 256; i++) {
            int byte, digit;
            if (i < 160) {
                byte = block->five[i % 32], digit = i / 32;
            } else if (i < 240) {
                byte = block->five[32 + i % 16], digit = (i - 160) / 16;
            } else {
                byte = block->four[i % 4], digit = (i - 240) / 4;
            }
            uint8_t shifted = (uint8_t)(byte * powers[digit]);
            out[i] = (float)((shifted * 3 >> 8) - 1) * scale;
        }
    }
}

static void dequantize_tq2_0(const void *blocks, size_t count, float *out) {
    const struct block_tq2_0 *block = blocks;
    for (size_t b = 0; b < count / 256; b++, block++, out += 256) {
        float scale = float_of_half(block->scale);
        for (int i = 0; i < 256; i++) {
            int code = (block->low[32 * (i / 128) + i % 32] >> (2 * (i / 32 % 4))) & 3;
            out[i] = (float)(code - 1) * scale;
        }
    }
}

/// Seven signs; the eighth makes their number even.
static inline uint32_t signs_of(uint32_t code) {
    return (code & 127) | (uint32_t)(__builtin_popcount(code & 127) & 1) << 7;
}

/// Eight values of two bits, signed by the bits of `signs`.
static inline void grid_of_eight(uint16_t grid, uint32_t signs, float scale, float *out) {
    static const uint8_t magnitudes[4] = {0x08, 0x19, 0x2b, 0};
    for (int i = 0; i < 8; i++) {
        float value = scale * (float)magnitudes[(grid >> (2 * i)) & 3];
        out[i] = (signs >> i) & 1 ? -value : value;
    }
}

static void dequantize_iq2_xxs(const void *blocks, size_t count, float *out) {
    const struct block_iq2_xxs *block = blocks;
    for (size_t b = 0; b < count / 256; b++, block++) {
        float scale = float_of_half(block->scale);
        for (int run = 0; run < 8; run++) {
            uint32_t codes = block->runs[run][0], rest = block->runs[run][1];
            float product = scale * (0.5f + (float)(rest >> 28)) * 0.25f;
            for (int i = 0; i < 4; i++, out += 8) {
                grid_of_eight(shoal_grid_iq2_xxs[(codes >> (8 * i)) & 255], signs_of(rest >> (7 * i)), product, out);
            }
        }
    }
}

static void dequantize_iq2_xs(const void *blocks, size_t count, float *out) {
    const struct block_iq2_xs *block = blocks;
    for (size_t b = 0; b < count / 256; b++, block++) {
        float scale = float_of_half(block->scale);
        for (int i = 0; i < 32; i++, out += 8) {
            int four = (block->scales[i / 4] >> (4 * (i / 2 % 2))) & 15;
            float product = scale * (0.5f + (float)four) * 0.25f;
            grid_of_eight(shoal_grid_iq2_xs[block->codes[i] & 511], signs_of(block->codes[i] >> 9), product, out);
        }
    }
}

static void dequantize_iq2_s(const void *blocks, size_t count, float *out) {
    const struct block_iq2_s *block = blocks;
    for (size_t b = 0; b < count / 256; b++, block++) {
        float scale = float_of_half(block->scale);
        for (int i = 0; i < 32; i++, out += 8) {
            int four = (block->scales[i / 4] >> (4 * (i / 2 % 2))) & 15;
            int code = block->low[i] | ((block->high[i / 4] >> (2 * (i % 4))) & 3) << 8;
            grid_of_eight(shoal_grid_iq2_s[code], block->signs[i], scale * (0.5f + (float)four) * 0.25f, out);
        }
    }
}

static void dequantize_iq3_xxs(const void *blocks, size_t count, float *out) {
    static const uint8_t magnitudes[8] = {0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3e};
    const struct block_iq3_xxs *block = blocks;
    for (size_t b = 0; b < count / 256; b++, block++, out += 256) {
        float scale = float_of_half(block->scale);
        for (int i = 0; i < 256; i++) {
            uint32_t rest = block->signs[i / 32];
            float value = scale * (0.5f + (float)(rest >> 28)) * 0.5f;
            value *= (float)magnitudes[(shoal_grid_iq3_xxs[block->codes[i / 4]] >> (4 * (i % 4))) & 7];
            out[i] = (signs_of(rest >> (7 * (i / 8 % 4))) >> (i % 8)) & 1 ? -value : value;
        }
    }
}

static void dequantize_iq3_s(const void *blocks, size_t count, float *out) {
    const struct block_iq3_s *block = blocks;
    for (size_t b = 0; b < count / 256; b++, block++, out += 256) {
        float scale = float_of_half(block->scale);
        for (int i = 0; i < 256; i++) {
            int four = (block->scales[i / 64] >> (4 * (i / 32 % 2))) & 15;
            int code = block->low[i / 4] | ((block->high[i / 32] >> (i / 4 % 8)) & 1) << 8;
            int magnitude = 2 * ((shoal_grid_iq3_s[code] >> (4 * (i % 4))) & 7) + 1;
            float value = scale * (float)(1 + 2 * four) * (float)magnitude;
            out[i] = (block->signs[i / 8] >> (i % 8)) & 1 ? -value : value;
        }
    }
}

static inline void grid_of_one(uint16_t grid, float scale, bool negative, float *out) {
    float delta = negative ? -0.125f : 0.125f;
    for (int i = 0; i < 8; i++) out[i] = scale * ((float)((grid >> (2 * i)) & 3) - 1 + delta);
}

static void dequantize_iq1_s(const void *blocks, size_t count, float *out) {
    const struct block_iq1_s *block = blocks;
    for (size_t b = 0; b < count / 256; b++, block++) {
        float scale = float_of_half(block->scale);
        for (int i = 0; i < 32; i++, out += 8) {
            uint16_t high = block->high[i / 4];
            int code = block->low[i] | ((high >> (3 * (i % 4))) & 7) << 8;
            grid_of_one(shoal_grid_iq1[code], scale * (float)(2 * ((high >> 12) & 7) + 1), high >> 15, out);
        }
    }
}

static void dequantize_iq1_m(const void *blocks, size_t count, float *out) {
    const struct block_iq1_m *block = blocks;
    for (size_t b = 0; b < count / 256; b++, block++) {
        // The f16 scale lies in the upper four bits of four words.
        uint16_t bits = 0;
        for (int i = 0; i < 4; i++) bits |= (uint16_t)(block->scales[i] >> 12 << (4 * i));
        float scale = float_of_half(bits);
        for (int i = 0; i < 32; i++, out += 8) {
            int high = (block->high[i / 2] >> (4 * (i % 2))) & 15;
            int three = (block->scales[i / 8] >> (3 * (i / 2 % 4))) & 7;
            int code = block->low[i] | (high & 7) << 8;
            grid_of_one(shoal_grid_iq1[code], scale * (float)(2 * three + 1), high >> 3, out);
        }
    }
}

#endif
