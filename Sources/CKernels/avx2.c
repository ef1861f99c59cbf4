// AVX2 with FMA and F16C (Haswell, Zen and later): a panel is two registers of 8 rows.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>

#include "blocks.h"
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define ATTENTION_TILE 1
#define TOKEN_TILE 4
#include "attention.h"
#include "dequantize.h"
#include "integer.h"

/// Blocks that the decode loop reads ahead.
enum { AHEAD = 16 };

INLINE __m256i four(const int8_t *x) {
    int32_t bytes;
    memcpy(&bytes, x, 4);
    return _mm256_set1_epi32(bytes);
}

INLINE void prefetch(const uint8_t *place, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64) _mm_prefetch((const char *)place + i, _MM_HINT_T0);
}

INLINE __m256i half_panel(const uint8_t *block, int chunk, int half) {
    return _mm256_loadu_si256((const __m256i *)(block + 64 * chunk + 32 * half));
}

INLINE __m256 half_scales(const uint8_t *scales, int half) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(scales + 16 * half)));
}

INLINE void unpack_sums(const int count, const __m256 (*local)[2], vec *sums) {
    for (int i = 0; i < count; i++) {
        float lanes[LANES];
        _mm256_storeu_ps(lanes, local[i][0]);
        _mm256_storeu_ps(lanes + 8, local[i][1]);
        sums[i] = load(lanes);
    }
}

enum { RESULTS = TOKEN_TILE > 2 ? TOKEN_TILE : 2 };

/// A product of nibble and activation is at most 15 * 127, so eight pairs stay below 2^15: sums of 16 bits are exact.
INLINE void tile_q4(
    const bool minimums, const int panels, const int tokens, const uint8_t *weights, size_t panel_bytes, size_t blocks,
    const struct shoal_activation_block *x, vec *sums) {
    const size_t block_bytes = minimums ? sizeof(struct panel_q4_1) : sizeof(struct panel_q4_0);
    const __m256i mask = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
    __m256 local[RESULTS][2];
    for (int i = 0; i < RESULTS; i++) local[i][0] = local[i][1] = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++, weights += block_bytes, x++) {
        for (int p = 0; p < panels; p++) {
            const uint8_t *block = weights + (size_t)p * panel_bytes;
            if (tokens == 1) prefetch(block + AHEAD * block_bytes, block_bytes);
            for (int half = 0; half < 2; half++) {
                __m256i low[4], high[4];
                for (int k = 0; k < 4; k++) {
                    __m256i bytes = half_panel(block, k, half);
                    low[k] = _mm256_and_si256(bytes, mask);
                    high[k] = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask);
                }
                __m256 scales = half_scales(block + 256, half);
                __m256 lowest = minimums ? half_scales(block + 288, half) : scales;
                for (int t = 0; t < tokens; t++) {
                    const struct shoal_activation_block *a = x + (size_t)t * blocks;
                    __m256i pairs = _mm256_maddubs_epi16(low[0], four(a->values));
                    pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(high[0], four(a->values + 16)));
                    for (int k = 1; k < 4; k++) {
                        pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(low[k], four(a->values + 4 * k)));
                        pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(high[k], four(a->values + 16 + 4 * k)));
                    }
                    __m256i dot = _mm256_madd_epi16(pairs, ones);
                    if (!minimums) dot = _mm256_sub_epi32(dot, _mm256_set1_epi32(8 * a->sum));
                    __m256 factor = _mm256_mul_ps(scales, _mm256_set1_ps(a->scale));
                    __m256 sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), factor, local[t * panels + p][half]);
                    if (minimums) sum = _mm256_fmadd_ps(lowest, _mm256_set1_ps(a->scaled_sum), sum);
                    local[t * panels + p][half] = sum;
                }
            }
        }
    }
    unpack_sums(panels * tokens, local, sums);
}

INLINE void tile_q4_0(
    const int panels, const int tokens, const uint8_t *weights, size_t panel_bytes, size_t blocks,
    const struct shoal_activation_block *x, vec *sums) {
    tile_q4(false, panels, tokens, weights, panel_bytes, blocks, x, sums);
}

INLINE void tile_q4_1(
    const int panels, const int tokens, const uint8_t *weights, size_t panel_bytes, size_t blocks,
    const struct shoal_activation_block *x, vec *sums) {
    tile_q4(true, panels, tokens, weights, panel_bytes, blocks, x, sums);
}

/// |weight| times activation with the weight's sign: at most 128 * 127 * 2 in a pair, so nothing saturates.
INLINE void tile_q8_0(
    const int panels, const int tokens, const uint8_t *weights, size_t panel_bytes, size_t blocks,
    const struct shoal_activation_block *x, vec *sums) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256 local[RESULTS][2];
    for (int i = 0; i < RESULTS; i++) local[i][0] = local[i][1] = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++, weights += sizeof(struct panel_q8_0), x++) {
        for (int p = 0; p < panels; p++) {
            const uint8_t *block = weights + (size_t)p * panel_bytes;
            if (tokens == 1) prefetch(block + AHEAD * sizeof(struct panel_q8_0), sizeof(struct panel_q8_0));
            for (int half = 0; half < 2; half++) {
                __m256 scales = half_scales(block + 512, half);
                __m256i dots[TOKEN_TILE];
                for (int t = 0; t < tokens; t++) dots[t] = _mm256_setzero_si256();
                for (int k = 0; k < 8; k++) {
                    __m256i bytes = half_panel(block, k, half), magnitudes = _mm256_abs_epi8(bytes);
                    for (int t = 0; t < tokens; t++) {
                        __m256i a = _mm256_sign_epi8(four(x[(size_t)t * blocks].values + 4 * k), bytes);
                        __m256i pairs = _mm256_maddubs_epi16(magnitudes, a);
                        dots[t] = _mm256_add_epi32(dots[t], _mm256_madd_epi16(pairs, ones));
                    }
                }
                for (int t = 0; t < tokens; t++) {
                    __m256 factor = _mm256_mul_ps(scales, _mm256_set1_ps(x[(size_t)t * blocks].scale));
                    __m256 *sum = &local[t * panels + p][half];
                    *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[t]), factor, *sum);
                }
            }
        }
    }
    unpack_sums(panels * tokens, local, sums);
}

MULTIPLY_INTEGERS(q4_0)
MULTIPLY_INTEGERS(q4_1)
MULTIPLY_INTEGERS(q8_0)

#define TABLE shoal_kernels_avx2
#include "table.h"

#pragma clang attribute pop
#endif
