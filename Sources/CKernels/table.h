// The end of every wide instruction set's file: its table. TABLE names it.
static const struct type_kernels types[] = {
    {SHOAL_TYPE_F32, dequantize_f32, multiply_f32},
    {SHOAL_TYPE_F16, dequantize_f16, multiply_f16},
    {SHOAL_TYPE_BF16, dequantize_bf16, multiply_bf16},
    {SHOAL_TYPE_Q4_0, dequantize_q4_0, multiply_q4_0},
    {SHOAL_TYPE_Q4_1, dequantize_q4_1, multiply_q4_1},
    {SHOAL_TYPE_Q8_0, dequantize_q8_0, multiply_q8_0},
    {SHOAL_TYPE_Q6_K, dequantize_q6_k, NULL},
    {0, NULL, NULL},
};

const struct kernels TABLE = {
    .types = types,
    .quantize_activations = quantize_activations,
    .dot_rows = dot_rows,
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .add = add,
    .f32_to_f16 = f32_to_f16,
    .f16_to_f32 = f16_to_f32,
    .exp = exp_row,
    .rope_apply = rope_apply,
    .cache_store = cache_store,
    .attend = attend,
};
