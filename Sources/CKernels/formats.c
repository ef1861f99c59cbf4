// What does not depend on the instruction set: facts of the types, packing, and making blocks.
#pragma STDC FP_CONTRACT OFF
#include "blocks.h"
#include "kernels.h"

static const struct shoal_format formats[] = {
    {SHOAL_TYPE_F32, 1, 4, 64, SHOAL_ACTIVATION_F32, true},
    {SHOAL_TYPE_F16, 1, 2, 32, SHOAL_ACTIVATION_F32, true},
    {SHOAL_TYPE_BF16, 1, 2, 32, SHOAL_ACTIVATION_F32, true},
    {SHOAL_TYPE_Q4_0, 32, 18, sizeof(struct panel_q4_0), SHOAL_ACTIVATION_INT8, true},
    {SHOAL_TYPE_Q4_1, 32, 20, sizeof(struct panel_q4_1), SHOAL_ACTIVATION_INT8, true},
    {SHOAL_TYPE_Q8_0, 32, 34, sizeof(struct panel_q8_0), SHOAL_ACTIVATION_INT8, true},
    {SHOAL_TYPE_Q6_K, 256, 210, 0, SHOAL_ACTIVATION_NONE, false},
};

const struct shoal_format *shoal_format_of(uint32_t type) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (formats[i].type == type) return &formats[i];
    }
    return NULL;
}

// --- Packing --------------------------------------------------------------------------------------------------------

static void pack_2(const uint8_t *block, size_t row_bytes, size_t rows, uint8_t *out) {
    for (size_t row = 0; row < rows; row++) memcpy(out + 2 * row, block + row * row_bytes, 2);
}

static void pack_4(const uint8_t *block, size_t row_bytes, size_t rows, uint8_t *out) {
    for (size_t row = 0; row < rows; row++) memcpy(out + 4 * row, block + row * row_bytes, 4);
}

static void pack_q4(const uint8_t *nibbles, size_t row, uint8_t out[4][16][4]) {
    for (int k = 0; k < 4; k++) memcpy(out[k][row], nibbles + 4 * k, 4);
}

static void pack_q4_0(const uint8_t *block, size_t row_bytes, size_t rows, uint8_t *out) {
    struct panel_q4_0 *panel = (void *)out;
    for (size_t row = 0; row < rows; row++) {
        const struct block_q4_0 *from = (const void *)(block + row * row_bytes);
        pack_q4(from->nibbles, row, panel->nibbles);
        panel->scales[row] = from->scale;
    }
}

static void pack_q4_1(const uint8_t *block, size_t row_bytes, size_t rows, uint8_t *out) {
    struct panel_q4_1 *panel = (void *)out;
    for (size_t row = 0; row < rows; row++) {
        const struct block_q4_1 *from = (const void *)(block + row * row_bytes);
        pack_q4(from->nibbles, row, panel->nibbles);
        panel->scales[row] = from->scale;
        panel->minimums[row] = from->minimum;
    }
}

static void pack_q8_0(const uint8_t *block, size_t row_bytes, size_t rows, uint8_t *out) {
    struct panel_q8_0 *panel = (void *)out;
    for (size_t row = 0; row < rows; row++) {
        const struct block_q8_0 *from = (const void *)(block + row * row_bytes);
        for (int k = 0; k < 8; k++) memcpy(panel->values[k][row], from->values + 4 * k, 4);
        panel->scales[row] = from->scale;
    }
}

static pack_function *pack_of(uint32_t type) {
    switch (type) {
    case SHOAL_TYPE_F32: return pack_4;
    case SHOAL_TYPE_F16:
    case SHOAL_TYPE_BF16: return pack_2;
    case SHOAL_TYPE_Q4_0: return pack_q4_0;
    case SHOAL_TYPE_Q4_1: return pack_q4_1;
    case SHOAL_TYPE_Q8_0: return pack_q8_0;
    default: __builtin_trap();  // the caller looked at panel_bytes first
    }
}

size_t shoal_panel_bytes(uint32_t type, size_t columns) {
    const struct shoal_format *format = shoal_format_of(type);
    return columns / format->block_elements * format->panel_bytes;
}

