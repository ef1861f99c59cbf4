// Rows of each token for each layer (Gemma 4) in a forward pass, as Sources/ModelGraph/Stages/TokenInputs.swift and Layers/TokenInput.swift make
// and take them.
#pragma STDC FP_CONTRACT OFF
#include "forward-pass.h"

#include "ckernels.h"

#include <math.h>
#include <string.h>

enum { ALL = FORWARD_LAYERS * FORWARD_INPUT };

void forward_inputs(const struct forward_model *model, const uint32_t *tokens, struct forward_room *room) {
    forward_multiply(&model->input_projection, NULL, room->stream, room->rows, room, room->inputs);
    for (size_t row = 0; row < room->rows; row++) {
        float *inputs = room->inputs + row * ALL, table[ALL];
        memcpy(table, model->input_table + tokens[row] * ALL, sizeof table);
        shoal_scale(table, sqrtf(FORWARD_INPUT), ALL);
        shoal_scale(inputs, 1 / sqrtf((float)model->width), ALL);
        for (size_t layer = 0; layer < FORWARD_LAYERS; layer++) {
            float *part = inputs + layer * FORWARD_INPUT;
            shoal_rms_norm(part, model->input_norm, FORWARD_INPUT, 1e-6f, part);
        }
        shoal_add(inputs, table, ALL);
        shoal_scale(inputs, sqrtf(0.5f), ALL);
    }
}

void forward_take_input(const struct forward_model *model, size_t index, struct forward_room *room) {
    const struct forward_layer *layer = &model->layers[index];
    const size_t width = model->width;
    forward_multiply(&layer->input_gate, NULL, room->stream, room->rows, room, room->gates);
    for (size_t row = 0; row < room->rows; row++) {
        const size_t place = row * FORWARD_INPUT;
        shoal_gate(
            model->form->function, room->gates + place, room->inputs + row * ALL + index * FORWARD_INPUT, FORWARD_INPUT, 1.702f, 7,
            room->gated + place);
    }
    forward_multiply(&layer->input_projection, NULL, room->gated, room->rows, room, room->projected);
    for (size_t row = 0; row < room->rows; row++) {
        float *result = room->projected + row * width;
        shoal_rms_norm(result, layer->after_input_norm, width, 1e-6f, result);
    }
    shoal_add(room->stream, room->projected, room->rows * width);
    shoal_scale(room->stream, layer->output_scale, room->rows * width);
}
