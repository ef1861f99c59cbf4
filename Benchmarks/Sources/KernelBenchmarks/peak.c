// The roof of the arithmetic: multiply-adds of registers alone, nothing loaded or stored, with what each instruction set has for them.
#include "common.h"

#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// A loop of so many rounds.
typedef void loop(size_t rounds);

/// `count` sums that do not wait for each other. The operands could be any, so nothing is computed once for all.
#define OPAQUE(constraint) __asm__ volatile("" : "+" constraint(a), "+" constraint(b))
#define LOOP(name, features, vector, sum, count, constraint, next) \
    enum { name##_sums = count }; \
    __attribute__((target(features))) static void name(size_t rounds) { \
        vector a, b; \
        sum sums[count]; \
        memset(&a, 0x3c, sizeof a), memset(&b, 0x3c, sizeof b), memset(sums, 0, sizeof sums); \
        for (size_t i = 0; i < rounds; i++) { \
            _Pragma("clang loop unroll(full)") for (int j = 0; j < count; j++) { \
                OPAQUE(constraint); \
                sums[j] = next; \
            } \
        } \
        for (int j = 0; j < count; j++) __asm__ volatile("" ::constraint(sums[j])); \
    }

#if defined(__x86_64__)
/// Eight products of pairs in 16 bits, then as 32: the most that the products of four-bit codes do.
__attribute__((target("avx2"), always_inline)) static inline __m256i eight_products(__m256i sum, __m256i a, __m256i b) {
    __m256i pairs = _mm256_maddubs_epi16(a, b);
    for (int k = 1; k < 8; k++) {
        OPAQUE("x");
        pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(a, b));
    }
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

LOOP(vpmaddubsw, "avx2", __m256i, __m256i, 6, "x", eight_products(sums[j], a, b))
LOOP(vpdpbusd_256, "avx2,avxvnni", __m256i, __m256i, 12, "x", _mm256_dpbusd_avx_epi32(sums[j], a, b))
LOOP(vpdpbusd_512, "avx512f,avx512vnni", __m512i, __m512i, 24, "v", _mm512_dpbusd_epi32(sums[j], a, b))
LOOP(fma_256, "avx2,fma", __m256, __m256, 12, "x", _mm256_fmadd_ps(a, b, sums[j]))
LOOP(fma_512, "avx512f", __m512, __m512, 24, "v", _mm512_fmadd_ps(a, b, sums[j]))

/// Tiles of 16 lines of 64 bytes (LDTILECFG: Intel's manual, volume 1, 18.3): four of sums, two of each operand.
__attribute__((target("amx-tile,amx-int8"))) static void tdpbssd(size_t rounds) {
    struct {
        uint8_t palette, start, reserved[14];
        uint16_t line_bytes[16];
        uint8_t lines[16];
    } shapes = {.palette = 1};
    for (int i = 0; i < 8; i++) shapes.line_bytes[i] = 64, shapes.lines[i] = 16;
    _tile_loadconfig(&shapes);
    _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3), _tile_zero(4), _tile_zero(5), _tile_zero(6), _tile_zero(7);
    for (size_t i = 0; i < rounds; i++) {
        _tile_dpbssd(0, 4, 6);
        _tile_dpbssd(1, 4, 7);
        _tile_dpbssd(2, 5, 6);
        _tile_dpbssd(3, 5, 7);
    }
    _tile_release();
}
#elif defined(__aarch64__)
/// Two products in 16 bits, then as 32.
__attribute__((always_inline)) static inline int32x4_t two_products(int32x4_t sum, int8x16_t a, int8x16_t b) {
    int16x8_t pairs = vmull_s8(vget_low_s8(a), vget_low_s8(b));
    return vpadalq_s16(sum, vmlal_high_s8(pairs, a, b));
}

LOOP(smlal, "neon", int8x16_t, int32x4_t, 12, "w", two_products(sums[j], a, b))
LOOP(sdot, "dotprod", int8x16_t, int32x4_t, 24, "w", vdotq_s32(sums[j], a, b))
LOOP(smmla, "i8mm", int8x16_t, int32x4_t, 24, "w", vmmlaq_s32(sums[j], a, b))
LOOP(fmla, "neon", float32x4_t, float32x4_t, 24, "w", vfmaq_f32(sums[j], a, b))
#endif

