// The kernels of rows, on one row of 4096 elements that stays in the near caches: GB/s read and written, and elements a second.
#include "common.h"

#include <stdio.h>
#include <stdlib.h>

enum { COUNT = 4096, HEAD_SIZE = 128, RAW_ROWS = 16 };

/// The buffers of one thread; all begin as ordinary numbers.
struct buffers {
    float x[COUNT], y[COUNT], out[COUNT], sines[HEAD_SIZE / 2], cosines[HEAD_SIZE / 2], sums[RAW_ROWS];
    uint16_t halves[COUNT];
    struct shoal_activation_block activations[COUNT / 32];
    uint8_t blocks[RAW_ROWS * COUNT], page[2 * HEAD_SIZE * SHOAL_PAGE_POSITIONS * 2];
};

static void rms_norm(struct buffers *b) { shoal_rms_norm(b->x, b->y, COUNT, 1e-5f, b->out); }
static void layer_norm(struct buffers *b) { shoal_layer_norm(b->x, b->y, b->y, COUNT, 1e-5f, b->out); }
static void gate(struct buffers *b, int function) { shoal_gate(function, b->x, b->y, COUNT, 1.702f, 7, b->out); }
static void swiglu(struct buffers *b) { gate(b, SHOAL_FUNCTION_SILU); }
static void gelu_tanh(struct buffers *b) { gate(b, SHOAL_FUNCTION_GELU_TANH); }
static void gelu_erf(struct buffers *b) { gate(b, SHOAL_FUNCTION_GELU_ERF); }
static void clamped_silu(struct buffers *b) { gate(b, SHOAL_FUNCTION_CLAMPED_SILU); }
static void soft_cap(struct buffers *b) { shoal_soft_cap(b->out, 30, COUNT); }
static void add_scaled(struct buffers *b) { shoal_add_scaled(b->out, b->x, 1e-9f, COUNT); }
static void add(struct buffers *b) { shoal_add(b->out, b->x, COUNT); }
static void exponential(struct buffers *b) { shoal_exp(b->x, COUNT, b->out); }
static void to_f16(struct buffers *b) { shoal_f32_to_f16(b->x, COUNT, b->halves); }
static void from_f16(struct buffers *b) { shoal_f16_to_f32(b->halves, COUNT, b->out); }
static void quantize(struct buffers *b) { shoal_quantize_activations(b->x, COUNT, b->activations); }
static void rope(struct buffers *b, int kind) {
    shoal_rope_apply(kind, b->out, COUNT / HEAD_SIZE, HEAD_SIZE, HEAD_SIZE / 2, b->cosines, b->sines);
}
static void rope_interleaved(struct buffers *b) { rope(b, SHOAL_ROPE_INTERLEAVED); }
static void rope_halves(struct buffers *b) { rope(b, SHOAL_ROPE_HALVES); }
static void store(struct buffers *b, int kind) {
    const size_t bytes = shoal_cache_bytes(kind, HEAD_SIZE);
    for (size_t head = 0; head < COUNT / 2 / HEAD_SIZE; head++) {
        const float *key = b->x + head * HEAD_SIZE, *value = b->y + head * HEAD_SIZE;
        shoal_cache_store(kind, key, value, HEAD_SIZE, HEAD_SIZE, head, b->page, b->page + bytes);
    }
}
static void store_f16(struct buffers *b) { store(b, SHOAL_CACHE_F16); }
static void store_q8_0(struct buffers *b) { store(b, SHOAL_CACHE_Q8_0); }

static const struct {
    const char *name;
    void (*body)(struct buffers *);
    double bytes;  // to an element, read and written
} cases[] = {
    {"rms_norm", rms_norm, 12},
    {"layer_norm", layer_norm, 16},
    {"gate silu", swiglu, 12},
    {"gate gelu tanh", gelu_tanh, 12},
    {"gate gelu erf", gelu_erf, 12},
    {"gate clamped silu", clamped_silu, 12},
    {"soft_cap", soft_cap, 8},
    {"add", add, 12},
    {"add_scaled", add_scaled, 12},
    {"exp", exponential, 8},
    {"f32_to_f16", to_f16, 6},
    {"f16_to_f32", from_f16, 6},
    {"quantize_activations", quantize, 4 + sizeof(struct shoal_activation_block) / 32.0},
    {"rope interleaved", rope_interleaved, 8},
    {"rope halves", rope_halves, 8},
    {"cache_store f16", store_f16, 6},
    {"cache_store q8_0", store_q8_0, 4 + 34 / 32.0},
};

