// Rows of floats in plain C: the reference of rows.h. Input and output may be the same memory.
#ifndef SHOAL_ROWS_SCALAR_H
#define SHOAL_ROWS_SCALAR_H

#include "functions_scalar.h"

static void rms_norm(const float *x, const float *weight, size_t count, float epsilon, float *out) {
    float lanes[LANES] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % LANES] = fused(x[i], x[i], lanes[i % LANES]);
    float mean = fold(lanes) / (float)count;
    float scale = 1 / __builtin_elementwise_sqrt(mean + epsilon);
    for (size_t i = 0; i < count; i++) out[i] = weight != NULL ? (x[i] * scale) * weight[i] : x[i] * scale;
}

static void layer_norm(
    const float *x, const float *weight, const float *bias, size_t count, float epsilon, float *out) {
    float lanes[LANES] = {0}, squares[LANES] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % LANES] += x[i];
    float mean = fold(lanes) / (float)count;
    for (size_t i = 0; i < count; i++) squares[i % LANES] = fused(x[i] - mean, x[i] - mean, squares[i % LANES]);
    float variance = fold(squares) / (float)count;
    float scale = 1 / __builtin_elementwise_sqrt(variance + epsilon);
    for (size_t i = 0; i < count; i++) {
        float normal = (x[i] - mean) * scale;
        out[i] = bias != NULL ? fused(normal, weight[i], bias[i]) : normal * weight[i];
    }
}

static void gate(
    int function, const float *gates, const float *up, size_t count, float alpha, float limit, float *out) {
    for (size_t i = 0; i < count; i++) {
        if (function == SHOAL_FUNCTION_CLAMPED_SILU) {
            float g = gates[i] > limit ? limit : gates[i], u = up[i] > limit ? limit : up[i];
            u = u < -limit ? -limit : u;
            out[i] = (g * sigmoid(alpha * g)) * (u + 1);
        } else {
            out[i] = function_of(function, gates[i]) * up[i];
        }
    }
}

static void activate(int function, float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = function_of(function, x[i]);
}

static void soft_cap(float *x, float cap, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = soft_capped(x[i], cap);
}

static void add(float *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

static void add_scaled(float *y, const float *x, float scale, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = fused(x[i], scale, y[i]);
}

static void scale(float *y, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] *= factor;
}

static void multiply_rows(float *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] *= x[i];
}

#endif
