// The function table that every instruction set fills. Private to this module.
#ifndef SHOAL_KERNELS_H
#define SHOAL_KERNELS_H

#include "include/ckernels.h"

typedef void dequantize_function(const void *blocks, size_t count, float *out);
typedef void multiply_function(
    const void *panels, size_t rows, size_t columns, size_t first, size_t last, const void *x, size_t tokens, float *y,
    size_t y_stride);

/// Kernels of one type; the list of a table ends with `dequantize == NULL`. `multiply` is NULL without packed form.
struct type_kernels {
    uint32_t type;
    dequantize_function *dequantize;
    multiply_function *multiply;
};

/// Queries that `attend` takes at a time.
enum { SHOAL_QUERY_TILE = 8 };

struct kernels {
    const struct type_kernels *types;
    void (*quantize_activations)(const float *x, size_t count, struct shoal_activation_block *out);
    /// y[t * y_stride] = dot(row, x + t * columns), t < tokens
    void (*dot_rows)(const float *row, size_t columns, const float *x, size_t tokens, float *y, size_t y_stride);
    void (*rms_norm)(const float *x, const float *weight, size_t count, float epsilon, float *out);
    void (*layer_norm)(
        const float *x, const float *weight, const float *bias, size_t count, float epsilon, float *out);
    void (*gate)(
        int function, const float *gates, const float *up, size_t count, float alpha, float limit, float *out);
    void (*activate)(int function, float *x, size_t count);
    void (*soft_cap)(float *x, float cap, size_t count);
    void (*add)(float *y, const float *x, size_t count);
    void (*add_scaled)(float *y, const float *x, float scale, size_t count);
    void (*scale)(float *y, float factor, size_t count);
    void (*multiply)(float *y, const float *x, size_t count);
    void (*f32_to_f16)(const float *x, size_t count, uint16_t *out);
    void (*f16_to_f32)(const uint16_t *x, size_t count, float *out);
    void (*exp)(const float *x, size_t count, float *out);
    void (*rope_apply)(
        int kind, float *x, size_t heads, size_t head_size, size_t pairs, const float *cosines, const float *sines);
    void (*cache_store)(
        int kind, const float *key, const float *value, size_t key_size, size_t value_size, size_t slot, void *keys,
        void *values);
    /// As `shoal_attend_segment`, at most SHOAL_QUERY_TILE queries.
    void (*attend)(
        const struct shoal_attention *cache, const struct shoal_query *queries, size_t count, size_t segment, float *scratch);
    /// Adds the partial result of the next segment to that of the earlier ones.
    void (*merge)(const float *partial, float *sum, size_t value_size);
};

/// How weights are best read from memory, which differs with the processor's own prefetching. It makes no difference to results.
enum reading {
    /// Two panels side by side, every line asked for.
    READING_TWO_STREAMS = 1,
    /// One panel after the other, every line asked for.
    READING_EVERY_LINE,
    /// One panel after the other, the processor told now and then where it goes.
    READING_NOW_AND_THEN,
};
enum reading shoal_reading(void);

/// `merge` of the active instruction set.
void shoal_merge(const float *partial, float *sum, size_t value_size);

extern const struct kernels shoal_kernels_scalar;
#if defined(__x86_64__)
extern const struct kernels shoal_kernels_avx2;
extern const struct kernels shoal_kernels_avxvnni;
extern const struct kernels shoal_kernels_avx512;
extern const struct kernels shoal_kernels_amx;
/// Why AMX cannot be used although the processor has it, or NULL. Slow: asks the system, and checks.
const char *shoal_amx_refusal(void);
#elif defined(__aarch64__)
extern const struct kernels shoal_kernels_neon;
extern const struct kernels shoal_kernels_dotprod;
extern const struct kernels shoal_kernels_i8mm;
#endif

#endif
