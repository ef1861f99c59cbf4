// How fast the matrix products are: for every type and instruction set, decoding (one token; GB/s of packed weights, and the share of the
// plain read bandwidth measured beside it) and prompts (GMAC/s, 10^9 multiply-adds a second). One thread or several.
//
// usage: kernel-benchmarks [--threads N] [--megabytes N] [--columns N] [--isa NAME] [--prompt N] [TYPE…]
#define _GNU_SOURCE
#include "ckernels.h"

#include <pthread.h>
#include <sys/mman.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    uint32_t type;
} types[] = {
    {"Q4_0", SHOAL_TYPE_Q4_0},     {"Q4_1", SHOAL_TYPE_Q4_1}, {"Q5_0", SHOAL_TYPE_Q5_0},     {"Q5_1", SHOAL_TYPE_Q5_1},
    {"Q8_0", SHOAL_TYPE_Q8_0},     {"Q2_K", SHOAL_TYPE_Q2_K}, {"Q3_K", SHOAL_TYPE_Q3_K},     {"Q4_K", SHOAL_TYPE_Q4_K},
    {"Q5_K", SHOAL_TYPE_Q5_K},     {"Q6_K", SHOAL_TYPE_Q6_K}, {"IQ4_NL", SHOAL_TYPE_IQ4_NL}, {"IQ4_XS", SHOAL_TYPE_IQ4_XS},
    {"MXFP4", SHOAL_TYPE_MXFP4},   {"F16", SHOAL_TYPE_F16},   {"BF16", SHOAL_TYPE_BF16},
};

enum { ROUNDS = 7, MOST_THREADS = 64 };

static size_t threads = 1, megabytes = 512, columns = 4096, prompt = 128;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/// What one thread does: a share of the panels, or of the bytes.
struct work {
    uint32_t type;
    const uint8_t *weights;
    size_t rows, first, last, tokens;
    const void *input;
    float *output;
    const uint8_t *bytes;
    size_t count;
    uint64_t sum;
};

static void *multiply(void *argument) {
    struct work *work = argument;
    // As the engine does: all tokens over a few panels at a time.
    for (size_t panel = work->first; panel < work->last; panel += 8) {
        size_t end = panel + 8 < work->last ? panel + 8 : work->last;
        shoal_multiply_packed(
            work->type, work->weights, work->rows, columns, panel, end, work->input, work->tokens, work->output, work->rows);
    }
    return NULL;
}

/// Plain reading: eight sums, nothing asked for ahead.
static void *sum(void *argument) {
    struct work *work = argument;
    typedef uint64_t words __attribute__((vector_size(64)));
    const words *place = (const words *)work->bytes;
    words sums[8] = {0};
    for (size_t i = 0; i + 8 <= work->count / sizeof(words); i += 8) {
        for (size_t j = 0; j < 8; j++) sums[j] += place[i + j];
    }
    for (size_t j = 0; j < 8; j++) work->sum += sums[j][0] + sums[j][5];
    return NULL;
}

