// Attention over one segment in plain C: the reference of attention.h.
#ifndef SHOAL_ATTENTION_SCALAR_H
#define SHOAL_ATTENTION_SCALAR_H

/// Where a value of 32 columns' block has its scale, behind the page's values.
static uint16_t *value_scale(void *values, size_t value_size, size_t block, size_t slot) {
    return (uint16_t *)((uint8_t *)values + SHOAL_PAGE_POSITIONS * value_size) + block * SHOAL_PAGE_POSITIONS + slot;
}

static void cache_store_q8_0(const float *key, const float *value, size_t key_size, size_t value_size, size_t slot, uint8_t *keys, uint8_t *values) {
    struct shoal_activation_block block;
    uint8_t *panel = keys + slot / LANES * shoal_panel_bytes(SHOAL_TYPE_Q8_0, key_size);
    size_t lane = slot % LANES;
    for (size_t b = 0; b < key_size / 32; b++, panel += layout_bytes(layout_q8_0)) {
        quantize_activations(key + 32 * b, 32, &block);
        for (size_t i = 0; i < 32; i++) panel[64 * (i / 4) + 4 * lane + i % 4] = (uint8_t)block.values[i];
        uint16_t scale = half_of_float(block.scale);
        memcpy(panel + (size_t)layout_scales(layout_q8_0) + 2 * lane, &scale, 2);
    }
    for (size_t b = 0; b < value_size / 32; b++) {
        quantize_activations(value + 32 * b, 32, &block);
        memcpy(values + slot * value_size + 32 * b, block.values, 32);
        *value_scale(values, value_size, b, slot) = half_of_float(block.scale);
    }
}

static void cache_store(
    int kind, const float *key, const float *value, size_t key_size, size_t value_size, size_t slot, void *keys,
    void *values) {
    if (kind == SHOAL_CACHE_Q8_0) {
        cache_store_q8_0(key, value, key_size, value_size, slot, keys, values);
        return;
    }
    for (size_t i = 0; i < key_size; i++) {
        size_t place = i * SHOAL_PAGE_POSITIONS + slot;
        if (kind == SHOAL_CACHE_F16) {
            ((uint16_t *)keys)[place] = half_of_float(key[i]);
        } else {
            ((float *)keys)[place] = key[i];
        }
    }
    for (size_t i = 0; i < value_size; i++) {
        size_t place = slot * value_size + i;
        if (kind == SHOAL_CACHE_F16) {
            ((uint16_t *)values)[place] = half_of_float(value[i]);
        } else {
            ((float *)values)[place] = value[i];
        }
    }
}

static float cached(int kind, const void *values, size_t index) {
    return kind == SHOAL_CACHE_F16 ? float_of_half(((const uint16_t *)values)[index]) : ((const float *)values)[index];
}

/// The products of the query with the keys of the segment's positions `begin..<count`, counted from its first.
static void score_segment(
    const struct shoal_attention *cache, const float *query, size_t segment, size_t begin, size_t count, float *scores, float *scratch) {
    for (size_t p = begin / SHOAL_PAGE_POSITIONS * SHOAL_PAGE_POSITIONS; p < count; p += SHOAL_PAGE_POSITIONS) {
        size_t last = count - p < SHOAL_PAGE_POSITIONS ? count : p + SHOAL_PAGE_POSITIONS;
        const uint8_t *keys = (const uint8_t *)cache->pages[(segment * SHOAL_SEGMENT_POSITIONS + p) / SHOAL_PAGE_POSITIONS] + cache->key_offset;
        if (cache->kind == SHOAL_CACHE_Q8_0) {
            quantize_activations(query, cache->key_size, (struct shoal_activation_block *)scratch);
            multiply_q8_0(
                keys, SHOAL_PAGE_POSITIONS, cache->key_size, 0, SHOAL_PAGE_POSITIONS / LANES, scratch, 1, scores + p,
                SHOAL_SEGMENT_POSITIONS);
            continue;
        }
        for (size_t at = p < begin ? begin : p; at < last; at++) {
            float dot = 0;
            for (size_t i = 0; i < cache->key_size; i++) {
                dot = fused(cached(cache->kind, keys, i * SHOAL_PAGE_POSITIONS + at - p), query[i], dot);
            }
            scores[at] = dot;
        }
    }
}

static void attend(
    const struct shoal_attention *cache, const struct shoal_query *queries, size_t count, size_t segment, float *scratch) {
    float *weights = scratch, *rest = scratch + SHOAL_SEGMENT_POSITIONS;
    for (const struct shoal_query *query = queries; query < queries + count; query++) {
        size_t start = segment * SHOAL_SEGMENT_POSITIONS, positions = query->positions - start;
        size_t begin = query->first > start ? query->first - start : 0;
        if (positions > SHOAL_SEGMENT_POSITIONS) positions = SHOAL_SEGMENT_POSITIONS;
        score_segment(cache, query->query, segment, begin, positions, weights, rest);
        float largest = -__builtin_inff(), lanes[LANES] = {0};
        for (size_t p = begin; p < positions; p++) {
            weights[p] = weights[p] * cache->scale;
            if (cache->soft_cap != 0) weights[p] = soft_capped(weights[p], cache->soft_cap);
            if (weights[p] > largest) largest = weights[p];
        }
        for (size_t p = begin; p < positions; p++) {
            weights[p] = exponential(weights[p] - largest);
            lanes[p % LANES] += weights[p];
        }
        for (size_t i = 0; i < cache->value_size; i++) {
            float sum = 0;
            for (size_t p = begin; p < positions; p++) {
                uint8_t *values = (uint8_t *)cache->pages[(start + p) / SHOAL_PAGE_POSITIONS] + cache->value_offset;
                size_t slot = p % SHOAL_PAGE_POSITIONS, place = slot * cache->value_size + i;
                if (cache->kind == SHOAL_CACHE_Q8_0) {
                    float weight = weights[p] * float_of_half(*value_scale(values, cache->value_size, i / 32, slot));
                    sum = fused((float)(int8_t)values[place], weight, sum);
                } else {
                    sum = fused(cached(cache->kind, values, place), weights[p], sum);
                }
            }
            query->output[i] = sum;
        }
        query->output[cache->value_size] = fold(lanes);
        query->output[cache->value_size + 1] = largest;
    }
}

static void merge(const float *partial, float *sum, size_t value_size) {
    float total = sum[value_size], most = sum[value_size + 1], next = partial[value_size + 1];
    float largest = next > most ? next : most, old = exponential(most - largest), new = exponential(next - largest);
    for (size_t i = 0; i < value_size; i++) sum[i] = fused(partial[i], new, sum[i] * old);
    sum[value_size] = fused(partial[value_size], new, total * old);
    sum[value_size + 1] = largest;
}

#endif
