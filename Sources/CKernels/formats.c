// What does not depend on the instruction set: facts of the types, and making blocks.
#pragma STDC FP_CONTRACT OFF
#include "blocks.h"
#include "kernels.h"
#include "layouts.h"

static const struct shoal_format formats[] = {
    {SHOAL_TYPE_F32, 1, 4, 64, SHOAL_ACTIVATION_F32, true},
    {SHOAL_TYPE_F16, 1, 2, 32, SHOAL_ACTIVATION_F32, true},
    {SHOAL_TYPE_BF16, 1, 2, 32, SHOAL_ACTIVATION_F32, true},
    {SHOAL_TYPE_Q4_0, 32, 18, 288, SHOAL_ACTIVATION_INT8, true},
    {SHOAL_TYPE_Q4_1, 32, 20, 320, SHOAL_ACTIVATION_INT8, true},
    {SHOAL_TYPE_Q5_0, 32, 22, 352, SHOAL_ACTIVATION_INT8, true},
    {SHOAL_TYPE_Q5_1, 32, 24, 384, SHOAL_ACTIVATION_INT8, true},
    {SHOAL_TYPE_Q8_0, 32, 34, 544, SHOAL_ACTIVATION_INT8, true},
    {SHOAL_TYPE_IQ4_NL, 32, 18, 288, SHOAL_ACTIVATION_INT8, false},
    {SHOAL_TYPE_MXFP4, 32, 17, 272, SHOAL_ACTIVATION_INT8, true},
    {SHOAL_TYPE_Q2_K, 256, 84, 1344, SHOAL_ACTIVATION_INT8, false},
    {SHOAL_TYPE_Q3_K, 256, 110, 1824, SHOAL_ACTIVATION_INT8, false},
    {SHOAL_TYPE_Q4_K, 256, 144, 2368, SHOAL_ACTIVATION_INT8, false},
    {SHOAL_TYPE_Q5_K, 256, 176, 2880, SHOAL_ACTIVATION_INT8, false},
    {SHOAL_TYPE_Q6_K, 256, 210, 3360, SHOAL_ACTIVATION_INT8, false},
    {SHOAL_TYPE_IQ4_XS, 256, 136, 2208, SHOAL_ACTIVATION_INT8, false},
    {SHOAL_TYPE_TQ1_0, 256, 54, 0, SHOAL_ACTIVATION_NONE, true},
    {SHOAL_TYPE_TQ2_0, 256, 66, 0, SHOAL_ACTIVATION_NONE, true},
    {SHOAL_TYPE_IQ1_S, 256, 50, 0, SHOAL_ACTIVATION_NONE, false},
    {SHOAL_TYPE_IQ1_M, 256, 56, 0, SHOAL_ACTIVATION_NONE, false},
    {SHOAL_TYPE_IQ2_XXS, 256, 66, 0, SHOAL_ACTIVATION_NONE, false},
    {SHOAL_TYPE_IQ2_XS, 256, 74, 0, SHOAL_ACTIVATION_NONE, false},
    {SHOAL_TYPE_IQ2_S, 256, 82, 0, SHOAL_ACTIVATION_NONE, false},
    {SHOAL_TYPE_IQ3_XXS, 256, 98, 0, SHOAL_ACTIVATION_NONE, false},
    {SHOAL_TYPE_IQ3_S, 256, 110, 0, SHOAL_ACTIVATION_NONE, false},
};

const struct shoal_format *shoal_format_of(uint32_t type) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (formats[i].type == type) return &formats[i];
    }
    return NULL;
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

static void quantize_q5_0(const float *in, struct block_q5_0 *out) {
    float largest = 0;  // as Q4_0
    for (int i = 0; i < 32; i++) {
        if (__builtin_fabsf(in[i]) > __builtin_fabsf(largest)) largest = in[i];
    }
    float scale = largest / -16, inverse = scale != 0 ? 1 / scale : 0;
    out->scale = half_of_float(scale);
    memset(out->high, 0, sizeof out->high);
    for (int i = 0; i < 16; i++) {
        int low = (int)((double)in[i] * (double)inverse + 16.5), high = (int)((double)in[i + 16] * (double)inverse + 16.5);
        if (low > 31) low = 31;
        if (high > 31) high = 31;
        out->nibbles[i] = (uint8_t)((low & 15) | (high & 15) << 4);
        out->high[i / 8] |= (uint8_t)(low >> 4 << (i % 8));
        out->high[2 + i / 8] |= (uint8_t)(high >> 4 << (i % 8));
    }
}

