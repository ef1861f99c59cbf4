// The only place that knows which instruction set runs. A new one: its table in kernels.h, a row in `tables`, a test in `runs_here`.
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"
#include "processor.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

static const struct {
    const char *name;
    const struct kernels *kernels;
} tables[SHOAL_ISA_COUNT] = {
    [SHOAL_ISA_SCALAR] = {"scalar", &shoal_kernels_scalar},
#if defined(__x86_64__)
    [SHOAL_ISA_AVX2] = {"avx2", &shoal_kernels_avx2},
    [SHOAL_ISA_AVXVNNI] = {"avxvnni", &shoal_kernels_avxvnni},
    [SHOAL_ISA_AVX512] = {"avx512", &shoal_kernels_avx512},
    [SHOAL_ISA_AMX] = {"amx", &shoal_kernels_amx},
#else
    [SHOAL_ISA_AVX2] = {"avx2", NULL},
    [SHOAL_ISA_AVXVNNI] = {"avxvnni", NULL},
    [SHOAL_ISA_AVX512] = {"avx512", NULL},
    [SHOAL_ISA_AMX] = {"amx", NULL},
#endif
#if defined(__aarch64__)
    [SHOAL_ISA_NEON] = {"neon", &shoal_kernels_neon},
    [SHOAL_ISA_DOTPROD] = {"dotprod", &shoal_kernels_dotprod},
    [SHOAL_ISA_I8MM] = {"i8mm", &shoal_kernels_i8mm},
#else
    [SHOAL_ISA_NEON] = {"neon", NULL},
    [SHOAL_ISA_DOTPROD] = {"dotprod", NULL},
    [SHOAL_ISA_I8MM] = {"i8mm", NULL},
#endif
};

/// The number of the active instruction set, or -1 before the first question.
static atomic_int active = -1;
static char environment_error[256];

#if defined(__aarch64__)
/// Whether the processor has an extension: `bit` of the kernel's words (Linux, asm/hwcap.h), or a system setting (macOS).
static bool has(int word, int bit, const char *setting) {
#if defined(__linux__)
    (void)setting;
    return (getauxval(word == 1 ? AT_HWCAP : AT_HWCAP2) >> bit) & 1;
#elif defined(__APPLE__)
    (void)word, (void)bit;
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname(setting, &value, &size, NULL, 0) == 0 && value != 0;
#else
    (void)word, (void)bit, (void)setting;
    return false;
#endif
}
#endif

#if defined(__x86_64__)
static bool runs_here(int isa);

/// Whether AMX is there, and why it is not used although it is: asked once, or by several threads at once with the same answer.
static bool amx_runs_here(const char **refusal) {
    static const char absent[] = "absent", fine[] = "fine";
    static _Atomic(const char *) known = NULL;
    const char *answer = atomic_load_explicit(&known, memory_order_acquire);
    if (answer == NULL) {
        answer = absent;
        if (shoal_processor_has_amx() && runs_here(SHOAL_ISA_AVX512)) {
            answer = shoal_amx_refusal();
            if (answer == NULL) answer = fine;
        }
        atomic_store_explicit(&known, answer, memory_order_release);
    }
    *refusal = answer == absent || answer == fine ? NULL : answer;
    return answer == fine;
}
#endif