/// A loop, the multiply-adds of one round, and the instruction that does them.
struct roof {
    loop *body;
    double products;
    const char *instruction;
};

/// Of int8, and of f32.
static const struct roof roofs[SHOAL_ISA_COUNT][2] = {
#if defined(__x86_64__)
    [SHOAL_ISA_AVX2] = {{vpmaddubsw, vpmaddubsw_sums * 8 * 32, "vpmaddubsw"}, {fma_256, fma_256_sums * 8, "vfmadd"}},
    [SHOAL_ISA_AVXVNNI] = {{vpdpbusd_256, vpdpbusd_256_sums * 32, "vpdpbusd"}, {fma_256, fma_256_sums * 8, "vfmadd"}},
    [SHOAL_ISA_AVX512] = {{vpdpbusd_512, vpdpbusd_512_sums * 64, "vpdpbusd"}, {fma_512, fma_512_sums * 16, "vfmadd"}},
    [SHOAL_ISA_AMX] = {{tdpbssd, 4 * 16 * 16 * 64, "tdpbssd"}, {fma_512, fma_512_sums * 16, "vfmadd"}},
#elif defined(__aarch64__)
    [SHOAL_ISA_NEON] = {{smlal, smlal_sums * 16, "smlal"}, {fmla, fmla_sums * 4, "fmla"}},
    [SHOAL_ISA_DOTPROD] = {{sdot, sdot_sums * 16, "sdot"}, {fmla, fmla_sums * 4, "fmla"}},
    [SHOAL_ISA_I8MM] = {{smmla, smmla_sums * 32, "smmla"}, {fmla, fmla_sums * 4, "fmla"}},
#endif
};

struct work {
    loop *body;
    size_t rounds;
};

static void *repeat(void *argument) {
    struct work *work = argument;
    work->body(work->rounds);
    return NULL;
}

/// Rounds that take some milliseconds, and the best rate so far.
struct trial {
    size_t rounds;
    double best;
};

double peak(int isa, bool integers) {
    static struct trial all[SHOAL_ISA_COUNT][2];
    const struct roof *roof = &roofs[isa][integers ? 0 : 1];
    if (roof->body == NULL) return 0;
    struct trial *known = &all[isa][integers ? 0 : 1];
    double time;
    do {
        known->rounds = known->best > 0 ? known->rounds : known->rounds == 0 ? 10000 : 2 * known->rounds;
        struct work works[MOST_THREADS];
        for (size_t i = 0; i < settings.threads; i++) works[i] = (struct work){roof->body, known->rounds};
        time = run(repeat, works, sizeof *works);
    } while (known->best == 0 && time < 5e-3);
    double rate = roof->products * (double)known->rounds * (double)settings.threads / time;
    if (rate > known->best) known->best = rate;
    return known->best;
}

const char *share_of_peak(double rate, double peak) {
    static char text[16];
    if (peak > 0) snprintf(text, sizeof text, "%.0f%%", 100e9 * rate / peak);
    else memcpy(text, "-", 2);
    return text;
}

void measure_peaks(void) {
    printf("\nPeaks: multiply-adds of registers alone, the best of %d\n", ROUNDS);
    printf("%-8s %12s %-12s %12s\n", "isa", "int8 GMAC/s", "", "f32 GFMA/s");
    for (int isa = 0; isa < SHOAL_ISA_COUNT; isa++) {
        if (!measured(isa) || roofs[isa][0].body == NULL) continue;
        double integers = 0, floats = 0;
        for (int round = 0; round < ROUNDS; round++) integers = peak(isa, true), floats = peak(isa, false);
        printf(
            "%-8s %12.1f %-12s %12.1f %s\n", shoal_isa_name(isa), integers * 1e-9, roofs[isa][0].instruction,
            floats * 1e-9, roofs[isa][1].instruction);
        fflush(stdout);
    }
}
