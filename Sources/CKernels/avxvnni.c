// AVX-VNNI (Alder Lake, Zen 5, Sierra Forest and later): as AVX2, but `vpdpbusd` adds four columns of 8 rows.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>

#include "blocks.h"
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)

#define ATTENTION_SUMS 4
#define TOKEN_TILE 4
#define SLICE 8
#define DECODE_TILE 1
#define DECODE_SLICES 4
#include "attention.h"
#include "dequantize.h"
#include "dots.h"

INLINE __m256i four(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, 4);
    return _mm256_set1_epi32(four);
}

/// Weights are unsigned here: codes as they are, signed ones with 128 added (a flipped top bit). The activations' sum takes it away again.
INLINE int carried_zero(const struct layout layout) { return layout.code == CODE_OFFSET ? layout.zero : 128; }

INLINE __m256i unsigned_table(const struct layout layout) {
    __m256i table = _mm256_broadcastsi128_si256(
        _mm_loadu_si128((const __m128i *)(layout.code == CODE_TABLE_NL ? shoal_table_nl : shoal_table_e2m1)));
    return _mm256_xor_si256(table, _mm256_set1_epi8((char)0x80));
}

INLINE void weights_of(const struct layout layout, bytes *w) {
    if (layout.code == CODE_OFFSET) return;
    const __m256i table = unsigned_table(layout);
    for (int k = 0; k < 8; k++) w[k] = layout.code == CODE_SIGNED ? w[k] ^ 0x80 : (bytes)_mm256_shuffle_epi8(table, (__m256i)w[k]);
}

/// Only scales of groups take so long to unpack that the way through memory is shorter.
INLINE size_t pass_from(const struct layout layout) { return layout.groups > 0 ? 32 : SIZE_MAX; }
INLINE int pass_zero(const struct layout layout) { return carried_zero(layout); }
INLINE void pass_weights_of(const struct layout layout, bytes *w) { weights_of(layout, w); }

INLINE ints dots(
    const struct layout layout, const int zero, const bytes *w, int first, int count, const int8_t *x, ints start) {
    (void)layout, (void)zero;
    __m256i even = (__m256i)start, odd = _mm256_setzero_si256();
    for (int k = first; k < first + count; k += 2) {
        even = _mm256_dpbusd_avx_epi32(even, (__m256i)w[k], four(x + 4 * k));
        odd = _mm256_dpbusd_avx_epi32(odd, (__m256i)w[k + 1], four(x + 4 * k + 4));
    }
    return (ints)_mm256_add_epi32(even, odd);
}

struct activations {
    __m256i values;
};

struct partial {
    __m256i sum;
};

INLINE struct activations activations_of(const struct layout layout, const int8_t *x, int k) {
    (void)layout;
    return (struct activations){four(x + 4 * k)};
}

INLINE void decode_chunk(
    const struct layout layout, struct partial *to, bytes codes, const struct activations *a, int n, int count, ints start) {
    (void)count, (void)start;
    __m256i weights = (__m256i)codes;
    if (layout.code == CODE_SIGNED) weights = _mm256_xor_si256(weights, _mm256_set1_epi8((char)0x80));
    if (layout.code == CODE_TABLE_NL || layout.code == CODE_TABLE_E2M1) weights = _mm256_shuffle_epi8(unsigned_table(layout), weights);
    to->sum = _mm256_dpbusd_avx_epi32(n == 0 ? _mm256_setzero_si256() : to->sum, weights, a->values);
}

INLINE ints whole(const struct layout layout, const struct partial *partial, ints start) {
    return carried_zero(layout) ? (ints)partial->sum + start : (ints)partial->sum;
}

#include "decode.h"

#define TABLE shoal_kernels_avxvnni
#include "table.h"

#pragma clang attribute pop
#endif
