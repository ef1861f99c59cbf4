// Attention over vectors of 16 lanes; the twin of scalar.c. ATTENTION_TILE (queries at a time) is set by the including file.
#ifndef SHOAL_ATTENTION_H
#define SHOAL_ATTENTION_H

#include "vector.h"

_Static_assert(ATTENTION_TILE <= SHOAL_QUERY_TILE, "");

static void cache_store(
    int kind, const float *key, const float *value, size_t key_size, size_t value_size, size_t slot, void *keys,
    void *values) {
    if (kind == SHOAL_CACHE_F16) {
        for (size_t i = 0; i < key_size; i++) ((uint16_t *)keys)[i * SHOAL_PAGE_POSITIONS + slot] = half_of_float(key[i]);
        f32_to_f16(value, value_size, (uint16_t *)values + slot * value_size);
    } else {
        for (size_t i = 0; i < key_size; i++) ((float *)keys)[i * SHOAL_PAGE_POSITIONS + slot] = key[i];
        memcpy((float *)values + slot * value_size, value, value_size * sizeof *value);
    }
}

/// Scores of all 64 positions of one page for `n` queries; a lane is a position.
INLINE void score_page(
    load_function *load_cache, const size_t size, const int n, const uint8_t *keys, size_t key_size, float scale,
    const struct shoal_query *queries, float *scores, size_t stride) {
    vec sums[4 * ATTENTION_TILE] = {0};
    for (size_t i = 0; i < key_size; i++, keys += SHOAL_PAGE_POSITIONS * size) {
        vec k0 = load_cache(keys), k1 = load_cache(keys + 16 * size);
        vec k2 = load_cache(keys + 32 * size), k3 = load_cache(keys + 48 * size);
        for (int q = 0; q < n; q++) {
            vec x = splat(queries[q].query[i]);
            sums[4 * q] = fused(k0, x, sums[4 * q]);
            sums[4 * q + 1] = fused(k1, x, sums[4 * q + 1]);
            sums[4 * q + 2] = fused(k2, x, sums[4 * q + 2]);
            sums[4 * q + 3] = fused(k3, x, sums[4 * q + 3]);
        }
    }
    for (int q = 0; q < n; q++) {
        for (int j = 0; j < 4; j++) store(scores + (size_t)q * stride + 16 * j, sums[4 * q + j] * splat(scale));
    }
}

/// Turns scores into e^(score - largest); the sum of them.
INLINE float exponentials(float *scores, size_t count) {
    size_t whole = count / LANES * LANES;
    float largest = -__builtin_inff();
    if (whole > 0) {
        vec most = load(scores);
        for (size_t i = LANES; i < whole; i += LANES) most = __builtin_elementwise_max(most, load(scores + i));
        largest = __builtin_reduce_max(most);
    }
    for (size_t i = whole; i < count; i++) largest = scores[i] > largest ? scores[i] : largest;
    vec sums = splat(0);
    for (size_t i = 0; i < whole; i += LANES) {
        vec e = exponential(load(scores + i) - splat(largest));
        store(scores + i, e);
        sums += e;
    }
    if (whole < count) {  // lanes beyond add zero to a sum that is not negative: no change
        vec e = exponential(load_first(scores + whole, count - whole) - splat(largest));
        store_first(scores + whole, e, count - whole);
        sums += load_first(scores + whole, count - whole);
    }
    return fold(sums);
}

