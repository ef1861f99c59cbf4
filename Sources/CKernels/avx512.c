// AVX-512 with VNNI (Ice Lake, Zen 4 and later): one register is 16 rows, `vpdpbusd` adds four columns of each.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include <immintrin.h>

#include "blocks.h"
#include "kernels.h"

#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#define ATTENTION_SUMS 16
#define TOKEN_TILE 12
#define SLICE 16
#define DOTS_OF_MANY dots_in_one_chain
#include "attention.h"
#include "dequantize.h"
#include "dots.h"

INLINE __m512i four(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, 4);
    return _mm512_set1_epi32(four);
}

/// Weights are unsigned here: codes as they are, signed ones with 128 added (a flipped top bit). The activations' sum takes it away again.
INLINE int carried_zero(const struct layout layout) { return layout.code == CODE_OFFSET ? layout.zero : 128; }

INLINE void weights_of(const struct layout layout, bytes *w) {
    if (layout.code == CODE_OFFSET) return;
    __m512i table = _mm512_broadcast_i32x4(
        _mm_loadu_si128((const __m128i *)(layout.code == CODE_TABLE_NL ? shoal_table_nl : shoal_table_e2m1)));
    table = _mm512_xor_si512(table, _mm512_set1_epi8((char)0x80));
    for (int k = 0; k < 8; k++) w[k] = layout.code == CODE_SIGNED ? w[k] ^ 0x80 : (bytes)_mm512_shuffle_epi8(table, (__m512i)w[k]);
}

INLINE size_t pass_from(const struct layout layout) {
    (void)layout;
    return 32;
}
INLINE int pass_zero(const struct layout layout) { return carried_zero(layout); }
INLINE void pass_weights_of(const struct layout layout, bytes *w) { weights_of(layout, w); }

INLINE ints dots(
    const struct layout layout, const int zero, const bytes *w, int first, int count, const int8_t *x, ints start) {
    (void)layout, (void)zero;
    __m512i even = (__m512i)start, odd = _mm512_setzero_si512();
    for (int k = first; k < first + count; k += 2) {
        even = _mm512_dpbusd_epi32(even, (__m512i)w[k], four(x + 4 * k));
        odd = _mm512_dpbusd_epi32(odd, (__m512i)w[k + 1], four(x + 4 * k + 4));
    }
    return (ints)_mm512_add_epi32(even, odd);
}

/// As `dots`: where many tokens are on their way one chain each is enough, and an addition less.
INLINE ints dots_in_one_chain(
    const struct layout layout, const int zero, const bytes *w, int first, int count, const int8_t *x, ints start) {
    (void)layout, (void)zero;
    __m512i sum = (__m512i)start;
    for (int k = first; k < first + count; k++) sum = _mm512_dpbusd_epi32(sum, (__m512i)w[k], four(x + 4 * k));
    return (ints)sum;
}

#include "products.h"

#define TABLE shoal_kernels_avx512
#include "table.h"

#pragma clang attribute pop

#include "amx.h"
#endif
