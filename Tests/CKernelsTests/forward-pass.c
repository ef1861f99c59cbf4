#include "forward-pass.h"

#include "ckernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    // Rows that attend the same pages together, as the product's tiles.
    TILE_ROWS = 8,
    MOST_QUERIES = 64,
};

static void *zeroed(size_t bytes) {
    void *place = aligned_alloc(64, (bytes + 64) / 64 * 64);
    if (place == NULL) exit(2);
    return memset(place, 0, bytes);
}

static float *rows_of(size_t rows, size_t count) { return zeroed(rows * count * sizeof(float)); }

void forward_multiply(
    const struct forward_matrix *matrix, const float *bias, const float *input, size_t rows, struct forward_room *room, float *output) {
    const void *x = input;
    if (shoal_format_of(matrix->type)->activation == SHOAL_ACTIVATION_INT8) {
        shoal_quantize_activations(input, rows * matrix->columns, room->quantized);
        x = room->quantized;
    }
    shoal_multiply_packed(
        matrix->type, matrix->panels, matrix->rows, matrix->columns, 0, (matrix->rows + 15) / 16, x, rows, output, matrix->rows);
    for (size_t row = 0; bias != NULL && row < rows; row++) shoal_add(output + row * matrix->rows, bias, matrix->rows);
}

static void normalize(
    const struct forward_model *model, const float *weight, const float *bias, const float *input, size_t rows, float *output) {
    for (size_t row = 0; row < rows; row++) {
        const size_t place = row * model->width;
        if (model->form->layer_norm) shoal_layer_norm(input + place, weight, bias, model->width, 1e-5f, output + place);
        else shoal_rms_norm(input + place, weight, model->width, 1e-5f, output + place);
    }
}

static void attend(const struct forward_model *model, size_t layer, size_t first, struct forward_room *room) {
    const struct forward_form *form = model->form;
    const size_t size = model->head_size, group = model->heads / model->key_value_heads;
    const size_t bytes = shoal_cache_bytes(model->cache, size), kv_width = model->key_value_heads * size;
    const size_t window = layer % 2 == 0 ? form->window : 0;
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
        for (size_t tile = 0; tile < room->rows; tile += TILE_ROWS) {
            // Pages that no row of the tile attends are given back.
            const void *pages[FORWARD_PAGES];
            const size_t least = window > 0 && first + tile + 1 > window ? first + tile + 1 - window : 0;
            for (size_t p = 0; p < FORWARD_PAGES; p++) pages[p] = p < least / SHOAL_PAGE_POSITIONS ? NULL : room->pages[p];
            const struct shoal_attention cache = {
                .pages = pages, .key_offset = offset, .value_offset = offset + bytes, .key_size = size, .value_size = size,
                .scale = 1 / sqrtf((float)size), .soft_cap = form->soft_cap, .kind = model->cache};
            struct shoal_query queries[MOST_QUERIES];
            size_t count = 0;
            for (size_t row = tile; row < room->rows && row < tile + TILE_ROWS; row++) {
                const size_t positions = first + row + 1;
                for (size_t q = head * group; q < (head + 1) * group; q++) {
                    const size_t place = (row * model->heads + q) * size;
                    queries[count++] = (struct shoal_query){
                        .query = room->queries + place, .output = room->attended + place, .positions = positions,
                        .first = window > 0 && positions > window ? positions - window : 0, .has_sink = form->sinks,
                        .sink = form->sinks ? model->layers[layer].sinks[q] : 0};
                }
            }
            shoal_attend(&cache, queries, count, room->scratch);
        }
    }
}

static void rotate(const struct forward_model *model, size_t first, const float *frequencies, struct forward_room *room) {
    const struct forward_form *form = model->form;
    const size_t size = model->head_size, pairs = size * form->rotated_quarters / 8;
    for (size_t row = 0; row < room->rows; row++) {
        shoal_rope_angles(first + row, frequencies, pairs, form->yarn ? 1.2f : 1, room->cosines, room->sines);
        float *queries = room->queries + row * model->heads * size, *keys = room->keys + row * model->key_value_heads * size;
        shoal_rope_apply(form->pairing, queries, model->heads, size, pairs, room->cosines, room->sines);
        shoal_rope_apply(form->pairing, keys, model->key_value_heads, size, pairs, room->cosines, room->sines);
    }
}

void forward_network(
    const struct forward_model *model, const struct forward_layer *layer, size_t expert, const float *input, size_t rows,
    struct forward_room *room, float *output) {
    const struct forward_form *form = model->form;
    const size_t inner = model->inner;
    forward_multiply(&layer->up[expert], layer->up_bias[expert], input, rows, room, room->ups);
    if (form->gated) {
        forward_multiply(&layer->gate[expert], layer->gate_bias[expert], input, rows, room, room->gates);
        for (size_t row = 0; row < rows; row++) {
            const size_t place = row * inner;
            shoal_gate(form->function, room->gates + place, room->ups + place, inner, 1.702f, 7, room->gated + place);
        }
    } else {
        memcpy(room->gated, room->ups, rows * inner * sizeof(float));
        for (size_t row = 0; row < rows; row++) shoal_activate(form->function, room->gated + row * inner, inner);
    }
    forward_multiply(&layer->down[expert], layer->down_bias[expert], room->gated, rows, room, output);
}

