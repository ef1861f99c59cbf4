// Attention over one segment in vectors of 16 lanes; the twin of attention_scalar.h. The including file sets ATTENTION_SUMS, how many vectors
// of sums its registers hold: 4 or 16.
#ifndef SHOAL_ATTENTION_H
#define SHOAL_ATTENTION_H

#include "cache.h"

static multiply_function multiply_q8_0;  // products.h

enum { SEGMENT = SHOAL_SEGMENT_POSITIONS };

/// A segment and the queries that go through it.
struct part {
    const struct shoal_attention *cache;
    const struct shoal_query *queries;
    /// The segment's first page, and its pages `first_page..<page_count` that a query attends.
    const void *const *pages;
    size_t first_page, page_count;
    /// Each query attends `begins..<counts`; `begin` is the least of the former (what lies before a query's own has no weight), `shared` of the latter.
    size_t begins[SHOAL_QUERY_TILE], counts[SHOAL_QUERY_TILE], begin, shared;
    /// What follows the last page, to be read ahead: the next segment's first keys, or anything.
    const uint8_t *after;
    /// Scores, then weights: `[queries, SEGMENT]`.
    float *weights;
    float *rest;
};

/// `count` bytes to come into the second cache: prefetching into the first holds up the loads (Zen 4).
INLINE void soon(const uint8_t *place, size_t count) {
    for (size_t i = 0; i < count; i += 64) __builtin_prefetch(place + i, 0, 2);
}

/// Products of `n` queries with 16 * `vectors` positions of one page; a lane is a position. `next`: what is wanted after this page.
INLINE void score(
    load_function *load_cache, const size_t size, const int n, const int vectors, const struct part *part, const uint8_t *keys,
    const uint8_t *next, float *scores) {
    vec sums[ATTENTION_SUMS] = {0};
    const float *queries[SHOAL_QUERY_TILE];
    for (int q = 0; q < n; q++) queries[q] = part->queries[q].query;
    const size_t row = PAGE * size, key_size = part->cache->key_size;
    for (size_t i = 0; i < key_size; i++, keys += row, next += row) {
        soon(next, (size_t)vectors * LANES * size);
        vec k[4];
        for (int v = 0; v < vectors; v++) k[v] = load_cache(keys + (size_t)v * LANES * size);
        for (int q = 0; q < n; q++) {
            vec x = splat(queries[q][i]);
            for (int v = 0; v < vectors; v++) sums[q * vectors + v] = fused(k[v], x, sums[q * vectors + v]);
        }
    }
    for (int q = 0; q < n; q++) {
        for (int v = 0; v < vectors; v++) store(scores + q * SEGMENT + v * LANES, sums[q * vectors + v]);
    }
}

/// The scores of 16 positions from `place` on; those outside `begin..<count` are -infinity.
INLINE vec scores_of(const struct shoal_attention *cache, vec products, size_t place, size_t begin, size_t count) {
    vec scores = products * splat(cache->scale);
    if (cache->soft_cap != 0) scores = soft_capped(scores, cache->soft_cap);
    if (place >= begin && place + LANES <= count) return scores;
    const ivec positions = (ivec){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} + (int32_t)place;
    return where((positions >= (int32_t)begin) & (positions < (int32_t)count), scores, splat(-__builtin_inff()));
}

/// Turns a query's products into e^(score - largest), zero for positions that it does not attend; their sum.
INLINE float exponentials(const struct part *part, int q, float *most) {
    float *scores = part->weights + q * SEGMENT;
    const size_t begin = part->begins[q], count = part->counts[q], first = begin / LANES * LANES;
    if (part->begin < first) memset(scores + part->begin, 0, (first - part->begin) * sizeof *scores);
    vec greatest = splat(-__builtin_inff()), sums = splat(0);
    for (size_t i = first; i < count; i += LANES) {
        vec score = scores_of(part->cache, load(scores + i), i, begin, count);
        store(scores + i, score);
        greatest = __builtin_elementwise_max(greatest, score);
    }
    const float largest = __builtin_reduce_max(greatest);
    // What is not attended adds zero to a sum that is not negative: no change.
    for (size_t i = first; i < count; i += LANES) {
        vec e = exponential(load(scores + i) - splat(largest));
        store(scores + i, e);
        sums += e;
    }
    *most = largest;
    return fold(sums);
}

INLINE size_t later(size_t a, size_t b) { return a > b ? a : b; }

INLINE const uint8_t *values_of(const struct part *part, size_t position) {
    return (const uint8_t *)part->pages[position / PAGE] + part->cache->value_offset;
}

