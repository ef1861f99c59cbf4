// Kernels of the engine: block formats, matrix products, attention, norms.
//
// Every function gives the same bits on every instruction set; what the sequence of operations is, ARITHMETIC.md says.
// Lengths are preconditions: the Swift module `Tensors` checks them. Nothing here allocates or blocks.
#ifndef SHOAL_CKERNELS_H
#define SHOAL_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// --- Instruction sets -----------------------------------------------------------------------------------------------

/// Instruction sets in rising order of preference.
enum shoal_isa {
    SHOAL_ISA_SCALAR = 0,
    SHOAL_ISA_AVX2 = 1,
    SHOAL_ISA_AVXVNNI = 2,
    SHOAL_ISA_AVX512 = 3,
    SHOAL_ISA_AMX = 4,
    SHOAL_ISA_NEON = 5,
    SHOAL_ISA_DOTPROD = 6,
    SHOAL_ISA_I8MM = 7,
    SHOAL_ISA_COUNT = 8,
};

/// The name that `SHOAL_ISA` takes ("scalar", "avx2", "avxvnni", "avx512", "amx", "neon", "dotprod", "i8mm"), or NULL for an unknown number.
const char *shoal_isa_name(int isa);
/// Whether this build has the instruction set and this processor and kernel can run it. The first question for AMX asks Linux for its
/// tiles and compares products with AVX-512's.
bool shoal_isa_supported(int isa);
/// The instruction set in use: the best supported one, or the one `SHOAL_ISA` or `shoal_isa_force` names.
int shoal_isa_active(void);
/// The same, whatever `shoal_isa_force` names.
int shoal_isa_chosen(void);
/// Uses an instruction set from now on; false and no change when it is not supported. For tests: no kernel may be running.
bool shoal_isa_force(int isa);
/// What is wrong with the value of `SHOAL_ISA`, or NULL. With a wrong value the scalar kernels are used.
const char *shoal_isa_error(void);
/// Why an instruction set that the processor has is not supported, or NULL.
const char *shoal_isa_refusal(void);

// --- Formats (numbers are ggml type ids) ----------------------------------------------------------------------------

enum shoal_type {
    SHOAL_TYPE_F32 = 0,
    SHOAL_TYPE_F16 = 1,
    SHOAL_TYPE_Q4_0 = 2,
    SHOAL_TYPE_Q4_1 = 3,
    SHOAL_TYPE_Q5_0 = 6,
    SHOAL_TYPE_Q5_1 = 7,
    SHOAL_TYPE_Q8_0 = 8,
    SHOAL_TYPE_Q2_K = 10,
    SHOAL_TYPE_Q3_K = 11,
    SHOAL_TYPE_Q4_K = 12,
    SHOAL_TYPE_Q5_K = 13,
    SHOAL_TYPE_Q6_K = 14,
    SHOAL_TYPE_IQ2_XXS = 16,
    SHOAL_TYPE_IQ2_XS = 17,
    SHOAL_TYPE_IQ3_XXS = 18,
    SHOAL_TYPE_IQ1_S = 19,
    SHOAL_TYPE_IQ4_NL = 20,
    SHOAL_TYPE_IQ3_S = 21,
    SHOAL_TYPE_IQ2_S = 22,
    SHOAL_TYPE_IQ4_XS = 23,
    SHOAL_TYPE_IQ1_M = 29,
    SHOAL_TYPE_BF16 = 30,
    SHOAL_TYPE_TQ1_0 = 34,
    SHOAL_TYPE_TQ2_0 = 35,
    SHOAL_TYPE_MXFP4 = 39,
};

/// What a packed product of a type takes as activations.
enum shoal_activation { SHOAL_ACTIVATION_NONE = 0, SHOAL_ACTIVATION_F32 = 1, SHOAL_ACTIVATION_INT8 = 2 };

/// What the kernels know of a type. `panel_bytes`: bytes of 16 rows of one block of columns when packed, 0 if the type has no packed form.
struct shoal_format {
    uint32_t type;
    uint32_t block_elements;
    uint32_t block_bytes;
    uint32_t panel_bytes;
    int activation;
    bool quantizes;
};

/// Facts of a type, or NULL when no kernel knows it.
const struct shoal_format *shoal_format_of(uint32_t type);

/// Makes floats of `count` elements (a multiple of the block) of a known type.
void shoal_dequantize(uint32_t type, const void *blocks, size_t count, float *out);
/// Makes blocks of `count` floats; false when the type cannot be made.
bool shoal_quantize(uint32_t type, const float *in, size_t count, void *blocks);

// --- Packed weights -------------------------------------------------------------------------------------------------

enum { SHOAL_PANEL_ROWS = 16 };

/// The version of all panel layouts, in files that keep packed weights. To be raised when a byte of any type's panels changes
/// (layouts.h, pack.c), so that such files are packed again.
enum { SHOAL_PANEL_VERSION = 1 };

