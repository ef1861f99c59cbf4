// Holds every kernel of every instruction set that this processor has, and whole forward passes, against scalar C, bit for bit. `Deploy/test-arm` runs it under
// qemu; it needs nothing but a C compiler. Prints a line per instruction set, with a digest of the results, which must be the same on every
// machine; the exit status is 1 if any bit differs.
//
// usage: equal-bits [instruction-set…]    (those named must be supported)
#include "ckernels.h"
#include "forward-pass.h"
#include "random-inputs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures, checks;
/// FNV-1a of all that scalar C computed: equal on every machine.
static uint64_t digest = 0xcbf29ce484222325u;
static const char *isa_name;

static void same(const void *found, const void *expected, size_t bytes, const char *what, const char *type, size_t detail) {
    checks++;
    for (size_t i = 0; i < bytes; i++) digest = (digest ^ ((const uint8_t *)expected)[i]) * 0x100000001b3u;
    if (memcmp(found, expected, bytes) == 0) return;
    if (failures++ < 20) printf("%s: %s %s differs (%zu)\n", isa_name, what, type, detail);
}

static void products(int isa, const struct fields *fields, size_t rows, size_t columns, size_t tokens, int filling) {
    const struct shoal_format *format = shoal_format_of(fields->type);
    size_t blocks = rows * columns / format->block_elements, panels = (rows + 15) / 16;
    uint8_t *raw = memory(blocks * format->block_bytes);
    fill(fields, raw, blocks, filling);
    float *x = floats(tokens * columns, filling ? 0 : 3), *scratch = floats(columns, 0);
    for (size_t i = 0; filling && i < tokens * columns; i++) x[i] = filling & 1 ? 127 : -127;
    float *found = floats(tokens * rows, 0), *expected = floats(tokens * rows, 0);
    size_t bytes = tokens * rows * sizeof(float);
    shoal_isa_force(SHOAL_ISA_SCALAR);
    shoal_multiply_raw(fields->type, raw, columns, 0, rows, x, tokens, expected, rows, scratch);
    shoal_isa_force(isa);
    shoal_multiply_raw(fields->type, raw, columns, 0, rows, x, tokens, found, rows, scratch);
    same(found, expected, bytes, "raw product", fields->name, columns);
    if (format->panel_bytes > 0) {
        uint8_t *packed = memory(panels * shoal_panel_bytes(fields->type, columns));
        struct shoal_activation_block *quantized = memory(tokens * columns / 32 * sizeof *quantized);
        shoal_isa_force(SHOAL_ISA_SCALAR);
        shoal_pack(fields->type, raw, rows, columns, 0, panels, packed);
        if (columns % 32 == 0) shoal_quantize_activations(x, tokens * columns, quantized);
        const void *input = format->activation == SHOAL_ACTIVATION_INT8 ? (void *)quantized : (void *)x;
        shoal_multiply_packed(fields->type, packed, rows, columns, 0, panels, input, tokens, expected, rows);
        shoal_isa_force(isa);
        memset(found, 0, bytes);
        shoal_multiply_packed(fields->type, packed, rows, columns, 0, panels, input, tokens, found, rows);
        same(found, expected, bytes, "packed product", fields->name, tokens);
        // Panel by panel, token by token: a row depends on its own inputs only.
        memset(found, 0, bytes);
        for (size_t p = 0; p < panels; p++) {
            for (size_t t = 0; t < tokens; t++) {
                const void *row = format->activation == SHOAL_ACTIVATION_INT8 ? (void *)(quantized + t * columns / 32)
                                                                              : (void *)(x + t * columns);
                shoal_multiply_packed(fields->type, packed, rows, columns, p, p + 1, row, 1, found + t * rows, rows);
            }
        }
        same(found, expected, bytes, "product in pieces", fields->name, tokens);
        free(packed), free(quantized);
    }
    free(raw), free(x), free(scratch), free(found), free(expected);
}

static void conversions(int isa) {
    for (int i = 0; i < TYPES; i++) {
        const struct shoal_format *format = shoal_format_of(all[i].type);
        size_t blocks = 48, count = blocks * format->block_elements;
        uint8_t *raw = memory(blocks * format->block_bytes);
        fill(&all[i], raw, blocks, 0);
        float *found = floats(count, 0), *expected = floats(count, 0);
        shoal_isa_force(SHOAL_ISA_SCALAR), shoal_dequantize(all[i].type, raw, count, expected);
        shoal_isa_force(isa), shoal_dequantize(all[i].type, raw, count, found);
        same(found, expected, count * sizeof(float), "dequantizing", all[i].name, count);
        free(raw), free(found), free(expected);
    }
}