/// Weighted values of 16 * `vectors` columns from `column` on; a lane is a column, positions in order. The weights of two vectors are
/// `apart` from those of the next two.
INLINE void mix(
    load_function *load_cache, const size_t size, const int n, const int vectors, const struct part *part, const float *weights,
    const size_t apart, size_t column) {
    vec sums[ATTENTION_SUMS] = {0};
    const size_t row = part->cache->value_size * size;
    for (size_t position = part->begin; position < part->shared;) {
        const uint8_t *values = values_of(part, position) + position % PAGE * row + column * size, *next;
        size_t end = (position / PAGE + 1) * PAGE;
        if (end < part->shared) next = values_of(part, end) + column * size;
        else end = part->shared, next = part->after + column * size;
        for (; position < end; position++, values += row, next += row) {
            soon(next, (size_t)vectors * LANES * size);
            vec value[4];
            for (int v = 0; v < vectors; v++) value[v] = load_cache(values + (size_t)v * LANES * size);
            for (int q = 0; q < n; q++) {
                for (int v = 0; v < vectors; v++) {
                    vec weight = splat(weights[(size_t)(v / 2) * apart + (size_t)q * SEGMENT + position]);
                    sums[q * vectors + v] = fused(value[v], weight, sums[q * vectors + v]);
                }
            }
        }
    }
    for (int q = 0; q < n; q++) {
        for (size_t position = later(part->shared, part->begin); position < part->counts[q]; position++) {
            const uint8_t *values = values_of(part, position) + position % PAGE * row + column * size;
            for (int v = 0; v < vectors; v++) {
                vec weight = splat(weights[(size_t)(v / 2) * apart + (size_t)q * SEGMENT + position]);
                sums[q * vectors + v] = fused(load_cache(values + (size_t)v * LANES * size), weight, sums[q * vectors + v]);
            }
        }
        for (int v = 0; v < vectors; v++) store(part->queries[q].output + column + (size_t)v * LANES, sums[q * vectors + v]);
    }
}

/// The columns that fill no vector.
INLINE void mix_column(const size_t size, const int n, const struct part *part, size_t column) {
    for (int q = 0; q < n; q++) {
        float sum = 0;
        for (size_t position = part->begins[q]; position < part->counts[q]; position++) {
            const void *values = values_of(part, position);
            size_t place = position % PAGE * part->cache->value_size + column;
            float value = size == 2 ? float_of_half(((const uint16_t *)values)[place]) : ((const float *)values)[place];
            sum = __builtin_fmaf(value, part->weights[(size_t)q * SEGMENT + position], sum);
        }
        part->queries[q].output[column] = sum;
    }
}

/// How many vectors of 16 positions or columns `n` queries take at a time.
INLINE int vectors_of(int n) {
    if (ATTENTION_SUMS == 16) return n > 4 ? 2 : 4;
    return n > 2 ? 1 : n > 1 ? 2 : 4;
}

INLINE void mix_floats(load_function *load_cache, const size_t size, const int n, const struct part *part) {
    const size_t vectors = (size_t)vectors_of(n), width = part->cache->value_size;
    size_t column = 0;
    for (; column + vectors * LANES <= width; column += vectors * LANES) {
        mix(load_cache, size, n, (int)vectors, part, part->weights, 0, column);
    }
    for (; column + LANES <= width; column += LANES) mix(load_cache, size, n, 1, part, part->weights, 0, column);
    for (; column < width; column++) mix_column(size, n, part, column);
}

/// The weights times the scales of a block of columns.
INLINE void scale_weights(const int n, const struct part *part, size_t block, float *out) {
    for (size_t position = part->first_page * PAGE; position < part->page_count * PAGE; position += LANES) {
        void *values = (void *)values_of(part, position);
        vec scale = load_half(value_scales(values, part->cache->value_size, block) + position % PAGE);
        for (int q = 0; q < n; q++) store(out + q * SEGMENT + position, load(part->weights + q * SEGMENT + position) * scale);
    }
}

INLINE void mix_bytes(const int n, const struct part *part) {
    const size_t width = part->cache->value_size, apart = SHOAL_QUERY_TILE * SEGMENT;
    size_t column = 0, vectors = (size_t)vectors_of(n);
    for (; vectors == 4 && column + 64 <= width; column += 64) {
        scale_weights(n, part, column / 32, part->rest);
        scale_weights(n, part, column / 32 + 1, part->rest + apart);
        mix(load_byte, 1, n, 4, part, part->rest, apart, column);
    }
    for (; column < width; column += 32) {
        scale_weights(n, part, column / 32, part->rest);
        if (ATTENTION_SUMS / n >= 2) {
            mix(load_byte, 1, n, 2, part, part->rest, 0, column);
        } else {
            mix(load_byte, 1, n, 1, part, part->rest, 0, column);
            mix(load_byte, 1, n, 1, part, part->rest, 0, column + LANES);
        }
    }
}