/// Bytes of one panel of 16 rows.
size_t shoal_panel_bytes(uint32_t type, size_t columns);
/// Packs panels `first..<last` of a matrix of row-major blocks; `out` is the place of panel `first`. Missing rows become zero.
void shoal_pack(uint32_t type, const void *blocks, size_t rows, size_t columns, size_t first, size_t last, void *out);

/// 32 activations: value i is `scale * values[i]`. `first_sum` is the sum of the first 16 values, `sum` of all, `scaled_sum` times scale.
struct shoal_activation_block {
    int8_t values[32];
    float scale;
    int32_t sum;
    float scaled_sum;
    int32_t first_sum;
};

/// Quantizes `count` activations (a multiple of 32).
void shoal_quantize_activations(const float *x, size_t count, struct shoal_activation_block *out);

/// Output rows of panels `first..<last`: y[t * y_stride + row] for every token t. `x` is `[tokens, columns / 32]` blocks or
/// `[tokens, columns]` floats, as the type's `activation` says. `panels` is the place of panel 0, `rows` the matrix's rows.
void shoal_multiply_packed(
    uint32_t type, const void *panels, size_t rows, size_t columns, size_t first, size_t last, const void *x,
    size_t tokens, float *y, size_t y_stride);

/// Output rows `first..<last` from raw blocks and float activations `[tokens, columns]`. `scratch`: `columns` floats.
void shoal_multiply_raw(
    uint32_t type, const void *blocks, size_t columns, size_t first, size_t last, const float *x, size_t tokens,
    float *y, size_t y_stride, float *scratch);

// --- Rows of floats -------------------------------------------------------------------------------------------------

// Input and output may be the same memory.

/// out = x / sqrt(mean(x^2) + epsilon) * weight. `weight` may be NULL.
void shoal_rms_norm(const float *x, const float *weight, size_t count, float epsilon, float *out);
/// out = (x - mean) / sqrt(variance + epsilon) * weight + bias. `bias` may be NULL.
void shoal_layer_norm(
    const float *x, const float *weight, const float *bias, size_t count, float epsilon, float *out);

/// Functions of one value. Numbers out of their range do nothing.
enum shoal_function {
    SHOAL_FUNCTION_SILU = 0,
    /// By the approximation with tanh, and as it is defined, by erf.
    SHOAL_FUNCTION_GELU_TANH = 1,
    SHOAL_FUNCTION_GELU_ERF = 2,
    SHOAL_FUNCTION_RELU_SQUARED = 3,
    SHOAL_FUNCTION_SIGMOID = 4,
    SHOAL_FUNCTION_TANH = 5,
    SHOAL_FUNCTION_SOFTPLUS = 6,
    /// For `shoal_gate` only: g sigmoid(alpha g) (u + 1), g at most `limit`, u within +-`limit` (gpt-oss).
    SHOAL_FUNCTION_CLAMPED_SILU = 7,
};

/// out = function(gate) * up. `alpha` and `limit` are for SHOAL_FUNCTION_CLAMPED_SILU.
void shoal_gate(
    int function, const float *gates, const float *up, size_t count, float alpha, float limit, float *out);
/// x = function(x)
void shoal_activate(int function, float *x, size_t count);
/// x = cap * tanh(x / cap)
void shoal_soft_cap(float *x, float cap, size_t count);
/// y = y + x
void shoal_add(float *y, const float *x, size_t count);
/// y = y + x * scale
void shoal_add_scaled(float *y, const float *x, float scale, size_t count);
/// y = y * factor
void shoal_scale(float *y, float factor, size_t count);
/// y = y * x
void shoal_multiply(float *y, const float *x, size_t count);
/// Rounds to nearest even.
void shoal_f32_to_f16(const float *x, size_t count, uint16_t *out);
/// Exact.
void shoal_f16_to_f32(const uint16_t *x, size_t count, float *out);
/// e^x elementwise, as softmax and SwiGLU use it.
void shoal_exp(const float *x, size_t count, float *out);

// --- Rotary position embedding --------------------------------------------------------------------------------------

enum shoal_rope { SHOAL_ROPE_INTERLEAVED = 0, SHOAL_ROPE_HALVES = 1 };

/// frequencies[j] = base^(-2j / dimensions) / (factors[j] * scaling), j < dimensions / 2. `factors` may be NULL.
void shoal_rope_frequencies(double base, size_t dimensions, const float *factors, double scaling, float *frequencies);

/// YaRN (Peng et al.): pairs that turn more than `beta_fast` times in the original context stay, those that turn less than `beta_slow` times
/// are slowed by `factor`, those between by a part of it.
struct shoal_yarn {
    double factor;
    double original_context;
    double beta_fast;
    double beta_slow;
};
/// Frequencies as `shoal_rope_frequencies` makes them, changed by YaRN.
void shoal_rope_frequencies_yarn(double base, size_t dimensions, struct shoal_yarn yarn, float *frequencies);
/// Natural logarithm of a positive normal number.
double shoal_logarithm(double x);
/// cosines[j], sines[j] of float(position) * frequencies[j], times `magnitude`.
void shoal_rope_angles(
    size_t position, const float *frequencies, size_t pairs, float magnitude, float *cosines, float *sines);