/// Weighted values of `vectors` * 16 columns from `column` on for `n` queries; a lane is a column, positions in order.
INLINE void mix(
    load_function *load_cache, const size_t size, const int n, const int vectors, const struct shoal_attention *cache,
    const struct shoal_query *queries, const float *weights, size_t stride, const float *inverses, size_t column) {
    vec sums[4 * ATTENTION_TILE] = {0};
    size_t shared = queries[0].positions, position = 0;
    for (int q = 1; q < n; q++) shared = queries[q].positions < shared ? queries[q].positions : shared;
    const size_t row = cache->value_size * size;
    while (position < shared) {
        const uint8_t *values = (const uint8_t *)cache->pages[position / SHOAL_PAGE_POSITIONS] + cache->value_offset + column * size;
        size_t end = (position / SHOAL_PAGE_POSITIONS + 1) * SHOAL_PAGE_POSITIONS;
        if (end > shared) end = shared;
        for (values += position % SHOAL_PAGE_POSITIONS * row; position < end; position++, values += row) {
            for (int v = 0; v < vectors; v++) {
                vec value = load_cache(values + (size_t)v * LANES * size);
                for (int q = 0; q < n; q++) {
                    sums[4 * q + v] = fused(value, splat(weights[(size_t)q * stride + position]), sums[4 * q + v]);
                }
            }
        }
    }
    for (int q = 0; q < n; q++) {
        for (position = shared; position < queries[q].positions; position++) {
            const uint8_t *values = (const uint8_t *)cache->pages[position / SHOAL_PAGE_POSITIONS] + cache->value_offset
                + position % SHOAL_PAGE_POSITIONS * row + column * size;
            for (int v = 0; v < vectors; v++) {
                vec value = load_cache(values + (size_t)v * LANES * size);
                sums[4 * q + v] = fused(value, splat(weights[(size_t)q * stride + position]), sums[4 * q + v]);
            }
        }
        for (int v = 0; v < vectors; v++) {
            store(queries[q].output + column + (size_t)v * LANES, sums[4 * q + v] * splat(inverses[q]));
        }
    }
}

/// The columns that fill no vector.
INLINE void mix_column(
    const size_t size, const struct shoal_attention *cache, const struct shoal_query *query, const float *weights,
    float inverse, size_t column) {
    float sum = 0;
    for (size_t position = 0; position < query->positions; position++) {
        const uint8_t *page = (const uint8_t *)cache->pages[position / SHOAL_PAGE_POSITIONS] + cache->value_offset;
        size_t place = position % SHOAL_PAGE_POSITIONS * cache->value_size + column;
        float value = size == 2 ? float_of_half(((const uint16_t *)page)[place]) : ((const float *)page)[place];
        sum = __builtin_fmaf(value, weights[position], sum);
    }
    query->output[column] = sum * inverse;
}

INLINE void attend_tile(
    load_function *load_cache, const size_t size, const int n, const struct shoal_attention *cache,
    const struct shoal_query *queries, float *scratch) {
    size_t most = 0;
    for (int q = 0; q < n; q++) most = queries[q].positions > most ? queries[q].positions : most;
    size_t pages = (most + SHOAL_PAGE_POSITIONS - 1) / SHOAL_PAGE_POSITIONS, stride = pages * SHOAL_PAGE_POSITIONS;
    for (size_t page = 0; page < pages; page++) {
        const uint8_t *keys = (const uint8_t *)cache->pages[page] + cache->key_offset;
        score_page(
            load_cache, size, n, keys, cache->key_size, cache->scale, queries, scratch + page * SHOAL_PAGE_POSITIONS, stride);
    }
    float inverses[ATTENTION_TILE];
    for (int q = 0; q < n; q++) inverses[q] = 1 / exponentials(scratch + (size_t)q * stride, queries[q].positions);
    size_t column = 0;
    for (; column + 64 <= cache->value_size; column += 64) {
        mix(load_cache, size, n, 4, cache, queries, scratch, stride, inverses, column);
    }
    for (; column + LANES <= cache->value_size; column += LANES) {
        mix(load_cache, size, n, 1, cache, queries, scratch, stride, inverses, column);
    }
    for (; column < cache->value_size; column++) {
        for (int q = 0; q < n; q++) {
            mix_column(size, cache, queries + q, scratch + (size_t)q * stride, inverses[q], column);
        }
    }
}

INLINE void attend_all(
    load_function *load_cache, const size_t size, const struct shoal_attention *cache, const struct shoal_query *queries,
    size_t count, float *scratch) {
    size_t q = 0;
    for (; q + ATTENTION_TILE <= count; q += ATTENTION_TILE) {
        attend_tile(load_cache, size, ATTENTION_TILE, cache, queries + q, scratch);
    }
#if ATTENTION_TILE > 3
    if (count - q == 3) {
        attend_tile(load_cache, size, 3, cache, queries + q, scratch);
        q += 3;
    }
#endif
    for (; q < count; q++) attend_tile(load_cache, size, 1, cache, queries + q, scratch);
}

static void attend(const struct shoal_attention *cache, const struct shoal_query *queries, size_t count, float *scratch) {
    if (cache->kind == SHOAL_CACHE_F16) attend_all(load_half, 2, cache, queries, count, scratch);
    else attend_all(load_single, 4, cache, queries, count, scratch);
}

#endif