/// The functions of rows of floats, at a length.
static void rows_of_floats(int isa, size_t count) {
    float *x = floats(count, 6), *wide = floats(count, 120), *weight = floats(count, 2), *out[2] = {floats(count, 0), floats(count, 0)};
    uint16_t *halves[2] = {memory(count * 2), memory(count * 2)};
    size_t bytes = count * sizeof(float), blocks = count / 32;
    struct shoal_activation_block *quantized[2];
    for (int i = 0; i < 2; i++) quantized[i] = memory((blocks + 1) * sizeof **quantized);
#define BOTH(call, what, found, expected, size) \
    for (int i = 0; i < 2; i++) shoal_isa_force(i == 0 ? SHOAL_ISA_SCALAR : isa), call; \
    same(found, expected, size, what, "", count)
    BOTH(shoal_rms_norm(x, weight, count, 1e-5f, out[i]), "norm", out[1], out[0], bytes);
    BOTH(shoal_rms_norm(x, NULL, count, 1e-5f, out[i]), "norm without weight", out[1], out[0], bytes);
    BOTH((memcpy(out[i], x, bytes), shoal_rms_norm(out[i], weight, count, 1e-5f, out[i])), "norm in place", out[1], out[0], bytes);
    BOTH(shoal_layer_norm(x, weight, NULL, count, 1e-5f, out[i]), "layer norm", out[1], out[0], bytes);
    BOTH(shoal_layer_norm(x, weight, wide, count, 1e-5f, out[i]), "layer norm with bias", out[1], out[0], bytes);
    for (int function = 0; function <= SHOAL_FUNCTION_CLAMPED_SILU; function++) {
        BOTH(shoal_gate(function, x, weight, count, 1.702f, 3, out[i]), "gate", out[1], out[0], bytes);
        BOTH(shoal_gate(function, wide, x, count, 1.702f, 3, out[i]), "wide gate", out[1], out[0], bytes);
        if (function == SHOAL_FUNCTION_CLAMPED_SILU) continue;
        BOTH((memcpy(out[i], x, bytes), shoal_activate(function, out[i], count)), "activation", out[1], out[0], bytes);
        BOTH((memcpy(out[i], wide, bytes), shoal_activate(function, out[i], count)), "wide activation", out[1], out[0], bytes);
    }
    BOTH((memcpy(out[i], wide, bytes), shoal_soft_cap(out[i], 30, count)), "soft cap", out[1], out[0], bytes);
    BOTH((memcpy(out[i], x, bytes), shoal_add(out[i], weight, count)), "add", out[1], out[0], bytes);
    BOTH((memcpy(out[i], x, bytes), shoal_add_scaled(out[i], weight, 0.3f, count)), "add scaled", out[1], out[0], bytes);
    BOTH((memcpy(out[i], x, bytes), shoal_scale(out[i], 0.3f, count)), "scale", out[1], out[0], bytes);
    BOTH((memcpy(out[i], x, bytes), shoal_multiply(out[i], weight, count)), "multiply", out[1], out[0], bytes);
    BOTH(shoal_exp(x, count, out[i]), "exp", out[1], out[0], bytes);
    BOTH(shoal_f32_to_f16(x, count, halves[i]), "f32 to f16", halves[1], halves[0], count * 2);
    BOTH(shoal_f16_to_f32(halves[0], count, out[i]), "f16 to f32", out[1], out[0], bytes);
    BOTH(shoal_quantize_activations(x, blocks * 32, quantized[i]), "int8", quantized[1], quantized[0], blocks * sizeof **quantized);
    for (int kind = 0; kind < 2; kind++) {
        size_t pairs = count / 2;
        BOTH((memcpy(out[i], x, bytes), shoal_rope_apply(kind, out[i], 1, count, pairs, weight, weight + pairs)), "rope", out[1],
             out[0], bytes);
    }
    free(x), free(wide), free(weight);
    for (int i = 0; i < 2; i++) free(out[i]), free(halves[i]), free(quantized[i]);
}

