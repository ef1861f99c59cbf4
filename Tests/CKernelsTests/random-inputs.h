// Random numbers and blocks of every type, the same on every machine.
#ifndef RANDOM_INPUTS_H
#define RANDOM_INPUTS_H

#include "ckernels.h"

#include <stdlib.h>
#include <string.h>

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint32_t next(void) {  // xorshift64* (Vigna 2016)
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1du) >> 32);
}

static float uniform(float limit) { return ((float)(next() >> 8) / 8388608.0f - 1) * limit; }

/// Where a block keeps its f16 numbers, which must be finite.
struct fields {
    uint32_t type;
    const char *name;
    int halves[2];
};
static const struct fields all[] = {
    {SHOAL_TYPE_F32, "F32", {-1, -1}},        {SHOAL_TYPE_F16, "F16", {0, -1}},
    {SHOAL_TYPE_BF16, "BF16", {-1, -1}},      {SHOAL_TYPE_Q4_0, "Q4_0", {0, -1}},
    {SHOAL_TYPE_Q4_1, "Q4_1", {0, 2}},        {SHOAL_TYPE_Q5_0, "Q5_0", {0, -1}},
    {SHOAL_TYPE_Q5_1, "Q5_1", {0, 2}},        {SHOAL_TYPE_Q8_0, "Q8_0", {0, -1}},
    {SHOAL_TYPE_Q2_K, "Q2_K", {80, 82}},      {SHOAL_TYPE_Q3_K, "Q3_K", {108, -1}},
    {SHOAL_TYPE_Q4_K, "Q4_K", {0, 2}},        {SHOAL_TYPE_Q5_K, "Q5_K", {0, 2}},
    {SHOAL_TYPE_Q6_K, "Q6_K", {208, -1}},     {SHOAL_TYPE_IQ4_NL, "IQ4_NL", {0, -1}},
    {SHOAL_TYPE_IQ4_XS, "IQ4_XS", {0, -1}},   {SHOAL_TYPE_MXFP4, "MXFP4", {-1, -1}},
    {SHOAL_TYPE_TQ1_0, "TQ1_0", {52, -1}},    {SHOAL_TYPE_TQ2_0, "TQ2_0", {64, -1}},
    {SHOAL_TYPE_IQ2_XXS, "IQ2_XXS", {0, -1}}, {SHOAL_TYPE_IQ2_XS, "IQ2_XS", {0, -1}},
    {SHOAL_TYPE_IQ2_S, "IQ2_S", {0, -1}},     {SHOAL_TYPE_IQ3_XXS, "IQ3_XXS", {0, -1}},
    {SHOAL_TYPE_IQ3_S, "IQ3_S", {0, -1}},     {SHOAL_TYPE_IQ1_S, "IQ1_S", {0, -1}},
    {SHOAL_TYPE_IQ1_M, "IQ1_M", {-1, -1}},
};
enum { TYPES = sizeof all / sizeof *all };

/// Random blocks with finite scales; `filling` 0 is random, else every byte but the scales is it.
static void fill(const struct fields *fields, uint8_t *blocks, size_t count, int filling) {
    const struct shoal_format *format = shoal_format_of(fields->type);
    for (size_t b = 0; b < count; b++, blocks += format->block_bytes) {
        for (size_t i = 0; i < format->block_bytes; i++) blocks[i] = filling ? (uint8_t)filling : (uint8_t)next();
        for (int i = 0; i < 2; i++) {
            if (fields->halves[i] < 0) continue;
            uint16_t half = (uint16_t)((next() & 0x83ff) | (8 + next() % 8) << 10);
            if (next() % 16 == 0) half &= 0x83ff;  // subnormal
            memcpy(blocks + fields->halves[i], &half, 2);
        }
        if (fields->type == SHOAL_TYPE_F32) {
            float value = uniform(2);
            memcpy(blocks, &value, 4);
        } else if (fields->type == SHOAL_TYPE_BF16) {
            uint16_t value = (uint16_t)((next() & 0x807f) | (120 + next() % 8) << 7);
            memcpy(blocks, &value, 2);
        } else if (fields->type == SHOAL_TYPE_MXFP4) {
            blocks[0] = (uint8_t)(next() % 8 == 0 ? next() % 3 : 118 + next() % 12);
        } else if (fields->type == SHOAL_TYPE_IQ1_M) {
            blocks[55] = (uint8_t)((blocks[55] & 0x8f) | 0x20);  // the upper bits of the exponent
        }
    }
}

static void *memory(size_t bytes) {
    void *place = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (place == NULL) exit(2);
    memset(place, 0, bytes);
    return place;
}

static float *floats(size_t count, float limit) {
    float *out = memory(count * sizeof *out);
    for (size_t i = 0; i < count; i++) out[i] = limit != 0 ? uniform(limit) : 0;
    return out;
}

#endif
