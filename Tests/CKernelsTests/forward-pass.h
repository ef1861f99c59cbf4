// Whole forward passes of small models in C: the product's kernels in the product's order (Sources/ModelGraph), so that they can be held
// against each other where there is no Swift compiler. What a block has beyond llama's, its form says.
#ifndef FORWARD_PASS_H
#define FORWARD_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FORWARD_LAYERS = 2, FORWARD_EXPERTS = 4, FORWARD_CHOSEN = 2, FORWARD_INPUT = 32 };

/// A packed matrix `[rows, columns]` of a type.
struct forward_matrix {
    const void *panels;
    uint32_t type;
    size_t rows, columns;
};

/// What the blocks of a family are made of.
struct forward_form {
    const char *name;
    /// Layer norms with bias instead of RMS norms; biases of all matrices; attention and feed-forward network beside each other.
    bool layer_norm, biases, parallel;
    /// Norms of what attention and feed-forward network give; norms of each head's query and key, and of its value without weight.
    bool after_norms, head_norms;
    /// The embedding times sqrt(width).
    bool scaled_embedding;
    /// A score of each head that takes weight away; positions that layers 0, 2, … attend (0: all); caps of scores and of logits (0: none).
    bool sinks;
    size_t window;
    float soft_cap, logit_cap;
    /// How and how much of a head (in parts of four) is rotated, and whether by YaRN.
    int pairing;
    size_t rotated_quarters;
    bool yarn;
    /// `enum shoal_function`; whether it is that of a gate.
    int function;
    bool gated;
    /// FORWARD_EXPERTS networks, of which each row chooses FORWARD_CHOSEN.
    bool experts;
    /// Rows of FORWARD_INPUT elements of each token for each layer, and a scale at each layer's end.
    bool inputs;
};

struct forward_layer {
    const float *attention_norm, *attention_norm_bias, *after_attention_norm, *feed_forward_norm, *after_feed_forward_norm;
    const float *query_norm, *key_norm, *query_bias, *key_bias, *value_bias, *output_bias, *sinks;
    struct forward_matrix query, key, value, output, router;
    const float *router_bias;
    struct forward_matrix gate[FORWARD_EXPERTS], up[FORWARD_EXPERTS], down[FORWARD_EXPERTS];
    const float *gate_bias[FORWARD_EXPERTS], *up_bias[FORWARD_EXPERTS], *down_bias[FORWARD_EXPERTS];
    /// What it does with its row of the token.
    struct forward_matrix input_gate, input_projection;
    const float *after_input_norm;
    float output_scale;
};

struct forward_model {
    const struct forward_form *form;
    /// `enum shoal_cache`
    int cache;
    size_t width, heads, key_value_heads, head_size, inner, vocabulary;
    /// `[vocabulary, width]`
    const float *embedding;
    struct forward_layer layers[FORWARD_LAYERS];
    const float *norm, *norm_bias;
    struct forward_matrix head;
    /// Of the layers' rows of tokens: `[vocabulary, FORWARD_LAYERS * FORWARD_INPUT]`, what the embedding adds, and a layer's norm.
    const float *input_table, *input_norm;
    struct forward_matrix input_projection;
};

/// Computes a text in steps of so many rows (the last may have fewer). `logits`: `[positions, vocabulary]`.
void forward_pass(const struct forward_model *model, const uint32_t *tokens, size_t positions, size_t step, float *logits);

enum { FORWARD_PAGES = 8 };

/// Room for one step's rows.
struct forward_room {
    size_t rows;
    float *stream, *normed, *queries, *keys, *values, *attended, *projected, *gates, *ups, *gated, *inputs;
    /// Experts: a row's choice and weights `[rows, FORWARD_CHOSEN]`, one expert's rows, all experts' results.
    size_t *chosen;
    float *weights, *router, *gathered, *given;
    struct shoal_activation_block *quantized;
    float *scratch, *cosines, *sines;
    const void *pages[FORWARD_PAGES];
};

/// output = input * matrix^T + bias; `input` is `[rows, columns]`, `bias` may be NULL.
void forward_multiply(
    const struct forward_matrix *matrix, const float *bias, const float *input, size_t rows, struct forward_room *room, float *output);
/// One network on rows of `input`, into `output`.
void forward_network(
    const struct forward_model *model, const struct forward_layer *layer, size_t expert, const float *input, size_t rows,
    struct forward_room *room, float *output);
/// The chosen experts of `room->normed`, into `room->projected`.
void forward_experts(const struct forward_model *model, const struct forward_layer *layer, struct forward_room *room);
/// The layers' rows of the tokens of `room->stream`, into `room->inputs`.
void forward_inputs(const struct forward_model *model, const uint32_t *tokens, struct forward_room *room);
/// Adds what a layer makes of its own to `room->stream`, and scales that.
void forward_take_input(const struct forward_model *model, size_t index, struct forward_room *room);

#endif
