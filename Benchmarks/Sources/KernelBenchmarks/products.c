// The matrix products of packed weights, for every type: decoding (one token; GB/s of packed weights, and the share of plain reading
// measured beside) and prompts (GMAC/s, and the share of the peak of int8, or of f32 for types whose activations are floats).
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t type;
} types[] = {
    {"Q4_0", SHOAL_TYPE_Q4_0},     {"Q4_1", SHOAL_TYPE_Q4_1}, {"Q5_0", SHOAL_TYPE_Q5_0},     {"Q5_1", SHOAL_TYPE_Q5_1},
    {"Q8_0", SHOAL_TYPE_Q8_0},     {"Q2_K", SHOAL_TYPE_Q2_K}, {"Q3_K", SHOAL_TYPE_Q3_K},     {"Q4_K", SHOAL_TYPE_Q4_K},
    {"Q5_K", SHOAL_TYPE_Q5_K},     {"Q6_K", SHOAL_TYPE_Q6_K}, {"IQ4_NL", SHOAL_TYPE_IQ4_NL}, {"IQ4_XS", SHOAL_TYPE_IQ4_XS},
    {"MXFP4", SHOAL_TYPE_MXFP4},   {"F16", SHOAL_TYPE_F16},   {"BF16", SHOAL_TYPE_BF16},
};

/// What one thread does: a share of the panels.
struct work {
    uint32_t type;
    const uint8_t *weights;
    size_t rows, first, last, tokens;
    const void *input;
    float *output;
};

static void *multiply(void *argument) {
    struct work *work = argument;
    // As the engine does: all tokens over a few panels at a time.
    for (size_t panel = work->first; panel < work->last; panel += 8) {
        size_t end = panel + 8 < work->last ? panel + 8 : work->last;
        shoal_multiply_packed(
            work->type, work->weights, work->rows, settings.columns, panel, end, work->input, work->tokens, work->output, work->rows);
    }
    return NULL;
}

static void measure(const char *name, uint32_t type, int isa) {
    const size_t columns = settings.columns, prompt = settings.prompt, threads = settings.threads;
    const struct shoal_format *format = shoal_format_of(type);
    const bool integers = format->activation == SHOAL_ACTIVATION_INT8;
    size_t panel = shoal_panel_bytes(type, columns), panels = settings.megabytes * 1000000 / panel / (2 * threads) * (2 * threads);
    if (panels == 0) panels = 2 * threads;
    size_t rows = panels * SHOAL_PANEL_ROWS, bytes = panels * panel;
    uint8_t *weights = allocate(bytes);
    float *input = allocate(prompt * columns * sizeof *input), *output = allocate(prompt * rows * sizeof *output);
    struct shoal_activation_block *blocks = allocate(prompt * columns / 32 * sizeof *blocks);
    // Any bytes will do for speed, but no subnormal scales: one repeated row of blocks, packed.
    uint8_t *row = allocate(columns / format->block_elements * format->block_bytes * SHOAL_PANEL_ROWS);
    shoal_pack(type, row, SHOAL_PANEL_ROWS, columns, 0, 1, weights);
    for (size_t p = 1; p < panels; p++) memcpy(weights + p * panel, weights, panel);
    for (size_t i = 0; i < prompt * columns; i++) input[i] = (float)(i % 61) - 30;
    shoal_quantize_activations(input, prompt * columns, blocks);
    const void *x = integers ? (const void *)blocks : (const void *)input;
    double reading[ROUNDS], decoding[ROUNDS], share[ROUNDS], prompts[ROUNDS], roof = 0;
    for (int round = -1; round < ROUNDS; round++) {
        struct work works[MOST_THREADS];
        for (size_t i = 0; i < threads; i++) {
            works[i] = (struct work){type, weights, rows, panels * i / threads, panels * (i + 1) / threads, 1, x, output};
        }
        double plain = read_plainly(weights, bytes), decode = run(multiply, works, sizeof *works);
        // A part of the matrix is enough for prompts, but more than the near caches hold.
        double part = 0;
        for (size_t i = 0; i < threads; i++) {
            works[i].tokens = prompt;
            works[i].last = works[i].first + (works[i].last - works[i].first + 15) / 16;
            part += (double)(works[i].last - works[i].first);
        }
        roof = peak(isa, integers);
        double tokens = run(multiply, works, sizeof *works);
        if (round < 0) continue;
        reading[round] = (double)bytes / plain * 1e-9;
        decoding[round] = (double)bytes / decode * 1e-9;
        share[round] = plain / decode;
        prompts[round] = part * SHOAL_PANEL_ROWS * (double)columns * (double)prompt / tokens * 1e-9;
    }
    const double rate = median(prompts);
    printf(
        "%-7s %-8s %9.2f %9.2f %7.0f%% %9.1f %8s\n", name, shoal_isa_name(isa), median(reading), median(decoding),
        100 * median(share), rate, share_of_peak(rate, roof));
    fflush(stdout);
    free(weights), free(input), free(output), free(blocks), free(row);
}

bool is_product(const char *name) {
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        if (strcmp(name, types[t].name) == 0) return true;
    }
    return false;
}

void measure_products(const char *const *names, size_t count) {
    printf("\nProducts of packed weights: %zu columns, %zu MB, prompts of %zu tokens\n", settings.columns, settings.megabytes, settings.prompt);
    printf("%-7s %-8s %9s %9s %8s %9s %8s\n", "type", "isa", "read GB/s", "decode", "of read", "GMAC/s", "of peak");
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        bool chosen = count == 0;
        for (size_t i = 0; i < count; i++) chosen = chosen || strcmp(names[i], types[t].name) == 0;
        for (int isa = 0; chosen && isa < SHOAL_ISA_COUNT; isa++) {
            if (measured(isa)) measure(types[t].name, types[t].type, isa);
        }
    }
}