/// What attention may do beyond the plain form: positions that a query attends (0: all), scores of sinks, a soft cap.
struct variant {
    size_t window;
    bool sinks;
    float soft_cap;
};

static void attention(
    int isa, int kind, size_t key_size, size_t value_size, size_t positions, size_t queries, struct variant variant) {
    size_t pages = (positions + 63) / 64, key_bytes = shoal_cache_bytes(kind, key_size);
    size_t page_bytes = key_bytes + shoal_cache_bytes(kind, value_size);
    uint8_t *caches[2] = {memory(pages * page_bytes), memory(pages * page_bytes)};
    const void *places[64];
    struct shoal_query query[17];
    float *out[2] = {floats(queries * value_size, 0), floats(queries * value_size, 0)};
    float *input = floats(queries * key_size, 2), *scratch = floats(shoal_attend_scratch(key_size, value_size), 0);
    for (size_t p = 0; p < positions; p++) {
        float *key = floats(key_size, 2), *value = floats(value_size, 2);
        for (int i = 0; i < 2; i++) {
            shoal_isa_force(i == 0 ? SHOAL_ISA_SCALAR : isa);
            uint8_t *page = caches[i] + p / 64 * page_bytes;
            shoal_cache_store(kind, key, value, key_size, value_size, p % 64, page, page + key_bytes);
        }
        free(key), free(value);
    }
    same(caches[1], caches[0], pages * page_bytes, "cache", "", positions);
    // Pages before every window are not there.
    const size_t least = positions - queries + 1, before = variant.window > 0 && least > variant.window ? least - variant.window : 0;
    for (size_t p = 0; p < pages; p++) places[p] = p < before / 64 ? NULL : caches[0] + p * page_bytes;
    struct shoal_attention cache = {
        .pages = places, .value_offset = key_bytes, .key_size = key_size, .value_size = value_size, .scale = 0.125f,
        .soft_cap = variant.soft_cap, .kind = kind};
    for (int i = 0; i < 2; i++) {
        shoal_isa_force(i == 0 ? SHOAL_ISA_SCALAR : isa);
        for (size_t q = 0; q < queries; q++) {
            query[q] = (struct shoal_query){
                .query = input + q * key_size, .output = out[i] + q * value_size, .positions = positions - (queries - 1 - q),
                .has_sink = variant.sinks, .sink = 3.0f - (float)q};
            const size_t window = variant.window;
            query[q].first = window > 0 && query[q].positions > window ? query[q].positions - window : 0;
        }
        shoal_attend(&cache, query, queries, scratch);
    }
    same(out[1], out[0], queries * value_size * sizeof(float), "attention", "", positions);
    // Segment by segment, query by query, the last segment first.
    size_t segments = (positions + SHOAL_SEGMENT_POSITIONS - 1) / SHOAL_SEGMENT_POSITIONS, stride = shoal_partial_floats(value_size);
    float *partials = floats(segments * stride, 0);
    for (size_t q = 0; q < queries; q++) {
        size_t own = (query[q].positions + SHOAL_SEGMENT_POSITIONS - 1) / SHOAL_SEGMENT_POSITIONS;
        const size_t first = query[q].first / SHOAL_SEGMENT_POSITIONS;
        for (size_t s = own; s-- > first;) {
            struct shoal_query one = query[q];
            one.output = partials + s * stride;
            shoal_attend_segment(&cache, &one, 1, s, scratch);
        }
        shoal_attend_merge(query + q, partials + first * stride, stride, value_size);
    }
    same(out[1], out[0], queries * value_size * sizeof(float), "attention in segments", "", positions);
    for (int i = 0; i < 2; i++) free(caches[i]), free(out[i]);
    free(input), free(scratch), free(partials);
}