/// Types to make floats of, and to multiply from their raw blocks.
static const struct {
    const char *name;
    uint32_t type;
    bool product;
} types[] = {
    {"dequantize Q4_0", SHOAL_TYPE_Q4_0, false},     {"dequantize Q8_0", SHOAL_TYPE_Q8_0, false},
    {"dequantize Q4_K", SHOAL_TYPE_Q4_K, false},     {"dequantize Q6_K", SHOAL_TYPE_Q6_K, false},
    {"dequantize IQ2_XS", SHOAL_TYPE_IQ2_XS, false}, {"dequantize MXFP4", SHOAL_TYPE_MXFP4, false},
    {"multiply_raw IQ2_XS", SHOAL_TYPE_IQ2_XS, true},
};

struct work {
    void (*body)(struct buffers *);
    uint32_t type;
    bool product;
    size_t times;
    struct buffers *buffers;
};

static void *repeat(void *argument) {
    struct work *work = argument;
    struct buffers *b = work->buffers;
    for (size_t i = 0; i < work->times; i++) {
        if (work->body != NULL) work->body(b);
        else if (work->product) shoal_multiply_raw(work->type, b->blocks, COUNT, 0, RAW_ROWS, b->x, 1, b->sums, RAW_ROWS, b->out);
        else shoal_dequantize(work->type, b->blocks, COUNT, b->out);
    }
    return NULL;
}

/// `bytes` and `elements`: of one call.
static void measure(const char *name, int isa, struct work work, struct buffers *const *buffers, double bytes, double elements) {
    struct work works[MOST_THREADS];
    double rates[ROUNDS];
    work.times = 16;
    for (int round = -1; round < ROUNDS;) {
        for (size_t i = 0; i < settings.threads; i++) works[i] = work, works[i].buffers = buffers[i];
        double time = run(repeat, works, sizeof *works);
        if (round < 0 && time < 4e-3) {
            work.times *= 2;
            continue;
        }
        if (round >= 0) rates[round] = (double)(work.times * settings.threads) / time;
        round++;
    }
    double rate = median(rates);
    printf("%-21s %-8s %9.2f %11.2f\n", name, shoal_isa_name(isa), rate * bytes * 1e-9, rate * elements * 1e-9);
    fflush(stdout);
}

void measure_rows(void) {
    printf("\nRows of %d elements, in the near caches (multiply_raw: %d rows of weights, an element is a multiply-add)\n", COUNT, RAW_ROWS);
    printf("%-21s %-8s %9s %11s\n", "kernel", "isa", "GB/s", "G element/s");
    struct buffers *buffers[MOST_THREADS];
    float frequencies[HEAD_SIZE / 2];
    shoal_rope_frequencies(10000, HEAD_SIZE, NULL, 1, frequencies);
    for (size_t i = 0; i < settings.threads; i++) {
        struct buffers *b = buffers[i] = allocate(sizeof *b);
        for (size_t j = 0; j < COUNT; j++) b->x[j] = (float)(j % 61) / 10 - 3, b->y[j] = (float)(j % 53) / 26, b->out[j] = b->x[j];
        shoal_rope_angles(1000, frequencies, HEAD_SIZE / 2, 1, b->cosines, b->sines);
    }
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (int isa = 0; isa < SHOAL_ISA_COUNT; isa++) {
            if (!measured(isa)) continue;
            measure(cases[c].name, isa, (struct work){.body = cases[c].body}, buffers, cases[c].bytes * COUNT, COUNT);
        }
    }
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const struct shoal_format *format = shoal_format_of(types[t].type);
        double raw = (double)(COUNT / format->block_elements * format->block_bytes), rows = types[t].product ? RAW_ROWS : 1;
        double bytes = types[t].product ? rows * raw : raw + COUNT * sizeof(float);
        for (int isa = 0; isa < SHOAL_ISA_COUNT; isa++) {
            if (!measured(isa)) continue;
            measure(types[t].name, isa, (struct work){.type = types[t].type, .product = types[t].product}, buffers, bytes, rows * COUNT);
        }
    }
    for (size_t i = 0; i < settings.threads; i++) free(buffers[i]);
}
