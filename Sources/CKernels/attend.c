// Attention over all segments of a sequence, from the kernels of one segment.
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#include <string.h>

/// Queries that go through a segment while it is in a near cache.
enum { QUERIES = 64 };

size_t shoal_cache_bytes(int kind, size_t size) {
    switch (kind) {
    case SHOAL_CACHE_F16: return size * SHOAL_PAGE_POSITIONS * 2;
    case SHOAL_CACHE_F32: return size * SHOAL_PAGE_POSITIONS * 4;
    default: return size / 32 * SHOAL_PAGE_POSITIONS * 34;
    }
}

/// Floats that the kernels need: scores, scores with the scales of two blocks, queries in int8.
static size_t kernel_scratch(size_t key_size) {
    size_t query = (key_size + 31) / 32 * sizeof(struct shoal_activation_block) / sizeof(float);
    return SHOAL_QUERY_TILE * (3 * SHOAL_SEGMENT_POSITIONS + query);
}

size_t shoal_attend_scratch(size_t key_size, size_t value_size) {
    return kernel_scratch(key_size) + (QUERIES + SHOAL_QUERY_TILE) * shoal_partial_floats(value_size);
}

static void finish(const float *partial, size_t value_size, float *output) {
    float inverse = 1 / partial[value_size];
    for (size_t i = 0; i < value_size; i++) output[i] = partial[i] * inverse;
}

/// Takes up to SHOAL_QUERY_TILE queries, all of which reach the segment, through it. `sums` are theirs, one for each.
static void attend_tile(
    const struct shoal_attention *cache, struct shoal_query *tile, float **sums, size_t count, size_t segment, float *partials,
    float *scratch) {
    size_t stride = shoal_partial_floats(cache->value_size);
    for (size_t q = 0; q < count; q++) tile[q].output = segment == 0 ? sums[q] : partials + q * stride;
    shoal_attend_segment(cache, tile, count, segment, scratch);
    for (size_t q = 0; segment > 0 && q < count; q++) shoal_merge(tile[q].output, sums[q], cache->value_size);
}

void shoal_attend(const struct shoal_attention *cache, const struct shoal_query *queries, size_t count, float *scratch) {
    size_t stride = shoal_partial_floats(cache->value_size);
    float *results = scratch + kernel_scratch(cache->key_size), *partials = results + QUERIES * stride;
    for (size_t first = 0; first < count; first += QUERIES) {
        size_t last = count - first < QUERIES ? count : first + QUERIES, most = 0;
        for (size_t q = first; q < last; q++) most = queries[q].positions > most ? queries[q].positions : most;
        for (size_t segment = 0; segment * SHOAL_SEGMENT_POSITIONS < most; segment++) {
            struct shoal_query tile[SHOAL_QUERY_TILE];
            float *sums[SHOAL_QUERY_TILE];
            size_t filled = 0;
            for (size_t q = first; q < last; q++) {
                if (queries[q].positions <= segment * SHOAL_SEGMENT_POSITIONS) continue;
                tile[filled] = queries[q];
                sums[filled++] = results + (q - first) * stride;
                if (filled < SHOAL_QUERY_TILE) continue;
                attend_tile(cache, tile, sums, filled, segment, partials, scratch);
                filled = 0;
            }
            if (filled > 0) attend_tile(cache, tile, sums, filled, segment, partials, scratch);
        }
        for (size_t q = first; q < last; q++) finish(results + (q - first) * stride, cache->value_size, queries[q].output);
    }
}

void shoal_attend_merge(float *partials, size_t segments, size_t stride, size_t value_size, float *output) {
    for (size_t s = 1; s < segments; s++) shoal_merge(partials + s * stride, partials, value_size);
    finish(partials, value_size, output);
}