INLINE void score_all(load_function *load_cache, const size_t size, const int n, const struct part *part) {
    const int vectors = vectors_of(n);
    for (size_t page = part->first_page; page < part->page_count; page++) {
        const uint8_t *keys = (const uint8_t *)part->pages[page] + part->cache->key_offset, *next = values_of(part, part->begin);
        if (page + 1 < part->page_count) next = (const uint8_t *)part->pages[page + 1] + part->cache->key_offset;
        for (int v = 0; v < 4; v += vectors) {
            const size_t place = (size_t)v * LANES;
            score(load_cache, size, n, vectors, part, keys + place * size, next + place * size, part->weights + page * PAGE + place);
        }
    }
}

INLINE void score_bytes(const int n, const struct part *part) {
    const size_t width = part->cache->key_size;
    struct shoal_activation_block *queries = (struct shoal_activation_block *)part->rest;
    for (int q = 0; q < n; q++) quantize_activations(part->queries[q].query, width, queries + (size_t)q * width / 32);
    for (size_t page = part->first_page; page < part->page_count; page++) {
        const uint8_t *keys = (const uint8_t *)part->pages[page] + part->cache->key_offset;
        multiply_q8_0(keys, PAGE, width, 0, PAGE / LANES, queries, (size_t)n, part->weights + page * PAGE, SEGMENT);
    }
}

INLINE void attend_tile(
    const int n, const struct shoal_attention *cache, const struct shoal_query *queries, size_t segment, float *scratch) {
    struct part part = {
        .cache = cache, .queries = queries, .pages = cache->pages + segment * (SEGMENT / PAGE), .begin = SEGMENT, .shared = SEGMENT};
    part.weights = scratch;
    part.rest = scratch + SHOAL_QUERY_TILE * SEGMENT;
    size_t most = 0;
    for (int q = 0; q < n; q++) {
        size_t count = queries[q].positions - segment * SEGMENT, first = queries[q].first;
        part.begins[q] = first > segment * SEGMENT ? first - segment * SEGMENT : 0;
        part.begin = part.begins[q] < part.begin ? part.begins[q] : part.begin;
        part.counts[q] = count < SEGMENT ? count : SEGMENT;
        most = later(most, part.counts[q]);
        part.shared = part.counts[q] < part.shared ? part.counts[q] : part.shared;
    }
    part.first_page = part.begin / PAGE;
    part.page_count = (most + PAGE - 1) / PAGE;
    bool last = queries[0].positions <= (segment + 1) * SEGMENT;
    part.after = (const uint8_t *)part.pages[last ? part.first_page : SEGMENT / PAGE] + cache->key_offset;
    if (cache->kind == SHOAL_CACHE_F16) score_all(load_half, 2, n, &part);
    else if (cache->kind == SHOAL_CACHE_F32) score_all(load_single, 4, n, &part);
    else score_bytes(n, &part);
    for (int q = 0; q < n; q++) {
        float *sum = queries[q].output + cache->value_size;
        *sum = exponentials(&part, q, sum + 1);
    }
    if (cache->kind == SHOAL_CACHE_F16) mix_floats(load_half, 2, n, &part);
    else if (cache->kind == SHOAL_CACHE_F32) mix_floats(load_single, 4, n, &part);
    else mix_bytes(n, &part);
}

static void attend(
    const struct shoal_attention *cache, const struct shoal_query *queries, size_t count, size_t segment, float *scratch) {
    while (count > 0) {
        size_t n = 1;
#if ATTENTION_SUMS == 16
        if (count >= 8) attend_tile(8, cache, queries, segment, scratch), n = 8;
        else
#endif
        if (count >= 4) attend_tile(4, cache, queries, segment, scratch), n = 4;
        else if (count == 3) attend_tile(3, cache, queries, segment, scratch), n = 3;
        else if (count == 2) attend_tile(2, cache, queries, segment, scratch), n = 2;
        else attend_tile(1, cache, queries, segment, scratch);
        queries += n, count -= n;
    }
}

static void merge(const float *partial, float *sum, size_t value_size) {
    float most = sum[value_size + 1], next = partial[value_size + 1], largest = next > most ? next : most;
    vec factors = exponential((vec){most, next} - splat(largest));
    float total = sum[value_size], old = factors[0], new = factors[1];
    size_t i = 0;
    for (; i + LANES <= value_size; i += LANES) store(sum + i, fused(load(partial + i), splat(new), load(sum + i) * splat(old)));
    for (; i < value_size; i++) sum[i] = __builtin_fmaf(partial[i], new, sum[i] * old);
    sum[value_size] = __builtin_fmaf(partial[value_size], new, total * old);
    sum[value_size + 1] = largest;
}

#endif