/// One code for all instruction sets; here for the digest, so that machines are held against each other.
static void rotary_tables(void) {
    float factors[32], frequencies[32], cosines[32], sines[32];
    for (int i = 0; i < 32; i++) factors[i] = 1 + 0.25f * (float)i;
    static const double bases[] = {10000, 500000, 1e6};
    for (int turn = 0; turn < 6; turn++) {
        shoal_rope_frequencies(bases[turn % 3], 64, turn < 3 ? NULL : factors, 1 + turn % 2, frequencies);
        same(frequencies, frequencies, sizeof frequencies, "frequencies", "", (size_t)turn);
        for (size_t position = 0; position < 100000; position = 3 * position + 1) {
            shoal_rope_angles(position, frequencies, 32, 1, cosines, sines);
            same(cosines, cosines, sizeof cosines, "cosines", "", position);
            same(sines, sines, sizeof sines, "sines", "", position);
        }
        const struct shoal_yarn yarn = {.factor = 8, .original_context = 64 << (2 * turn), .beta_fast = 32, .beta_slow = 1 + turn % 2};
        shoal_rope_frequencies_yarn(bases[turn % 3], 64, yarn, frequencies);
        same(frequencies, frequencies, sizeof frequencies, "YaRN's frequencies", "", (size_t)turn);
        shoal_rope_angles(12345, frequencies, 32, 1.2079f, cosines, sines);
        same(cosines, cosines, sizeof cosines, "cosines with a magnitude", "", (size_t)turn);
        double logarithms[] = {shoal_logarithm(bases[turn % 3]), shoal_logarithm(1.0 / (3 + turn))};
        same(logarithms, logarithms, sizeof logarithms, "logarithms", "", (size_t)turn);
    }
}

#include "random-models.h"

static void check(int isa) {
    conversions(isa);
    rotary_tables();
    static const size_t tokens[] = {1, 2, 3, 4, 5, 7, 8, 9, 13, 17, 16, 33, 150};
    static const size_t rows[] = {1, 16, 17, 33, 48};
    for (int i = 0; i < TYPES; i++) {
        size_t block = shoal_format_of(all[i].type)->block_elements, widths[] = {block, 3 * block, block == 1 ? 37 : 5 * block};
        if (block == 1) widths[0] = 32, widths[1] = 96;
        for (size_t n = 0; n < 13; n++) products(isa, &all[i], rows[n % 5], widths[n % 3], tokens[n], 0);
        static const int fillings[] = {0xff, 0x80, 0x7f, 0x01, 0xf0, 0x0f};
        static const size_t few[] = {1, 9, 16};
        for (size_t n = 0; n < 18 && block > 1; n++) products(isa, &all[i], 3, 2 * block, few[n % 3], fillings[n / 3]);
    }
    for (size_t count = 2; count <= 200; count += count < 40 ? 2 : 32) rows_of_floats(isa, count);
    static const int kinds[] = {SHOAL_CACHE_F16, SHOAL_CACHE_F32, SHOAL_CACHE_Q8_0};
    static const size_t positions[] = {1, 17, 64, 65, 130, 255, 258, 600};
    for (size_t n = 0; n < 24; n++) {
        size_t count = positions[n / 3], most = count < 17 ? count : 17;
        bool blocks = kinds[n % 3] == SHOAL_CACHE_Q8_0;
        static const struct variant variants[] = {
            {0, false, 0}, {24, true, 0}, {130, false, 20}, {300, true, 5}, {0, true, 30}, {1, false, 0}};
        for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
            attention(isa, kinds[n % 3], 64, 64, count, 1, variants[v]);
            attention(isa, kinds[n % 3], blocks ? 96 : 20, blocks ? 32 : 84, count, most, variants[v]);
            for (size_t queries = 2; queries < 8 && n / 3 >= 5; queries++) {
                attention(isa, kinds[n % 3], 32, 128, count, queries, variants[v]);
            }
        }
    }
    all_passes(isa);
}

int main(int count, char **names) {
    for (int isa = 1; isa < SHOAL_ISA_COUNT; isa++) {
        bool named = count == 1;
        for (int i = 1; i < count; i++) named = named || strcmp(names[i], shoal_isa_name(isa)) == 0;
        if (!named || (count == 1 && !shoal_isa_supported(isa))) continue;
        isa_name = shoal_isa_name(isa);
        if (!shoal_isa_supported(isa)) {
            printf("%s: not supported by this processor or build\n", isa_name);
            failures++;
            continue;
        }
        int before = failures;
        checks = 0, state = 0x9e3779b97f4a7c15u, digest = 0xcbf29ce484222325u;
        check(isa);
        printf(
            "%s: %d comparisons with scalar, %d differ, digest %016llx\n", isa_name, checks, failures - before,
            (unsigned long long)digest);
    }
    if (shoal_isa_refusal() != NULL) printf("refused: %s\n", shoal_isa_refusal());
    return failures > 0;
}
