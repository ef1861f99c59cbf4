// Rows of floats over vectors of 16 lanes; the twin of rows_scalar.h.
#ifndef SHOAL_ROWS_H
#define SHOAL_ROWS_H

#include "functions.h"

/// What a norm multiplies with, from 16 sums of squares.
INLINE float norm_scale(float *lanes, size_t count, float epsilon) {
    return 1 / __builtin_elementwise_sqrt(fold(load(lanes)) / (float)count + epsilon);
}

static void rms_norm(const float *x, const float *weight, size_t count, float epsilon, float *out) {
    vec sums = splat(0);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) sums = fused(load(x + i), load(x + i), sums);
    float lanes[LANES];
    store(lanes, sums);
    for (size_t j = i; j < count; j++) lanes[j - i] = __builtin_fmaf(x[j], x[j], lanes[j - i]);
    const float scale = norm_scale(lanes, count, epsilon);
    for (size_t j = 0; j < i; j += LANES) {
        vec normal = load(x + j) * splat(scale);
        store(out + j, weight != NULL ? normal * load(weight + j) : normal);
    }
    for (; i < count; i++) out[i] = weight != NULL ? (x[i] * scale) * weight[i] : x[i] * scale;
}

static void layer_norm(
    const float *x, const float *weight, const float *bias, size_t count, float epsilon, float *out) {
    vec sums = splat(0), squares = splat(0);
    float lanes[LANES];
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) sums += load(x + i);
    store(lanes, sums);
    for (size_t j = i; j < count; j++) lanes[j - i] += x[j];
    const float mean = fold(load(lanes)) / (float)count;
    for (size_t j = 0; j < i; j += LANES) {
        vec centered = load(x + j) - splat(mean);
        squares = fused(centered, centered, squares);
    }
    store(lanes, squares);
    for (size_t j = i; j < count; j++) lanes[j - i] = __builtin_fmaf(x[j] - mean, x[j] - mean, lanes[j - i]);
    const float scale = norm_scale(lanes, count, epsilon);
    for (size_t j = 0; j < i; j += LANES) {
        vec normal = (load(x + j) - splat(mean)) * splat(scale), w = load(weight + j);
        store(out + j, bias != NULL ? fused(normal, w, load(bias + j)) : normal * w);
    }
    for (; i < count; i++) {
        float normal = (x[i] - mean) * scale;
        out[i] = bias != NULL ? __builtin_fmaf(normal, weight[i], bias[i]) : normal * weight[i];
    }
}

INLINE void gate_by(
    const int function, const float *gates, const float *up, size_t count, float alpha, float limit, float *out) {
    for (size_t i = 0; i < count; i += LANES) {
        const size_t lanes = count - i < LANES ? count - i : LANES;
        vec g = lanes < LANES ? load_first(gates + i, lanes) : load(gates + i);
        vec u = lanes < LANES ? load_first(up + i, lanes) : load(up + i), result;
        if (function == SHOAL_FUNCTION_CLAMPED_SILU) {
            g = where(g > splat(limit), splat(limit), g);
            u = where(u > splat(limit), splat(limit), u);
            u = where(u < splat(-limit), splat(-limit), u);
            result = (g * sigmoid(splat(alpha) * g)) * (u + splat(1));
        } else {
            result = function_of(function, g) * u;
        }
        if (lanes < LANES) store_first(out + i, result, lanes);
        else store(out + i, result);
    }
}

INLINE void activate_by(const int function, float *x, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        if (count - i < LANES) store_first(x + i, function_of(function, load_first(x + i, count - i)), count - i);
        else store(x + i, function_of(function, load(x + i)));
    }
}

// The function is chosen once for a row, not in its loop.
static void gate(
    int function, const float *gates, const float *up, size_t count, float alpha, float limit, float *out) {
#define GATE(name) \
    case name: gate_by(name, gates, up, count, alpha, limit, out); break
    switch (function) {
        GATE(SHOAL_FUNCTION_SILU);
        GATE(SHOAL_FUNCTION_GELU_TANH);
        GATE(SHOAL_FUNCTION_GELU_ERF);
        GATE(SHOAL_FUNCTION_RELU_SQUARED);
        GATE(SHOAL_FUNCTION_SIGMOID);
        GATE(SHOAL_FUNCTION_TANH);
        GATE(SHOAL_FUNCTION_SOFTPLUS);
        GATE(SHOAL_FUNCTION_CLAMPED_SILU);
    }
#undef GATE
}

static void activate(int function, float *x, size_t count) {
#define ACTIVATE(name) \
    case name: activate_by(name, x, count); break
    switch (function) {
        ACTIVATE(SHOAL_FUNCTION_SILU);
        ACTIVATE(SHOAL_FUNCTION_GELU_TANH);
        ACTIVATE(SHOAL_FUNCTION_GELU_ERF);
        ACTIVATE(SHOAL_FUNCTION_RELU_SQUARED);
        ACTIVATE(SHOAL_FUNCTION_SIGMOID);
        ACTIVATE(SHOAL_FUNCTION_TANH);
        ACTIVATE(SHOAL_FUNCTION_SOFTPLUS);
    }
#undef ACTIVATE
}

static void soft_cap(float *x, float cap, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        if (count - i < LANES) store_first(x + i, soft_capped(load_first(x + i, count - i), cap), count - i);
        else store(x + i, soft_capped(load(x + i), cap));
    }
}

// Element by element: the compiler makes vectors of these.

static void add(float *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

static void add_scaled(float *y, const float *x, float scale, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = __builtin_fmaf(x[i], scale, y[i]);
}

static void scale(float *y, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] *= factor;
}

static void multiply_rows(float *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] *= x[i];
}

#endif