/// Rotates the first 2 * pairs values of each of `heads` heads, `head_size` apart, in place.
void shoal_rope_apply(
    int kind, float *x, size_t heads, size_t head_size, size_t pairs, const float *cosines, const float *sines);

// --- Attention ------------------------------------------------------------------------------------------------------

/// Positions of one page of a key-value cache.
enum { SHOAL_PAGE_POSITIONS = 64 };

/// What a cache holds. In a page and for one head, keys of floats are `[key_size, 64]` (a lane is a position) and values
/// `[64, value_size]`. Of q8_0 (sizes are multiples of 32), keys are four packed Q8_0 panels whose rows are positions, and values int8
/// `[64, value_size]`, then f16 scales `[value_size / 32, 64]`.
enum shoal_cache { SHOAL_CACHE_F16 = 0, SHOAL_CACHE_F32 = 1, SHOAL_CACHE_Q8_0 = 2 };

/// Bytes of the keys (or values) of one head of `size` elements in a page.
size_t shoal_cache_bytes(int kind, size_t size);

/// Writes one position of one head into its page. `slot` < 64.
void shoal_cache_store(
    int kind, const float *key, const float *value, size_t key_size, size_t value_size, size_t slot, void *keys,
    void *values);

/// One query of one head: attends positions `first..<positions` (at least one). Where `has_sink`, `sink` is a score that takes weight away
/// and has no value.
struct shoal_query {
    const float *query;
    float *output;
    size_t positions;
    size_t first;
    float sink;
    bool has_sink;
};

/// The cache that several queries share: for page p the keys begin at `pages[p] + key_offset`, the values at `+ value_offset` (bytes).
/// Pages in which no query has a position are not read and may be NULL. `soft_cap`: 0 means none.
struct shoal_attention {
    const void *const *pages;
    size_t key_offset;
    size_t value_offset;
    size_t key_size;
    size_t value_size;
    float scale;
    float soft_cap;
    int kind;
};

/// Attention is computed over segments of so many positions, one after the other: whole pages at fixed places in the sequence.
enum { SHOAL_SEGMENT_POSITIONS = 256 };

/// Floats of what a segment gives for one query: weighted values `[value_size]`, the sum of the weights, the largest score; padded.
static inline size_t shoal_partial_floats(size_t value_size) { return (value_size + 2 + 15) / 16 * 16; }

/// Floats of scratch that `shoal_attend` and `shoal_attend_segment` need.
size_t shoal_attend_scratch(size_t key_size, size_t value_size);

/// Writes every query's result `[value_size]` to its `output`.
void shoal_attend(const struct shoal_attention *cache, const struct shoal_query *queries, size_t count, float *scratch);

/// Writes every query's partial result over one segment, in which it attends at least one position, to its `output`.
void shoal_attend_segment(
    const struct shoal_attention *cache, const struct shoal_query *queries, size_t count, size_t segment, float *scratch);

/// The result of `query`, of which `output`, `first`, `positions` and the sink count, from its partial ones over its segments, of which
/// `partials` is the first and which are `stride` floats apart: the same as `shoal_attend` gives. The first is overwritten.
void shoal_attend_merge(const struct shoal_query *query, float *partials, size_t stride, size_t value_size);

// --- Threads --------------------------------------------------------------------------------------------------------

// Swift's calling convention (clang's documentation: "swiftcall", "swift_context").
#define SHOAL_SWIFT_CALL __attribute__((swiftcall))
#define SHOAL_SWIFT_CONTEXT __attribute__((swift_context))

/// A Swift closure `(Int, Int) -> Void` that its owner has lent: its code, and what it captured.
struct shoal_chunks {
    const void *code;
    const void *context;
};

/// Calls the closure.
void shoal_chunks_perform(const struct shoal_chunks *chunks, intptr_t chunk, intptr_t thread);
/// For Swift, which passes a closure that does not escape as two words: calls `run` with its place in memory, for as long as the call
/// lasts. Swift itself only lends such a closure to other threads in a copy on the heap.
SHOAL_SWIFT_CALL void shoal_chunks_lend(
    const void *code, const void *context, void *work, intptr_t count,
    void (*run)(void *work, intptr_t count, const struct shoal_chunks *chunks));

/// The processors that this process may run on; how many there are (at most `capacity`), 0 when the system does not tell.
size_t shoal_affinity(int32_t *processors, size_t capacity);
/// Keeps the calling thread on one processor; nothing happens when the system does not allow it (or is not Linux).
void shoal_pin(int32_t processor);

/// Tells the processor that this is a spin loop.
static inline void shoal_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

#endif
