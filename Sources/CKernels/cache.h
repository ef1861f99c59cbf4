// Keys and values of one position into a page of the cache, for processors with vectors; the twin of what attention_scalar.h begins with.
#ifndef SHOAL_CACHE_H
#define SHOAL_CACHE_H

#include "layouts.h"
#include "rows.h"

enum { PAGE = SHOAL_PAGE_POSITIONS };

INLINE vec load_byte(const void *p) {
    return __builtin_convertvector(__builtin_convertvector(*(const bvec_unaligned *)p, ivec), vec);
}

/// Where the scales of a block of 32 columns lie, `[64]` f16, behind the page's values.
INLINE uint16_t *value_scales(void *values, size_t value_size, size_t block) {
    return (uint16_t *)((uint8_t *)values + PAGE * value_size) + PAGE * block;
}

static void cache_store_q8_0(
    const float *key, const float *value, size_t key_size, size_t value_size, size_t slot, uint8_t *keys, uint8_t *values) {
    struct shoal_activation_block block;
    const size_t block_bytes = (size_t)layout_bytes(layout_q8_0);
    uint8_t *panel = keys + slot / LANES * (key_size / 32) * block_bytes;
    for (size_t b = 0; b < key_size / 32; b++, panel += block_bytes) {
        quantize_activations(key + 32 * b, 32, &block);
        for (size_t k = 0; k < 8; k++) memcpy(panel + 64 * k + 4 * (slot % LANES), block.values + 4 * k, 4);
        uint16_t scale = half_of_float(block.scale);
        memcpy(panel + layout_scales(layout_q8_0) + 2 * (slot % LANES), &scale, 2);
    }
    for (size_t b = 0; b < value_size / 32; b++) {
        quantize_activations(value + 32 * b, 32, &block);
        memcpy(values + slot * value_size + 32 * b, block.values, 32);
        value_scales(values, value_size, b)[slot] = half_of_float(block.scale);
    }
}

static void cache_store(
    int kind, const float *key, const float *value, size_t key_size, size_t value_size, size_t slot, void *keys,
    void *values) {
    if (kind == SHOAL_CACHE_F16) {
        for (size_t i = 0; i < key_size; i++) ((uint16_t *)keys)[i * PAGE + slot] = half_of_float(key[i]);
        f32_to_f16(value, value_size, (uint16_t *)values + slot * value_size);
    } else if (kind == SHOAL_CACHE_F32) {
        for (size_t i = 0; i < key_size; i++) ((float *)keys)[i * PAGE + slot] = key[i];
        memcpy((float *)values + slot * value_size, value, value_size * sizeof *value);
    } else {
        cache_store_q8_0(key, value, key_size, value_size, slot, keys, values);
    }
}

#endif
