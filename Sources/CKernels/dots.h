// Dots of bytes: where they begin, how they become floats, and what of the activations they are multiplied by.
#ifndef SHOAL_DOTS_H
#define SHOAL_DOTS_H

#include "slices.h"

/// The sum of the activations of all columns, or of one of two groups.
INLINE int32_t sum_of_group(const struct layout layout, const struct shoal_activation_block *a, int group) {
    return layout.groups < 2 ? a->sum : group == 0 ? a->first_sum : a->sum - a->first_sum;
}

/// Where dots begin: at what weights too large by `zero` have to lose, in an order of bits of which `floats_of_dots` makes floats.
/// With DOTS_AS_FLOATS they begin at the bits of 1.5 * 2^23: then they are the bits of that and their value, as long as this is below 2^22
/// (128 * 127 * 32 at most), and a subtraction makes them floats. Where conversions are slow, which they are on Arm's small cores.
INLINE ints start_of_dots(const int zero, int32_t sum) {
#if defined(DOTS_AS_FLOATS)
    static const volatile ints bits = {0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000};
    return zero ? splat_int(0x4b400000 - zero * sum) : bits;
#else
    return splat_int(zero ? -zero * sum : 0);
#endif
}

INLINE floats floats_of_dots(ints d) {
#if defined(DOTS_AS_FLOATS)
    return (floats)d - splat_float(12582912.0f);
#else
    return floats_of(d);
#endif
}

/// The scale and the scaled sum of a run's activations, for every row.
struct factors {
    floats scale, scaled_sum;
};

INLINE struct factors factors_of(const struct shoal_activation_block *a) {
#if SLICE == 4
    // One load, of which AArch64's products take a lane.
    floats both;
    memcpy(&both, &a->scale, sizeof both);
    return (struct factors){__builtin_shufflevector(both, both, 0, 0, 0, 0), __builtin_shufflevector(both, both, 2, 2, 2, 2)};
#else
    return (struct factors){splat_float(a->scale), splat_float(a->scaled_sum)};
#endif
}

#endif
