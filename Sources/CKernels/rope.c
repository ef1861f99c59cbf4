// Angles of the rotary position embedding (Su et al., RoFormer), without libm: sums, products, divisions and fma in double only, so that
// every machine gets the same floats. Errors stay below 1e-14, far under a float's half ulp.
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

static double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }

/// Natural logarithm of a positive normal number: x = 2^n * m, m in [sqrt(1/2), sqrt(2)), ln m = 2 artanh((m - 1) / (m + 1)).
double shoal_logarithm(double x) {
    union {
        double value;
        uint64_t bits;
    } parts = {x};
    int exponent = (int)(parts.bits >> 52) - 1023;
    parts.bits = (parts.bits & 0xfffffffffffffull) | 0x3ff0000000000000ull;
    if (parts.value > 1.4142135623730951) parts.value *= 0.5, exponent++;
    double s = (parts.value - 1) / (parts.value + 1), square = s * s, sum = 0;
    for (int k = 27; k >= 1; k -= 2) sum = fused(sum, square, 1.0 / k);  // s <= 0.172: the next term is below 1e-22
    return fused((double)exponent, 0.69314718055994530942, 2 * s * sum);
}

/// e^x for |x| < 700: x = n ln 2 + r, Taylor series of r.
static double exponential(double x) {
    double scaled = x * 1.44269504088896340736;
    double n = (scaled + 0x1.8p52) - 0x1.8p52;
    double r = fused(n, -0x1.62e42fefa3800p-1, x);   // ln 2 in two parts (Cody and Waite)
    r = fused(n, -0x1.ef35793c76730p-45, r);
    double sum = 1;
    for (int k = 17; k >= 1; k--) sum = fused(sum, r / k, 1);
    union {
        uint64_t bits;
        double value;
    } power = {(uint64_t)((int64_t)n + 1023) << 52};
    return sum * power.value;
}

/// Sine and cosine for |x| < 2^30: x = n pi/2 + r, Taylor series of r in [-pi/4, pi/4].
static void sine_cosine(double x, double *sine, double *cosine) {
    double n = (x * 0.63661977236758134308 + 0x1.8p52) - 0x1.8p52;
    double r = fused(n, -0x1.921fb54442d18p+0, x);  // pi / 2 in three parts
    r = fused(n, -0x1.1a62633145c07p-54, r);
    r = fused(n, 0x1.f1976b7ed8fbcp-110, r);
    double square = r * r, s = 0, c = 0;
    for (int k = 21; k >= 3; k -= 2) s = fused(s, square, 1) * (-1.0 / (k * (k - 1)));
    for (int k = 20; k >= 2; k -= 2) c = fused(c, square, 1) * (-1.0 / (k * (k - 1)));
    s = fused(s * square, r, r);
    c = fused(c, square, 1);
    switch ((int64_t)n & 3) {
    case 0: *sine = s, *cosine = c; break;
    case 1: *sine = c, *cosine = -s; break;
    case 2: *sine = -s, *cosine = -c; break;
    default: *sine = -c, *cosine = s; break;
    }
}

void shoal_rope_frequencies(double base, size_t dimensions, const float *factors, double scaling, float *frequencies) {
    double step = -2 * shoal_logarithm(base) / (double)dimensions;
    for (size_t j = 0; j < dimensions / 2; j++) {
        double frequency = (float)exponential(step * (double)j);
        double divisor = (factors != NULL ? (double)factors[j] : 1) * scaling;
        frequencies[j] = (float)(frequency / divisor);
    }
}

static double floor_of(double x) {
    if (!(x > -1e9 && x < 1e9)) return x;  // nonsense that is clamped later
    double whole = (double)(int64_t)x;
    return whole > x ? whole - 1 : whole;
}

/// The pair, not rounded, that turns so often within `context` positions.
static double pair_of_turns(double turns, double base, size_t dimensions, double context) {
    return (double)dimensions * shoal_logarithm(context / (turns * 6.28318530717958647692)) / (2 * shoal_logarithm(base));
}

void shoal_rope_frequencies_yarn(double base, size_t dimensions, struct shoal_yarn yarn, float *frequencies) {
    double step = -2 * shoal_logarithm(base) / (double)dimensions, last = (double)dimensions - 1;
    double low = floor_of(pair_of_turns(yarn.beta_fast, base, dimensions, yarn.original_context));
    double high = -floor_of(-pair_of_turns(yarn.beta_slow, base, dimensions, yarn.original_context));
    low = low < 0 ? 0 : low;
    high = high > last ? last : high;
    double width = high - low < 0.001 ? 0.001 : high - low;
    for (size_t j = 0; j < dimensions / 2; j++) {
        double frequency = (float)exponential(step * (double)j), ramp = ((double)j - low) / width;
        ramp = ramp < 0 ? 0 : ramp > 1 ? 1 : ramp;
        frequencies[j] = (float)(frequency * (1 - ramp) + frequency / yarn.factor * ramp);
    }
}

void shoal_rope_angles(
    size_t position, const float *frequencies, size_t pairs, float magnitude, float *cosines, float *sines) {
    for (size_t j = 0; j < pairs; j++) {
        float angle = (float)position * frequencies[j];  // rounded to float, as reference implementations have it
        double sine, cosine;
        sine_cosine(angle, &sine, &cosine);
        sines[j] = (float)sine * magnitude;
        cosines[j] = (float)cosine * magnitude;
    }
}
