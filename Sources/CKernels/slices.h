// Registers of SLICE rows: int32 and float lanes, and four bytes of each row.
#ifndef SHOAL_SLICES_H
#define SHOAL_SLICES_H

#include "layouts.h"
#include "vector.h"

typedef uint8_t bytes __attribute__((vector_size(4 * SLICE)));
typedef uint8_t bytes_unaligned __attribute__((vector_size(4 * SLICE), aligned(1), may_alias));
typedef int32_t ints __attribute__((vector_size(4 * SLICE)));
typedef uint32_t unsigned_ints __attribute__((vector_size(4 * SLICE)));
typedef float floats __attribute__((vector_size(4 * SLICE)));
typedef _Float16 halves_unaligned __attribute__((vector_size(2 * SLICE), aligned(1), may_alias));
typedef int8_t signed_unaligned __attribute__((vector_size(SLICE), aligned(1), may_alias));
typedef uint8_t small_unaligned __attribute__((vector_size(SLICE), aligned(1), may_alias));

INLINE bytes load_bytes(const uint8_t *p) { return *(const bytes_unaligned *)p; }
INLINE floats load_halves(const uint8_t *p) { return __builtin_convertvector(*(const halves_unaligned *)p, floats); }
INLINE ints load_signed(const uint8_t *p) { return __builtin_convertvector(*(const signed_unaligned *)p, ints); }
INLINE floats floats_of(ints x) { return __builtin_convertvector(x, floats); }
INLINE ints splat_int(int32_t x) { return (ints){0} + x; }
INLINE floats splat_float(float x) { return (floats)((ints){0} + (int32_t)bits_of_float(x)); }
INLINE floats fused_slice(floats a, floats b, floats c) { return __builtin_elementwise_fma(a, b, c); }

/// Has the compiler finish these sums before it begins others: if it begins them all, the registers do not suffice.
INLINE void settle(floats *x, floats *y) {
#if defined(__aarch64__)
    __asm__ volatile("" : "+w"(*x), "+w"(*y) : : "memory");
#else
    (void)x, (void)y;
#endif
}

/// 2^(exponent - 128), as `float_of_exponent`.
INLINE floats load_exponents(const uint8_t *p) {
    unsigned_ints exponents = __builtin_convertvector(*(const small_unaligned *)p, unsigned_ints);
    unsigned_ints small = exponents < 2, subnormal = (unsigned_ints){0} + 0x00200000u << (exponents & 1);
    return (floats)((small & subnormal) | (~small & ((exponents - 1) << 23)));
}

/// Asks for weights to come, `count` bytes from `place` on, while `streams` panels are read side by side. Shares of the read bandwidth with
/// one thread, Q4_0 and Q6_K:
/// - Intel (Sapphire Rapids): two streams, every line: 92-95%; one stream 60-85%.
/// - AMD Zen 5: one stream, every line: 103% and 103%; told now and then 96% and 62%; further ahead or less often between.
/// - AMD Zen 4: one stream, told now and then: 97%; every line 66%, two streams 60%.
INLINE void prefetch(const int streams, const enum reading reading, const uint8_t *place, int count) {
    if (streams == 2) {
        for (int i = 0; i < count; i += 64) __builtin_prefetch(place + 3072 + i, 0, 3);
    } else if (reading == READING_EVERY_LINE) {
        for (int i = 0; i < count; i += 64) __builtin_prefetch(place + 6144 + i, 0, 3);
    } else {
        for (int i = 0; i < count; i += 256) __builtin_prefetch(place + 2048 + i, 0, 2);
    }
}

#endif