static double run(void *(*body)(void *), struct work *works) {
    pthread_t handles[MOST_THREADS];
    double start = seconds();
    for (size_t i = 1; i < threads; i++) pthread_create(&handles[i], NULL, body, &works[i]);
    body(&works[0]);
    for (size_t i = 1; i < threads; i++) pthread_join(handles[i], NULL);
    return seconds() - start;
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

static void measure(const char *name, uint32_t type, int isa) {
    const struct shoal_format *format = shoal_format_of(type);
    shoal_isa_force(isa);
    size_t panel = shoal_panel_bytes(type, columns), panels = megabytes * 1000000 / panel / (2 * threads) * (2 * threads);
    size_t rows = panels * SHOAL_PANEL_ROWS, bytes = panels * panel;
    uint8_t *weights = aligned_alloc(1 << 21, (bytes + (1 << 21)) & ~(size_t)((1 << 21) - 1));
    float *input = calloc(prompt * columns, sizeof *input), *output = calloc(prompt * rows, sizeof *output);
    struct shoal_activation_block *blocks = calloc(prompt * columns / 32, sizeof *blocks);
#if defined(__linux__)
    madvise(weights, bytes, MADV_HUGEPAGE);  // as the engine's own buffers
#endif
    if (weights == NULL || input == NULL || output == NULL || blocks == NULL) exit(1);
    // Any bytes will do for speed, but no subnormal scales: one repeated row of blocks, packed.
    uint8_t *row = malloc(columns / format->block_elements * format->block_bytes * SHOAL_PANEL_ROWS);
    for (size_t i = 0; i < columns / format->block_elements * format->block_bytes * SHOAL_PANEL_ROWS; i++) row[i] = 0x2c;
    shoal_pack(type, row, SHOAL_PANEL_ROWS, columns, 0, 1, weights);
    for (size_t p = 1; p < panels; p++) memcpy(weights + p * panel, weights, panel);
    for (size_t i = 0; i < prompt * columns; i++) input[i] = (float)(i % 61) - 30;
    shoal_quantize_activations(input, prompt * columns, blocks);
    const void *x = format->activation == SHOAL_ACTIVATION_INT8 ? (const void *)blocks : (const void *)input;
    double reading[ROUNDS], decoding[ROUNDS], share[ROUNDS], prompts[ROUNDS];
    for (int round = -1; round < ROUNDS; round++) {
        struct work works[MOST_THREADS];
        for (size_t i = 0; i < threads; i++) {
            works[i] = (struct work){type, weights, rows, panels * i / threads, panels * (i + 1) / threads, 1, x, output,
                weights + bytes / 64 * i / threads * 64, bytes / threads, 0};
        }
        double plain = run(sum, works), decode = run(multiply, works);
        // A part of the matrix is enough for prompts, but more than the caches hold.
        for (size_t i = 0; i < threads; i++) {
            works[i].tokens = prompt;
            works[i].last = works[i].first + (works[i].last - works[i].first + 15) / 16;
        }
        double tokens = run(multiply, works);
        if (round < 0) continue;
        double part = 0;
        for (size_t i = 0; i < threads; i++) part += (double)(works[i].last - works[i].first);
        reading[round] = (double)bytes / plain * 1e-9;
        decoding[round] = (double)bytes / decode * 1e-9;
        share[round] = plain / decode;
        prompts[round] = part * SHOAL_PANEL_ROWS * (double)columns * (double)prompt / tokens * 1e-9;
    }
    qsort(reading, ROUNDS, sizeof(double), ascending);
    qsort(decoding, ROUNDS, sizeof(double), ascending);
    qsort(share, ROUNDS, sizeof(double), ascending);
    qsort(prompts, ROUNDS, sizeof(double), ascending);
    printf(
        "%-7s %-8s %9.2f %9.2f %7.0f%% %9.1f\n", name, shoal_isa_name(isa), reading[ROUNDS / 2], decoding[ROUNDS / 2],
        100 * share[ROUNDS / 2], prompts[ROUNDS / 2]);
    fflush(stdout);
    free(weights), free(input), free(output), free(blocks), free(row);
}

static size_t number(const char *text, size_t most) {
    char *end;
    unsigned long long value = text ? strtoull(text, &end, 10) : 0;
    if (text == NULL || *end != 0 || value == 0 || value > most) {
        fprintf(stderr, "kernel-benchmarks: %s is not a number from 1 to %zu\n", text ? text : "nothing", most);
        exit(2);
    }
    return (size_t)value;
}

int main(int count, char **arguments) {
    const char *isa_name = NULL, *wanted[64];
    size_t names = 0;
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (strcmp(argument, "--threads") == 0) threads = number(value, MOST_THREADS), i++;
        else if (strcmp(argument, "--megabytes") == 0) megabytes = number(value, 100000), i++;
        else if (strcmp(argument, "--columns") == 0) columns = number(value, 65536) / 256 * 256, i++;
        else if (strcmp(argument, "--prompt") == 0) prompt = number(value, 4096), i++;
        else if (strcmp(argument, "--isa") == 0) isa_name = value, i++;
        else if (argument[0] != '-' && names < 64) wanted[names++] = argument;
        else {
            fprintf(stderr, "usage: kernel-benchmarks [--threads N] [--megabytes N] [--columns N] [--prompt N] [--isa NAME] [TYPE...]\n");
            return 2;
        }
    }
    if (columns == 0) columns = 256;
    printf("%zu threads, %zu columns, %zu MB of weights, prompts of %zu tokens; medians of %d\n", threads, columns, megabytes, prompt, ROUNDS);
    printf("%-7s %-8s %9s %9s %8s %9s\n", "type", "isa", "read GB/s", "decode", "share", "GMAC/s");
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        bool chosen = names == 0;
        for (size_t i = 0; i < names; i++) chosen = chosen || strcmp(wanted[i], types[t].name) == 0;
        for (int isa = 1; chosen && isa < SHOAL_ISA_COUNT; isa++) {
            if (!shoal_isa_supported(isa) || (isa_name != NULL && strcmp(isa_name, shoal_isa_name(isa)) != 0)) continue;
            measure(types[t].name, types[t].type, isa);
        }
    }
    return 0;
}
