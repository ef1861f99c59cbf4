// Whole forward passes of a small model of the llama family, in C: the product's kernels in the product's order
// (Sources/ModelGraph/Llama.swift), so that they can be held against each other where there is no Swift compiler.
#ifndef FORWARD_PASS_H
#define FORWARD_PASS_H

#include <stddef.h>
#include <stdint.h>

enum { FORWARD_LAYERS = 2 };

/// A packed matrix `[rows, columns]`.
struct forward_matrix {
    const void *panels;
    size_t rows, columns;
};

struct forward_layer {
    const float *attention_norm, *feed_forward_norm;
    struct forward_matrix query, key, value, output, gate, up, down;
};

struct forward_model {
    /// Of all matrices, and of the cache (`shoal_cache`).
    uint32_t type;
    int cache;
    size_t width, heads, key_value_heads, inner, vocabulary;
    /// `[vocabulary, width]`
    const float *embedding;
    struct forward_layer layers[FORWARD_LAYERS];
    const float *norm;
    struct forward_matrix head;
};

/// Computes a text in steps of so many rows (the last may have fewer). `logits`: `[positions, vocabulary]`.
void forward_pass(const struct forward_model *model, const uint32_t *tokens, size_t positions, size_t step, float *logits);

#endif
