// AVX2 with FMA and F16C (Haswell, Zen and later): a panel is two registers of 8 rows.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>

#include "blocks.h"
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define ATTENTION_SUMS 4
#define TOKEN_TILE 6
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

/// Codes stay unsigned; the activations' sum takes their zero away. Signed weights are met by |weight| and the activation with its sign.
INLINE int carried_zero(const struct layout layout) { return layout.code == CODE_OFFSET ? layout.zero : 0; }

INLINE void weights_of(const struct layout layout, bytes *w) {
    if (layout.code == CODE_OFFSET || layout.code == CODE_SIGNED) return;
    __m256i table = _mm256_broadcastsi128_si256(
        _mm_loadu_si128((const __m128i *)(layout.code == CODE_TABLE_NL ? shoal_table_nl : shoal_table_e2m1)));
    for (int k = 0; k < 8; k++) w[k] = (bytes)_mm256_shuffle_epi8(table, (__m256i)w[k]);
}

/// How many sums of two products (each 2 * 127 * the largest |weight|) fit in 16 bits.
INLINE int chunks_in_16_bits(const struct layout layout) {
    if (layout.code == CODE_TABLE_E2M1) return 8;
    if (layout.code != CODE_OFFSET) return 1;
    return layout.low + layout.high <= 4 ? 8 : layout.low + layout.high == 5 ? 4 : 2;
}

/// Only scales of groups take so long to unpack that the way through memory is shorter.
INLINE size_t pass_from(const struct layout layout) { return layout.groups > 0 ? 32 : SIZE_MAX; }
INLINE int pass_zero(const struct layout layout) { return carried_zero(layout); }
INLINE void pass_weights_of(const struct layout layout, bytes *w) { weights_of(layout, w); }

INLINE ints dots(
    const struct layout layout, const int zero, const bytes *w, int first, int count, const int8_t *x, ints start) {
    (void)zero;
    const __m256i ones = _mm256_set1_epi16(1);
    const int together = chunks_in_16_bits(layout);
    __m256i sum = (__m256i)start, pairs = _mm256_setzero_si256();
    for (int k = first; k < first + count; k++) {
        __m256i weights = (__m256i)w[k], a = four(x + 4 * k);
        if (layout.code != CODE_OFFSET) a = _mm256_sign_epi8(a, weights), weights = _mm256_abs_epi8(weights);
        __m256i products = _mm256_maddubs_epi16(weights, a);
        pairs = (k - first) % together == 0 ? products : _mm256_add_epi16(pairs, products);
        if ((k - first) % together == together - 1 || k == first + count - 1) {
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
        }
    }
    return (ints)sum;
}

/// For decoding: the magnitudes are for weights out of tables, which take the activation's sign (none of them is -128).
struct activations {
    __m256i values, magnitudes;
};

struct partial {
    __m256i pairs, sum;
};

INLINE struct activations activations_of(const struct layout layout, const int8_t *x, int k) {
    __m256i values = four(x + 4 * k);
    bool table = layout.code == CODE_TABLE_NL || layout.code == CODE_TABLE_E2M1;
    return (struct activations){values, table ? _mm256_abs_epi8(values) : values};
}

INLINE void decode_chunk(
    const struct layout layout, struct partial *to, bytes codes, const struct activations *a, int n, int count, ints start) {
    (void)start;
    const int together = chunks_in_16_bits(layout);
    __m256i weights = (__m256i)codes, products;
    if (layout.code == CODE_OFFSET) {
        products = _mm256_maddubs_epi16(weights, a->values);
    } else if (layout.code == CODE_SIGNED) {
        products = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(a->values, weights));
    } else {
        __m256i table = _mm256_broadcastsi128_si256(
            _mm_loadu_si128((const __m128i *)(layout.code == CODE_TABLE_NL ? shoal_table_nl : shoal_table_e2m1)));
        weights = _mm256_shuffle_epi8(table, weights);
        products = _mm256_maddubs_epi16(a->magnitudes, _mm256_sign_epi8(weights, a->values));
    }
    to->pairs = n % together == 0 ? products : _mm256_add_epi16(to->pairs, products);
    if (n % together == together - 1 || n == count - 1) {
        __m256i sums = _mm256_madd_epi16(to->pairs, _mm256_set1_epi16(1));
        to->sum = n < together ? sums : _mm256_add_epi32(to->sum, sums);
    }
}

INLINE ints whole(const struct layout layout, const struct partial *partial, ints start) {
    return carried_zero(layout) ? (ints)partial->sum + start : (ints)partial->sum;
}

#include "decode.h"

#define TABLE shoal_kernels_avx2
#include "table.h"

#pragma clang attribute pop
#endif
