// A mixture of experts in a forward pass: rows are grouped by their experts, as Sources/Tensors/ExpertChoice.swift and
// GroupedProduct.swift do.
#pragma STDC FP_CONTRACT OFF
#include "forward-pass.h"

#include "ckernels.h"

#include <string.h>

/// The highest logits first, of equals the first; weights: the softmax over the chosen.
static void choose(const float *logits, size_t *chosen, float *weights) {
    for (size_t k = 0; k < FORWARD_CHOSEN; k++) {
        size_t best = FORWARD_EXPERTS;
        for (size_t expert = 0; expert < FORWARD_EXPERTS; expert++) {
            bool taken = false;
            for (size_t i = 0; i < k; i++) taken = taken || chosen[i] == expert;
            if (!taken && (best == FORWARD_EXPERTS || logits[expert] > logits[best])) best = expert;
        }
        chosen[k] = best;
        weights[k] = logits[best] - logits[chosen[0]];
    }
    shoal_exp(weights, FORWARD_CHOSEN, weights);
    float sum = 0;
    for (size_t k = 0; k < FORWARD_CHOSEN; k++) sum += weights[k];
    for (size_t k = 0; k < FORWARD_CHOSEN; k++) weights[k] = weights[k] / sum;
}

void forward_experts(const struct forward_model *model, const struct forward_layer *layer, struct forward_room *room) {
    const size_t width = model->width, rows = room->rows;
    forward_multiply(&layer->router, layer->router_bias, room->normed, rows, room, room->router);
    for (size_t row = 0; row < rows; row++) {
        choose(room->router + row * FORWARD_EXPERTS, room->chosen + row * FORWARD_CHOSEN, room->weights + row * FORWARD_CHOSEN);
    }
    for (size_t expert = 0; expert < FORWARD_EXPERTS; expert++) {
        size_t count = 0, places[256];
        for (size_t place = 0; place < rows * FORWARD_CHOSEN; place++) {
            if (room->chosen[place] != expert) continue;
            memcpy(room->gathered + count * width, room->normed + place / FORWARD_CHOSEN * width, width * sizeof(float));
            places[count++] = place;
        }
        if (count == 0) continue;
        forward_network(model, layer, expert, room->gathered, count, room, room->projected);
        for (size_t i = 0; i < count; i++) memcpy(room->given + places[i] * width, room->projected + i * width, width * sizeof(float));
    }
    memset(room->projected, 0, rows * width * sizeof(float));
    for (size_t place = 0; place < rows * FORWARD_CHOSEN; place++) {
        shoal_add_scaled(
            room->projected + place / FORWARD_CHOSEN * width, room->given + place * width, room->weights[place], width);
    }
}
