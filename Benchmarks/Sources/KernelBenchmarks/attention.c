// Attention over a paged cache: decoding of one token (GB/s of cache, and the share of plain reading measured beside) and eight rows of a
// prompt (GFMA/s, two to an element and position, and the share of the peak of f32, though keys of q8_0 are products of int8).
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROMPT_ROWS = 8, MOST_GROUP = 8, MOST_SIZE = 128, MOST_PAGES = 4096 / SHOAL_PAGE_POSITIONS };

/// What is measured: a cache of `heads` heads (of all layers), each shared by `group` heads of queries.
struct shape {
    int kind;
    size_t size, group, history, heads;
};

/// What one thread does: heads `first..<last`, for so many rows of tokens.
struct work {
    const struct shape *shape;
    const void *const *pages;
    size_t first, last, rows;
    float *queries, *outputs, *scratch;  // [PROMPT_ROWS * group, size]
};

static size_t head_bytes(const struct shape *shape) { return 2 * shoal_cache_bytes(shape->kind, shape->size); }

static void *attend(void *argument) {
    struct work *work = argument;
    const struct shape *shape = work->shape;
    struct shoal_query queries[PROMPT_ROWS * MOST_GROUP];
    for (size_t q = 0; q < work->rows * shape->group; q++) {
        queries[q] = (struct shoal_query){
            work->queries + q * shape->size, work->outputs + q * shape->size, shape->history - work->rows + 1 + q / shape->group};
    }
    for (size_t head = work->first; head < work->last; head++) {
        struct shoal_attention cache = {
            .pages = work->pages, .key_offset = head * head_bytes(shape), .key_size = shape->size, .value_size = shape->size,
            .scale = 0.125f, .kind = shape->kind};
        cache.value_offset = cache.key_offset + head_bytes(shape) / 2;
        shoal_attend(&cache, queries, work->rows * shape->group, work->scratch);
    }
    return NULL;
}

/// One head's part of one page, copied to all.
static void fill(const struct shape *shape, uint8_t *bytes, size_t count) {
    float key[MOST_SIZE], value[MOST_SIZE];
    for (size_t slot = 0; slot < SHOAL_PAGE_POSITIONS; slot++) {
        for (size_t i = 0; i < shape->size; i++) {
            key[i] = (float)((slot * 31 + i * 17) % 61) / 30 - 1;
            value[i] = (float)((slot * 13 + i * 7) % 53) / 26 - 1;
        }
        shoal_cache_store(shape->kind, key, value, shape->size, shape->size, slot, bytes, bytes + head_bytes(shape) / 2);
    }
    for (size_t head = 1; head < count; head++) memcpy(bytes + head * head_bytes(shape), bytes, head_bytes(shape));
}

static void measure(int isa, struct shape shape) {
    const size_t threads = settings.threads, pages = shape.history / SHOAL_PAGE_POSITIONS;
    shape.heads = settings.megabytes * 1000000 / 2 / (pages * head_bytes(&shape)) / threads * threads;
    if (shape.heads == 0) shape.heads = threads;
    const size_t bytes = shape.heads * pages * head_bytes(&shape), rows = PROMPT_ROWS * shape.group;
    uint8_t *cache = allocate(bytes);
    fill(&shape, cache, shape.heads * pages);
    const void *places[MOST_PAGES];
    for (size_t page = 0; page < pages; page++) places[page] = cache + page * shape.heads * head_bytes(&shape);
    struct work works[MOST_THREADS];
    for (size_t i = 0; i < threads; i++) {
        float *queries = allocate(rows * shape.size * sizeof(float)), *outputs = allocate(rows * shape.size * sizeof(float));
        float *scratch = allocate(shoal_attend_scratch(shape.size, shape.size) * sizeof(float));
        for (size_t q = 0; q < rows * shape.size; q++) queries[q] = (float)(q % 61) / 30 - 1;
        works[i] = (struct work){&shape, places, 0, 0, 0, queries, outputs, scratch};
    }
    double positions = 0;  // of all rows of a prompt
    for (size_t row = 0; row < PROMPT_ROWS; row++) positions += (double)(shape.history - row);
    double decoding[ROUNDS], share[ROUNDS], prompts[ROUNDS], roof = 0;
    for (int round = -1; round < ROUNDS; round++) {
        for (size_t i = 0; i < threads; i++) {
            works[i].first = shape.heads * i / threads, works[i].last = shape.heads * (i + 1) / threads, works[i].rows = 1;
        }
        double plain = read_plainly(cache, bytes), decode = run(attend, works, sizeof *works), heads = 0;
        for (size_t i = 0; i < threads; i++) {
            works[i].rows = PROMPT_ROWS;
            works[i].last = works[i].first + (works[i].last - works[i].first + 7) / 8;  // a part is enough
            heads += (double)(works[i].last - works[i].first);
        }
        roof = peak(isa, false);
        double tokens = run(attend, works, sizeof *works);
        if (round < 0) continue;
        decoding[round] = (double)bytes / decode * 1e-9;
        share[round] = plain / decode;
        prompts[round] = heads * (double)shape.group * positions * 2 * (double)shape.size / tokens * 1e-9;
    }
    const double rate = median(prompts);
    printf(
        "%-6s %-8s %5zu %6zu %8zu %9.2f %7.0f%% %9.1f %8s\n", shape.kind == SHOAL_CACHE_F16 ? "f16" : "q8_0", shoal_isa_name(isa),
        shape.size, shape.group, shape.history, median(decoding), 100 * median(share), rate,
        share_of_peak(rate, roof));
    fflush(stdout);
    for (size_t i = 0; i < threads; i++) free(works[i].queries), free(works[i].outputs), free(works[i].scratch);
    free(cache);
}

void measure_attention(void) {
    printf("\nAttention: a cache of %zu MB; a token's decoding, and %d rows of a prompt\n", settings.megabytes / 2, PROMPT_ROWS);
    printf("%-6s %-8s %5s %6s %8s %9s %8s %9s %8s\n", "cache", "isa", "head", "group", "history", "GB/s", "of read", "GFMA/s", "of peak");
    static const int kinds[] = {SHOAL_CACHE_F16, SHOAL_CACHE_Q8_0};
    for (int isa = 0; isa < SHOAL_ISA_COUNT; isa++) {
        if (!measured(isa)) continue;
        for (int kind = 0; kind < 2; kind++) {
            for (size_t size = 64; size <= MOST_SIZE; size *= 2) {
                for (size_t group = 1; group <= MOST_GROUP; group *= 8) {
                    for (size_t history = 512; history <= 4096; history *= 8) {
                        measure(isa, (struct shape){kinds[kind], size, group, history, 0});
                    }
                }
            }
        }
    }
}
