// The end of every instruction set's file: its table. TABLE names it, MULTIPLY_LAYOUT the int8 products if not by their usual names.
#if !defined(MULTIPLY_LAYOUT)
#define MULTIPLY_LAYOUT(name) multiply_##name
#endif
#define LAYOUT_ROW(name, type, ...) {type, dequantize_##name, MULTIPLY_LAYOUT(name)},
#define TYPES_OF(table) types_of_##table
#define TYPES(table) TYPES_OF(table)
static const struct type_kernels TYPES(TABLE)[] = {
    {SHOAL_TYPE_F32, dequantize_f32, multiply_f32},
    {SHOAL_TYPE_F16, dequantize_f16, multiply_f16},
    {SHOAL_TYPE_BF16, dequantize_bf16, multiply_bf16},
    SHOAL_LAYOUTS(LAYOUT_ROW)
    {SHOAL_TYPE_TQ1_0, dequantize_tq1_0, NULL},
    {SHOAL_TYPE_TQ2_0, dequantize_tq2_0, NULL},
    {SHOAL_TYPE_IQ1_S, dequantize_iq1_s, NULL},
    {SHOAL_TYPE_IQ1_M, dequantize_iq1_m, NULL},
    {SHOAL_TYPE_IQ2_XXS, dequantize_iq2_xxs, NULL},
    {SHOAL_TYPE_IQ2_XS, dequantize_iq2_xs, NULL},
    {SHOAL_TYPE_IQ2_S, dequantize_iq2_s, NULL},
    {SHOAL_TYPE_IQ3_XXS, dequantize_iq3_xxs, NULL},
    {SHOAL_TYPE_IQ3_S, dequantize_iq3_s, NULL},
    {0, NULL, NULL},
};

const struct kernels TABLE = {
    .types = TYPES(TABLE),
    .quantize_activations = quantize_activations,
    .dot_rows = dot_rows,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .gate = gate,
    .activate = activate,
    .soft_cap = soft_cap,
    .add = add,
    .add_scaled = add_scaled,
    .scale = scale,
    .multiply = multiply_rows,
    .f32_to_f16 = f32_to_f16,
    .f16_to_f32 = f16_to_f32,
    .exp = exp_row,
    .rope_apply = rope_apply,
    .cache_store = cache_store,
    .attend = attend,
    .merge = merge,
};
#undef LAYOUT_ROW
#undef TYPES_OF
#undef TYPES