void shoal_pack(uint32_t type, const void *blocks, size_t rows, size_t columns, size_t first, size_t last, void *out) {
    const struct shoal_format *format = shoal_format_of(type);
    pack_function *pack = pack_of(type);
    size_t columns_blocks = columns / format->block_elements, row_bytes = columns_blocks * format->block_bytes;
    uint8_t *to = out;
    for (size_t panel = first; panel < last; panel++) {
        size_t row = panel * SHOAL_PANEL_ROWS;
        size_t count = rows - row < SHOAL_PANEL_ROWS ? rows - row : SHOAL_PANEL_ROWS;
        const uint8_t *from = (const uint8_t *)blocks + row * row_bytes;
        for (size_t b = 0; b < columns_blocks; b++, from += format->block_bytes, to += format->panel_bytes) {
            if (count < SHOAL_PANEL_ROWS) memset(to, 0, format->panel_bytes);
            pack(from, row_bytes, count, to);
        }
    }
}

// --- Making blocks (as ggml's reference quantizers do) --------------------------------------------------------------

static void quantize_q4_0(const float *in, struct block_q4_0 *out) {
    float largest = 0;  // the value of largest magnitude, with its sign: it becomes nibble 0
    for (int i = 0; i < 32; i++) {
        if (__builtin_fabsf(in[i]) > __builtin_fabsf(largest)) largest = in[i];
    }
    float scale = largest / -8, inverse = scale != 0 ? 1 / scale : 0;
    out->scale = half_of_float(scale);
    for (int i = 0; i < 16; i++) {
        // In double, because the product is then exact and the sum cannot round up to the next whole number.
        int low = (int)((double)in[i] * (double)inverse + 8.5), high = (int)((double)in[i + 16] * (double)inverse + 8.5);
        out->nibbles[i] = (uint8_t)((low < 15 ? low : 15) | (high < 15 ? high : 15) << 4);
    }
}

static void quantize_q4_1(const float *in, struct block_q4_1 *out) {
    float minimum = in[0], maximum = in[0];
    for (int i = 1; i < 32; i++) {
        if (in[i] < minimum) minimum = in[i];
        if (in[i] > maximum) maximum = in[i];
    }
    float scale = (maximum - minimum) / 15, inverse = scale != 0 ? 1 / scale : 0;
    out->scale = half_of_float(scale);
    out->minimum = half_of_float(minimum);
    for (int i = 0; i < 16; i++) {
        int low = (int)((in[i] - minimum) * inverse + 0.5f), high = (int)((in[i + 16] - minimum) * inverse + 0.5f);
        out->nibbles[i] = (uint8_t)((low < 15 ? low : 15) | (high < 15 ? high : 15) << 4);
    }
}

static void quantize_q8_0(const float *in, struct block_q8_0 *out) {
    float largest = 0;
    for (int i = 0; i < 32; i++) {
        if (__builtin_fabsf(in[i]) > largest) largest = __builtin_fabsf(in[i]);
    }
    float scale = largest / 127, inverse = scale != 0 ? 1 / scale : 0;
    out->scale = half_of_float(scale);
    for (int i = 0; i < 32; i++) {
        float value = in[i] * inverse, magnitude = __builtin_fabsf(value);
        int rounded = (int)magnitude;  // half goes away from zero here, unlike activations
        rounded += magnitude - (float)rounded >= 0.5f;
        out->values[i] = (int8_t)(value < 0 ? -rounded : rounded);
    }
}

bool shoal_quantize(uint32_t type, const float *in, size_t count, void *blocks) {
    const struct shoal_format *format = shoal_format_of(type);
    if (format == NULL || !format->quantizes) return false;
    uint8_t *out = blocks;
    for (size_t i = 0; i < count; i += format->block_elements, in += format->block_elements, out += format->block_bytes) {
        uint16_t bits;
        switch (type) {
        case SHOAL_TYPE_F32: memcpy(out, in, 4); break;
        case SHOAL_TYPE_F16: bits = half_of_float(*in), memcpy(out, &bits, 2); break;
        case SHOAL_TYPE_BF16: bits = bfloat_of_float(*in), memcpy(out, &bits, 2); break;
        case SHOAL_TYPE_Q4_0: quantize_q4_0(in, (void *)out); break;
        case SHOAL_TYPE_Q4_1: quantize_q4_1(in, (void *)out); break;
        case SHOAL_TYPE_Q8_0: quantize_q8_0(in, (void *)out); break;
        default: return false;
        }
    }
    return true;
}