static void quantize_q5_1(const float *in, struct block_q5_1 *out) {
    float minimum = in[0], maximum = in[0];
    for (int i = 1; i < 32; i++) {
        if (in[i] < minimum) minimum = in[i];
        if (in[i] > maximum) maximum = in[i];
    }
    float scale = (maximum - minimum) / 31, inverse = scale != 0 ? 1 / scale : 0;
    out->scale = half_of_float(scale);
    out->minimum = half_of_float(minimum);
    memset(out->high, 0, sizeof out->high);
    for (int i = 0; i < 16; i++) {
        int low = (int)((in[i] - minimum) * inverse + 0.5f), high = (int)((in[i + 16] - minimum) * inverse + 0.5f);
        if (low > 31) low = 31;
        if (high > 31) high = 31;
        out->nibbles[i] = (uint8_t)((low & 15) | (high & 15) << 4);
        out->high[i / 8] |= (uint8_t)(low >> 4 << (i % 8));
        out->high[2 + i / 8] |= (uint8_t)(high >> 4 << (i % 8));
    }
}

/// Nearest whole number; half goes away from zero here, unlike activations.
static int rounded(float value) {
    float magnitude = __builtin_fabsf(value);
    int whole = (int)magnitude;
    whole += magnitude - (float)whole >= 0.5f;
    return value < 0 ? -whole : whole;
}

static float largest_magnitude(const float *in, int count) {
    float largest = 0;
    for (int i = 0; i < count; i++) {
        if (__builtin_fabsf(in[i]) > largest) largest = __builtin_fabsf(in[i]);
    }
    return largest;
}

static void quantize_q8_0(const float *in, struct block_q8_0 *out) {
    float scale = largest_magnitude(in, 32) / 127, inverse = scale != 0 ? 1 / scale : 0;
    out->scale = half_of_float(scale);
    for (int i = 0; i < 32; i++) out->values[i] = (int8_t)rounded(in[i] * inverse);
}

/// The largest value gets an exponent at which it lies in e2m1's upper binade (4 to 6); every value the nearest code, the first of equals.
static void quantize_mxfp4(const float *in, struct block_mxfp4 *out) {
    int exponent = (int)(bits_of_float(largest_magnitude(in, 32)) >> 23) - 2;
    out->exponent = (uint8_t)(exponent < 0 ? 0 : exponent);
    float scale = float_of_exponent(out->exponent);
    uint8_t codes[32] = {0};
    for (int i = 0; i < 32; i++) {
        float least = __builtin_inff();
        for (uint8_t code = 0; code < 16; code++) {
            float error = __builtin_fabsf(scale * (float)shoal_table_e2m1[code] - in[i]);
            if (error < least) least = error, codes[i] = code;
        }
    }
    for (int i = 0; i < 16; i++) out->nibbles[i] = (uint8_t)(codes[i] | codes[i + 16] << 4);
}

/// -1, 0 or 1 as 0, 1 or 2; the scale is the largest magnitude.
static uint16_t ternary(const float *in, uint8_t *digits) {
    float scale = largest_magnitude(in, 256), inverse = scale != 0 ? 1 / scale : 0;
    for (int i = 0; i < 256; i++) digits[i] = (uint8_t)(rounded(in[i] * inverse) + 1);
    return half_of_float(scale);
}

/// `count` digits in base 3, `stride` apart, as a fraction of five digits in 256ths, rounded up.
static uint8_t base_three(const uint8_t *digits, int count, int stride) {
    int sum = 0;
    for (int i = 0; i < 5; i++) sum = 3 * sum + (i < count ? digits[i * stride] : 0);
    return (uint8_t)((sum * 256 + 242) / 243);
}

static void quantize_tq1_0(const float *in, struct block_tq1_0 *out) {
    uint8_t digits[256];
    out->scale = ternary(in, digits);
    for (int i = 0; i < 32; i++) out->five[i] = base_three(digits + i, 5, 32);
    for (int i = 0; i < 16; i++) out->five[32 + i] = base_three(digits + 160 + i, 5, 16);
    for (int i = 0; i < 4; i++) out->four[i] = base_three(digits + 240 + i, 4, 4);
}

static void quantize_tq2_0(const float *in, struct block_tq2_0 *out) {
    uint8_t digits[256];
    out->scale = ternary(in, digits);
    for (int i = 0; i < 64; i++) {
        const uint8_t *first = digits + 128 * (i / 32) + i % 32;
        out->low[i] = (uint8_t)(first[0] | first[32] << 2 | first[64] << 4 | first[96] << 6);
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
        case SHOAL_TYPE_Q5_0: quantize_q5_0(in, (void *)out); break;
        case SHOAL_TYPE_Q5_1: quantize_q5_1(in, (void *)out); break;
        case SHOAL_TYPE_Q8_0: quantize_q8_0(in, (void *)out); break;
        case SHOAL_TYPE_MXFP4: quantize_mxfp4(in, (void *)out); break;
        case SHOAL_TYPE_TQ1_0: quantize_tq1_0(in, (void *)out); break;
        case SHOAL_TYPE_TQ2_0: quantize_tq2_0(in, (void *)out); break;
        default: return false;
        }
    }
    return true;
}