static void pass_layer(
    const struct forward_model *model, size_t index, size_t first, const float *frequencies, struct forward_room *room) {
    const struct forward_layer *layer = &model->layers[index];
    const struct forward_form *form = model->form;
    const size_t width = model->width, rows = room->rows, size = model->head_size;
    normalize(model, layer->attention_norm, layer->attention_norm_bias, room->stream, rows, room->normed);
    forward_multiply(&layer->query, layer->query_bias, room->normed, rows, room, room->queries);
    forward_multiply(&layer->key, layer->key_bias, room->normed, rows, room, room->keys);
    forward_multiply(&layer->value, layer->value_bias, room->normed, rows, room, room->values);
    for (size_t head = 0; form->head_norms && head < rows * model->heads; head++) {
        shoal_rms_norm(room->queries + head * size, layer->query_norm, size, 1e-6f, room->queries + head * size);
    }
    for (size_t head = 0; form->head_norms && head < rows * model->key_value_heads; head++) {
        shoal_rms_norm(room->keys + head * size, layer->key_norm, size, 1e-6f, room->keys + head * size);
        shoal_rms_norm(room->values + head * size, NULL, size, 1e-6f, room->values + head * size);
    }
    rotate(model, first, frequencies, room);
    attend(model, index, first, room);
    forward_multiply(&layer->output, layer->output_bias, room->attended, rows, room, room->projected);
    if (form->after_norms) normalize(model, layer->after_attention_norm, NULL, room->projected, rows, room->projected);
    shoal_add(room->stream, room->projected, rows * width);
    // Beside each other: the network takes what attention took.
    if (!form->parallel) normalize(model, layer->feed_forward_norm, layer->attention_norm_bias, room->stream, rows, room->normed);
    if (form->experts) forward_experts(model, layer, room);
    else forward_network(model, layer, 0, room->normed, rows, room, room->projected);
    if (form->after_norms) normalize(model, layer->after_feed_forward_norm, NULL, room->projected, rows, room->projected);
    shoal_add(room->stream, room->projected, rows * width);
    if (form->inputs) forward_take_input(model, index, room);
}

void forward_pass(const struct forward_model *model, const uint32_t *tokens, size_t positions, size_t step, float *logits) {
    const struct forward_form *form = model->form;
    const size_t width = model->width, inner = model->inner, size = model->head_size, q_width = model->heads * size;
    const size_t kv_width = model->key_value_heads * size, places = step * FORWARD_CHOSEN;
    size_t widest = inner > width ? inner : width;
    widest = q_width > widest ? q_width : widest;
    struct forward_room room = {
        .stream = rows_of(step, width), .normed = rows_of(step, width), .queries = rows_of(step, q_width),
        .keys = rows_of(step, kv_width), .values = rows_of(step, kv_width), .attended = rows_of(step, q_width),
        .projected = rows_of(step, width), .gates = rows_of(step, inner), .ups = rows_of(step, inner),
        .gated = rows_of(step, inner), .inputs = rows_of(step, FORWARD_LAYERS * FORWARD_INPUT), .chosen = zeroed(places * sizeof(size_t)), .weights = rows_of(places, 1),
        .router = rows_of(step, FORWARD_EXPERTS), .gathered = rows_of(step, width), .given = rows_of(places, width),
        .quantized = zeroed(step * widest / 32 * sizeof *room.quantized), .scratch = rows_of(1, shoal_attend_scratch(size, size)),
        .cosines = rows_of(1, size), .sines = rows_of(1, size)};
    const size_t page_bytes = FORWARD_LAYERS * model->key_value_heads * 2 * shoal_cache_bytes(model->cache, size);
    for (size_t p = 0; p * SHOAL_PAGE_POSITIONS < positions && p < FORWARD_PAGES; p++) room.pages[p] = zeroed(page_bytes);
    float frequencies[64];
    const size_t rotated = size * form->rotated_quarters / 4;
    const struct shoal_yarn yarn = {.factor = 8, .original_context = 64, .beta_fast = 32, .beta_slow = 1};
    if (form->yarn) shoal_rope_frequencies_yarn(10000, rotated, yarn, frequencies);
    else shoal_rope_frequencies(10000, rotated, NULL, 1, frequencies);
    for (size_t first = 0; first < positions; first += room.rows) {
        room.rows = positions - first < step ? positions - first : step;
        for (size_t row = 0; row < room.rows; row++) {
            memcpy(room.stream + row * width, model->embedding + tokens[first + row] * width, width * sizeof(float));
        }
        if (form->scaled_embedding) shoal_scale(room.stream, sqrtf((float)width), room.rows * width);
        if (form->inputs) forward_inputs(model, tokens + first, &room);
        for (size_t layer = 0; layer < FORWARD_LAYERS; layer++) pass_layer(model, layer, first, frequencies, &room);
        normalize(model, model->norm, model->norm_bias, room.stream, room.rows, room.normed);
        float *out = logits + first * model->vocabulary;
        forward_multiply(&model->head, NULL, room.normed, room.rows, &room, out);
        if (form->logit_cap != 0) shoal_soft_cap(out, form->logit_cap, room.rows * model->vocabulary);
    }
    for (size_t p = 0; p < FORWARD_PAGES; p++) free((void *)room.pages[p]);
    free(room.stream), free(room.normed), free(room.queries), free(room.keys), free(room.values), free(room.attended);
    free(room.projected), free(room.gates), free(room.ups), free(room.gated), free(room.inputs), free(room.chosen), free(room.weights);
    free(room.router), free(room.gathered), free(room.given), free(room.quantized), free(room.scratch);
    free(room.cosines), free(room.sines);
}
