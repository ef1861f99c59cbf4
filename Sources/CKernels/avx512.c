// AVX-512 with VNNI (Ice Lake, Zen 4 and later): one register is 16 rows, `vpdpbusd` adds four columns of each.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>

#include "blocks.h"
#include "kernels.h"

#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#define ATTENTION_TILE 4
#define TOKEN_TILE 8
#include "attention.h"
#include "dequantize.h"
#include "integer.h"

/// Blocks that the decode loop reads ahead.
enum { AHEAD = 8 };

INLINE __m512i four(const int8_t *x) {
    int32_t bytes;
    memcpy(&bytes, x, 4);
    return _mm512_set1_epi32(bytes);
}

INLINE void prefetch(const uint8_t *place, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64) _mm_prefetch((const char *)place + i, _MM_HINT_T0);
}

INLINE void tile_q4(
    const bool minimums, const int panels, const int tokens, const uint8_t *weights, size_t panel_bytes, size_t blocks,
    const struct shoal_activation_block *x, vec *sums) {
    const size_t block_bytes = minimums ? sizeof(struct panel_q4_1) : sizeof(struct panel_q4_0);
    const __m512i mask = _mm512_set1_epi8(15);
    vec local[TOKEN_TILE > 2 ? TOKEN_TILE : 2] = {0};
    for (size_t b = 0; b < blocks; b++, weights += block_bytes, x++) {
        for (int p = 0; p < panels; p++) {
            const uint8_t *block = weights + (size_t)p * panel_bytes;
            if (tokens == 1) prefetch(block + AHEAD * block_bytes, block_bytes);
            __m512i low[4], high[4];
            for (int k = 0; k < 4; k++) {
                __m512i bytes = _mm512_loadu_si512(block + 64 * k);
                low[k] = _mm512_and_si512(bytes, mask);
                high[k] = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), mask);
            }
            vec scales = load_half(block + 256), lowest = minimums ? load_half(block + 288) : scales;
            for (int t = 0; t < tokens; t++) {
                const struct shoal_activation_block *a = x + (size_t)t * blocks;
                __m512i first = minimums ? _mm512_setzero_si512() : _mm512_set1_epi32(-8 * a->sum);
                __m512i second = _mm512_setzero_si512();
                for (int k = 0; k < 4; k++) {
                    first = _mm512_dpbusd_epi32(first, low[k], four(a->values + 4 * k));
                    second = _mm512_dpbusd_epi32(second, high[k], four(a->values + 16 + 4 * k));
                }
                vec dot = (vec)_mm512_cvtepi32_ps(_mm512_add_epi32(first, second));
                vec sum = fused(dot, scales * splat(a->scale), local[t * panels + p]);
                if (minimums) sum = fused(lowest, splat(a->scaled_sum), sum);
                local[t * panels + p] = sum;
            }
        }
    }
    for (int i = 0; i < panels * tokens; i++) sums[i] = local[i];
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

/// Weights become unsigned by adding 128 (a flipped top bit); the sum of the activations takes it away again.
INLINE void tile_q8_0(
    const int panels, const int tokens, const uint8_t *weights, size_t panel_bytes, size_t blocks,
    const struct shoal_activation_block *x, vec *sums) {
    const __m512i flip = _mm512_set1_epi8((char)0x80);
    vec local[TOKEN_TILE > 2 ? TOKEN_TILE : 2] = {0};
    for (size_t b = 0; b < blocks; b++, weights += sizeof(struct panel_q8_0), x++) {
        for (int p = 0; p < panels; p++) {
            const uint8_t *block = weights + (size_t)p * panel_bytes;
            if (tokens == 1) prefetch(block + AHEAD * sizeof(struct panel_q8_0), sizeof(struct panel_q8_0));
            __m512i bytes[8];
            for (int k = 0; k < 8; k++) bytes[k] = _mm512_xor_si512(_mm512_loadu_si512(block + 64 * k), flip);
            vec scales = load_half(block + 512);
            for (int t = 0; t < tokens; t++) {
                const struct shoal_activation_block *a = x + (size_t)t * blocks;
                __m512i first = _mm512_set1_epi32(-128 * a->sum), second = _mm512_setzero_si512();
                for (int k = 0; k < 8; k += 2) {
                    first = _mm512_dpbusd_epi32(first, bytes[k], four(a->values + 4 * k));
                    second = _mm512_dpbusd_epi32(second, bytes[k + 1], four(a->values + 4 * k + 4));
                }
                vec dot = (vec)_mm512_cvtepi32_ps(_mm512_add_epi32(first, second));
                local[t * panels + p] = fused(dot, scales * splat(a->scale), local[t * panels + p]);
            }
        }
    }
    for (int i = 0; i < panels * tokens; i++) sums[i] = local[i];
}

MULTIPLY_INTEGERS(q4_0)
MULTIPLY_INTEGERS(q4_1)
MULTIPLY_INTEGERS(q8_0)

#define TABLE shoal_kernels_avx512
#include "table.h"

#pragma clang attribute pop
#endif
