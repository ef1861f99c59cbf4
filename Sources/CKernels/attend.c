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

static size_t first_segment(const struct shoal_query *query) { return query->first / SHOAL_SEGMENT_POSITIONS; }

/// The query's result from what all its segments gave together.
static void finish(const struct shoal_query *query, const float *partial, size_t value_size) {
    float factor = 1 / partial[value_size];
    if (query->has_sink) {
        float most = partial[value_size + 1], largest = query->sink > most ? query->sink : most;
        float parts[2] = {most - largest, query->sink - largest};
        shoal_exp(parts, 2, parts);
        factor = parts[0] / (partial[value_size] * parts[0] + parts[1]);
    }
    for (size_t i = 0; i < value_size; i++) query->output[i] = partial[i] * factor;
}

/// Takes up to SHOAL_QUERY_TILE queries, all of which attend in the segment, through it. `sums` are theirs, one for each.
static void attend_tile(
    const struct shoal_attention *cache, struct shoal_query *tile, float **sums, size_t count, size_t segment, float *partials,
    float *scratch) {
    size_t stride = shoal_partial_floats(cache->value_size);
    for (size_t q = 0; q < count; q++) tile[q].output = segment == first_segment(tile + q) ? sums[q] : partials + q * stride;
    shoal_attend_segment(cache, tile, count, segment, scratch);
    for (size_t q = 0; q < count; q++) {
        if (tile[q].output != sums[q]) shoal_merge(tile[q].output, sums[q], cache->value_size);
    }
}

void shoal_attend(const struct shoal_attention *cache, const struct shoal_query *queries, size_t count, float *scratch) {
    size_t stride = shoal_partial_floats(cache->value_size);
    float *results = scratch + kernel_scratch(cache->key_size), *partials = results + QUERIES * stride;
    for (size_t first = 0; first < count; first += QUERIES) {
        size_t last = count - first < QUERIES ? count : first + QUERIES, most = 0, segment = SIZE_MAX;
        for (size_t q = first; q < last; q++) {
            most = queries[q].positions > most ? queries[q].positions : most;
            segment = first_segment(queries + q) < segment ? first_segment(queries + q) : segment;
        }
        for (; segment * SHOAL_SEGMENT_POSITIONS < most; segment++) {
            struct shoal_query tile[SHOAL_QUERY_TILE];
            float *sums[SHOAL_QUERY_TILE];
            size_t filled = 0;
            for (size_t q = first; q < last; q++) {
                if (queries[q].positions <= segment * SHOAL_SEGMENT_POSITIONS || segment < first_segment(queries + q)) continue;
                tile[filled] = queries[q];
                sums[filled++] = results + (q - first) * stride;
                if (filled < SHOAL_QUERY_TILE) continue;
                attend_tile(cache, tile, sums, filled, segment, partials, scratch);
                filled = 0;
            }
            if (filled > 0) attend_tile(cache, tile, sums, filled, segment, partials, scratch);
        }
        for (size_t q = first; q < last; q++) finish(queries + q, results + (q - first) * stride, cache->value_size);
    }
}

void shoal_attend_merge(const struct shoal_query *query, float *partials, size_t stride, size_t value_size) {
    size_t count = (query->positions + SHOAL_SEGMENT_POSITIONS - 1) / SHOAL_SEGMENT_POSITIONS - first_segment(query);
    for (size_t s = 1; s < count; s++) shoal_merge(partials + s * stride, partials, value_size);
    finish(query, partials, value_size);
}