static bool runs_here(int isa) {
    switch (isa) {
    case SHOAL_ISA_SCALAR: return true;
#if defined(__x86_64__)
    // __builtin_cpu_supports also asks the operating system (XCR0) for the wide registers.
    case SHOAL_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case SHOAL_ISA_AVXVNNI: return runs_here(SHOAL_ISA_AVX2) && shoal_processor_has_avxvnni();
    case SHOAL_ISA_AVX512:
        return runs_here(SHOAL_ISA_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512vnni");
    case SHOAL_ISA_AMX: {
        const char *refusal;
        return amx_runs_here(&refusal);
    }
#elif defined(__aarch64__)
    case SHOAL_ISA_NEON: return true;  // part of every AArch64
    case SHOAL_ISA_DOTPROD: return has(1, 20, "hw.optional.arm.FEAT_DotProd");
    case SHOAL_ISA_I8MM: return runs_here(SHOAL_ISA_DOTPROD) && has(2, 13, "hw.optional.arm.FEAT_I8MM");
#endif
    default: return false;
    }
}

const char *shoal_isa_name(int isa) { return isa >= 0 && isa < SHOAL_ISA_COUNT ? tables[isa].name : NULL; }

bool shoal_isa_supported(int isa) {
    return isa >= 0 && isa < SHOAL_ISA_COUNT && tables[isa].kernels != NULL && runs_here(isa);
}

static void supported_names(char *out, size_t size) {
    size_t used = 0;
    for (int isa = 0; isa < SHOAL_ISA_COUNT; isa++) {
        if (!shoal_isa_supported(isa)) continue;
        int count = snprintf(out + used, size - used, "%s%s", used ? ", " : "", tables[isa].name);
        if (count < 0 || (size_t)count >= size - used) return;
        used += (size_t)count;
    }
}

/// What SHOAL_ISA or the processor asks for. Called twice at once it gives the same both times.
static int choose(void) {
    const char *wanted = getenv("SHOAL_ISA");
    if (wanted == NULL || *wanted == 0) {
        int best = SHOAL_ISA_SCALAR;
        for (int isa = 0; isa < SHOAL_ISA_COUNT; isa++) {
            if (shoal_isa_supported(isa)) best = isa;
        }
        return best;
    }
    bool known = false;
    for (int isa = 0; isa < SHOAL_ISA_COUNT; isa++) {
        if (strcmp(wanted, tables[isa].name) != 0) continue;
        if (shoal_isa_supported(isa)) return isa;
        known = true;
    }
    char names[96] = "";
    supported_names(names, sizeof names);
    const char *refusal = strcmp(wanted, tables[SHOAL_ISA_AMX].name) == 0 ? shoal_isa_refusal() : NULL;
    const char *cause = known ? "this processor or build does not have that instruction set" : "no such instruction set";
    snprintf(
        environment_error, sizeof environment_error, "SHOAL_ISA=%.40s: %s; unset it, or use one of: %s", wanted,
        refusal != NULL ? refusal : cause, names);
    return SHOAL_ISA_SCALAR;
}

int shoal_isa_chosen(void) {
    static atomic_int chosen = -1;
    int isa = atomic_load_explicit(&chosen, memory_order_acquire);
    if (isa < 0) {
        isa = choose();
        atomic_store_explicit(&chosen, isa, memory_order_release);
    }
    return isa;
}

int shoal_isa_active(void) {
    int isa = atomic_load_explicit(&active, memory_order_acquire);
    if (isa >= 0) return isa;
    int expected = -1;
    isa = shoal_isa_chosen();
    if (atomic_compare_exchange_strong(&active, &expected, isa)) return isa;
    return expected;
}

bool shoal_isa_force(int isa) {
    if (!shoal_isa_supported(isa)) return false;
    shoal_isa_active();
    atomic_store(&active, isa);
    return true;
}

const char *shoal_isa_error(void) {
    shoal_isa_active();
    return environment_error[0] ? environment_error : NULL;
}

const char *shoal_isa_refusal(void) {
    const char *refusal = NULL;
#if defined(__x86_64__)
    amx_runs_here(&refusal);
#endif
    return refusal;
}

enum reading shoal_reading(void) {
#if defined(__x86_64__)
    static atomic_int reading = 0;
    int known = atomic_load_explicit(&reading, memory_order_relaxed);
    if (known == 0) {
        const int zen_5 = 0x1a;
        known = !__builtin_cpu_is("amd") ? READING_TWO_STREAMS
            : shoal_processor_family() >= zen_5 ? READING_EVERY_LINE
                                                : READING_NOW_AND_THEN;
        atomic_store_explicit(&reading, known, memory_order_relaxed);
    }
    return (enum reading)known;
#else
    return READING_TWO_STREAMS;
#endif
}

static const struct kernels *kernels(void) { return tables[shoal_isa_active()].kernels; }

static const struct type_kernels *kernels_of(uint32_t type) {
    for (const struct type_kernels *entry = kernels()->types; entry->dequantize != NULL; entry++) {
        if (entry->type == type) return entry;
    }
    __builtin_trap();  // the caller asked shoal_format_of first
}

void shoal_dequantize(uint32_t type, const void *blocks, size_t count, float *out) {
    kernels_of(type)->dequantize(blocks, count, out);
}

void shoal_quantize_activations(const float *x, size_t count, struct shoal_activation_block *out) {
    kernels()->quantize_activations(x, count, out);
}

void shoal_multiply_packed(
    uint32_t type, const void *panels, size_t rows, size_t columns, size_t first, size_t last, const void *x,
    size_t tokens, float *y, size_t y_stride) {
    kernels_of(type)->multiply(panels, rows, columns, first, last, x, tokens, y, y_stride);
}

void shoal_multiply_raw(
    uint32_t type, const void *blocks, size_t columns, size_t first, size_t last, const float *x, size_t tokens,
    float *y, size_t y_stride, float *scratch) {
    const struct shoal_format *format = shoal_format_of(type);
    dequantize_function *dequantize = kernels_of(type)->dequantize;
    size_t row_bytes = columns / format->block_elements * format->block_bytes;
    for (size_t row = first; row < last; row++) {
        dequantize((const uint8_t *)blocks + row * row_bytes, columns, scratch);
        kernels()->dot_rows(scratch, columns, x, tokens, y + row, y_stride);
    }
}

void shoal_rms_norm(const float *x, const float *weight, size_t count, float epsilon, float *out) {
    kernels()->rms_norm(x, weight, count, epsilon, out);
}

void shoal_layer_norm(
    const float *x, const float *weight, const float *bias, size_t count, float epsilon, float *out) {
    kernels()->layer_norm(x, weight, bias, count, epsilon, out);
}

void shoal_gate(
    int function, const float *gates, const float *up, size_t count, float alpha, float limit, float *out) {
    kernels()->gate(function, gates, up, count, alpha, limit, out);
}

void shoal_activate(int function, float *x, size_t count) { kernels()->activate(function, x, count); }

void shoal_soft_cap(float *x, float cap, size_t count) { kernels()->soft_cap(x, cap, count); }

void shoal_add(float *y, const float *x, size_t count) { kernels()->add(y, x, count); }

void shoal_add_scaled(float *y, const float *x, float scale, size_t count) {
    kernels()->add_scaled(y, x, scale, count);
}

void shoal_scale(float *y, float factor, size_t count) { kernels()->scale(y, factor, count); }

void shoal_multiply(float *y, const float *x, size_t count) { kernels()->multiply(y, x, count); }

void shoal_f32_to_f16(const float *x, size_t count, uint16_t *out) { kernels()->f32_to_f16(x, count, out); }

void shoal_f16_to_f32(const uint16_t *x, size_t count, float *out) { kernels()->f16_to_f32(x, count, out); }

void shoal_exp(const float *x, size_t count, float *out) { kernels()->exp(x, count, out); }

void shoal_rope_apply(
    int kind, float *x, size_t heads, size_t head_size, size_t pairs, const float *cosines, const float *sines) {
    kernels()->rope_apply(kind, x, heads, head_size, pairs, cosines, sines);
}

void shoal_cache_store(
    int kind, const float *key, const float *value, size_t key_size, size_t value_size, size_t slot, void *keys,
    void *values) {
    kernels()->cache_store(kind, key, value, key_size, value_size, slot, keys, values);
}

void shoal_attend_segment(
    const struct shoal_attention *cache, const struct shoal_query *queries, size_t count, size_t segment, float *scratch) {
    for (size_t q = 0; q < count; q += SHOAL_QUERY_TILE) {
        size_t tile = count - q < SHOAL_QUERY_TILE ? count - q : SHOAL_QUERY_TILE;
        kernels()->attend(cache, queries + q, tile, segment, scratch);
    }
}

void shoal_merge(const float *partial, float *sum, size_t value_size) { kernels()->merge(partial, sum, value_size); }
