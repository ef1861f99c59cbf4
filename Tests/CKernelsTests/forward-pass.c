#include "forward-pass.h"

#include "ckernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_PAGES = 8,
    // Rows that attend the same pages together, as the product's tiles.
    TILE_ROWS = 8,
    MOST_QUERIES = 64,
};

/// Room for one step's rows.
struct room {
    size_t rows;
    float *stream, *normed, *queries, *keys, *values, *attended, *projected, *gates, *ups, *gated;
    struct shoal_activation_block *quantized;
    float *scratch;
    const void *pages[MOST_PAGES];
};

static void *zeroed(size_t bytes) {
    void *place = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (place == NULL) exit(2);
    return memset(place, 0, bytes);
}

static float *rows_of(size_t rows, size_t count) { return zeroed(rows * count * sizeof(float)); }

/// output = input * matrix^T for all rows; `input` is `[rows, columns]`.
static void multiply(uint32_t type, const struct forward_matrix *matrix, const float *input, struct room *room, float *output) {
    const void *x = input;
    if (shoal_format_of(type)->activation == SHOAL_ACTIVATION_INT8) {
        shoal_quantize_activations(input, room->rows * matrix->columns, room->quantized);
        x = room->quantized;
    }
    shoal_multiply_packed(
        type, matrix->panels, matrix->rows, matrix->columns, 0, (matrix->rows + 15) / 16, x, room->rows, output, matrix->rows);
}

static void normalize(const float *weight, size_t width, struct room *room) {
    for (size_t row = 0; row < room->rows; row++) {
        shoal_rms_norm(room->stream + row * width, weight, width, 1e-5f, room->normed + row * width);
    }
}

static void attend(const struct forward_model *model, size_t layer, size_t first, struct room *room) {
    const size_t size = model->width / model->heads, group = model->heads / model->key_value_heads;
    const size_t bytes = shoal_cache_bytes(model->cache, size), kv_width = model->key_value_heads * size;
    for (size_t row = 0; row < room->rows; row++) {
        const size_t position = first + row;
        uint8_t *page = (uint8_t *)room->pages[position / SHOAL_PAGE_POSITIONS];
        for (size_t head = 0; head < model->key_value_heads; head++) {
            uint8_t *keys = page + (layer * model->key_value_heads + head) * 2 * bytes;
            const size_t place = row * kv_width + head * size;
            shoal_cache_store(
                model->cache, room->keys + place, room->values + place, size, size, position % SHOAL_PAGE_POSITIONS, keys,
                keys + bytes);
        }
    }
    for (size_t head = 0; head < model->key_value_heads; head++) {
        const size_t offset = (layer * model->key_value_heads + head) * 2 * bytes;
        const struct shoal_attention cache = {
            .pages = room->pages, .key_offset = offset, .value_offset = offset + bytes, .key_size = size, .value_size = size,
            .scale = 1 / sqrtf((float)size), .kind = model->cache};
        for (size_t tile = 0; tile < room->rows; tile += TILE_ROWS) {
            struct shoal_query queries[MOST_QUERIES];
            size_t count = 0;
            for (size_t row = tile; row < room->rows && row < tile + TILE_ROWS; row++) {
                for (size_t q = head * group; q < (head + 1) * group; q++) {
                    const size_t place = row * model->width + q * size;
                    queries[count++] = (struct shoal_query){
                        .query = room->queries + place, .output = room->attended + place, .positions = first + row + 1};
                }
            }
            shoal_attend(&cache, queries, count, room->scratch);
        }
    }
}

static void pass_layer(
    const struct forward_model *model, size_t index, size_t first, const float *frequencies, struct room *room) {
    const struct forward_layer *layer = &model->layers[index];
    const size_t width = model->width, size = width / model->heads, kv_width = model->key_value_heads * size;
    float cosines[64], sines[64];
    normalize(layer->attention_norm, width, room);
    multiply(model->type, &layer->query, room->normed, room, room->queries);
    multiply(model->type, &layer->key, room->normed, room, room->keys);
    multiply(model->type, &layer->value, room->normed, room, room->values);
    for (size_t row = 0; row < room->rows; row++) {
        shoal_rope_angles(first + row, frequencies, size / 2, 1, cosines, sines);
        shoal_rope_apply(SHOAL_ROPE_INTERLEAVED, room->queries + row * width, model->heads, size, size / 2, cosines, sines);
        shoal_rope_apply(
            SHOAL_ROPE_INTERLEAVED, room->keys + row * kv_width, model->key_value_heads, size, size / 2, cosines, sines);
    }
    attend(model, index, first, room);
    multiply(model->type, &layer->output, room->attended, room, room->projected);
    shoal_add(room->stream, room->projected, room->rows * width);
    normalize(layer->feed_forward_norm, width, room);
    multiply(model->type, &layer->gate, room->normed, room, room->gates);
    multiply(model->type, &layer->up, room->normed, room, room->ups);
    for (size_t row = 0; row < room->rows; row++) {
        const size_t place = row * model->inner;
        shoal_gate(SHOAL_FUNCTION_SILU, room->gates + place, room->ups + place, model->inner, 0, 0, room->gated + place);
    }
    multiply(model->type, &layer->down, room->gated, room, room->projected);
    shoal_add(room->stream, room->projected, room->rows * width);
}

void forward_pass(const struct forward_model *model, const uint32_t *tokens, size_t positions, size_t step, float *logits) {
    const size_t width = model->width, inner = model->inner, size = width / model->heads;
    const size_t kv_width = model->key_value_heads * size, widest = inner > width ? inner : width;
    struct room room = {
        .stream = rows_of(step, width), .normed = rows_of(step, width), .queries = rows_of(step, width),
        .keys = rows_of(step, kv_width), .values = rows_of(step, kv_width), .attended = rows_of(step, width),
        .projected = rows_of(step, width), .gates = rows_of(step, inner), .ups = rows_of(step, inner),
        .gated = rows_of(step, inner), .quantized = zeroed(step * widest / 32 * sizeof *room.quantized),
        .scratch = rows_of(1, shoal_attend_scratch(size, size))};
    const size_t page_bytes = FORWARD_LAYERS * model->key_value_heads * 2 * shoal_cache_bytes(model->cache, size);
    for (size_t p = 0; p * SHOAL_PAGE_POSITIONS < positions && p < MOST_PAGES; p++) room.pages[p] = zeroed(page_bytes);
    float frequencies[64];
    shoal_rope_frequencies(10000, size, NULL, 1, frequencies);
    for (size_t first = 0; first < positions; first += room.rows) {
        room.rows = positions - first < step ? positions - first : step;
        for (size_t row = 0; row < room.rows; row++) {
            memcpy(room.stream + row * width, model->embedding + tokens[first + row] * width, width * sizeof(float));
        }
        for (size_t layer = 0; layer < FORWARD_LAYERS; layer++) pass_layer(model, layer, first, frequencies, &room);
        normalize(model->norm, width, &room);
        multiply(model->type, &model->head, room.normed, &room, logits + first * model->vocabulary);
    }
    for (size_t p = 0; p < MOST_PAGES; p++) free((void *)room.pages[p]);
    free(room.stream), free(room.normed), free(room.queries), free(room.keys), free(room.values), free(room.attended);
    free(room.projected), free(room.gates), free(room.ups), free(room.gated), free(room.quantized), free(room.scratch);
}
