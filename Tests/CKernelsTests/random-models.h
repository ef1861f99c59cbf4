// Models of random weights, and their passes compared; a part of equal-bits.c.
#ifndef RANDOM_MODELS_H
#define RANDOM_MODELS_H

/// What is to be freed after a model's passes.
static void *kept[256];
static size_t kept_count;

static void *keep(void *place) {
    if (kept_count == sizeof kept / sizeof *kept) exit(2);
    return kept[kept_count++] = place;
}

static const float *vector(size_t count, float limit) { return keep(floats(count, limit)); }

/// Norms' weights: around one.
static const float *norm(size_t count) {
    float *weights = keep(floats(count, 0.3f));
    for (size_t i = 0; i < count; i++) weights[i] += 1;
    return weights;
}

static struct forward_matrix matrix(uint32_t type, size_t rows, size_t columns) {
    const struct fields *fields = all;
    while (fields->type != type) fields++;
    const size_t blocks = rows * columns / shoal_format_of(type)->block_elements, panels = (rows + 15) / 16;
    uint8_t *raw = memory(blocks * shoal_format_of(type)->block_bytes);
    uint8_t *packed = keep(memory(panels * shoal_panel_bytes(type, columns)));
    fill(fields, raw, blocks, 0);
    shoal_pack(type, raw, rows, columns, 0, panels, packed);
    free(raw);
    return (struct forward_matrix){packed, type, rows, columns};
}

static struct forward_layer layer(const struct forward_model *model, uint32_t type) {
    const struct forward_form *form = model->form;
    const size_t width = model->width, inner = model->inner, size = model->head_size;
    const size_t q_width = model->heads * size, kv_width = model->key_value_heads * size;
    struct forward_layer layer = {
        .attention_norm = norm(width), .feed_forward_norm = norm(width), .query = matrix(type, q_width, width),
        .key = matrix(type, kv_width, width), .value = matrix(type, kv_width, width), .output = matrix(type, width, q_width)};
    if (form->layer_norm) layer.attention_norm_bias = vector(width, 0.5f);
    if (form->after_norms) layer.after_attention_norm = norm(width), layer.after_feed_forward_norm = norm(width);
    if (form->head_norms) layer.query_norm = norm(size), layer.key_norm = norm(size);
    if (form->sinks) layer.sinks = vector(model->heads, 2);
    if (form->experts) layer.router = matrix(SHOAL_TYPE_F32, FORWARD_EXPERTS, width), layer.router_bias = vector(FORWARD_EXPERTS, 1);
    for (size_t e = 0; e < (form->experts ? FORWARD_EXPERTS : 1); e++) {
        if (form->gated) layer.gate[e] = matrix(type, inner, width);
        layer.up[e] = matrix(type, inner, width), layer.down[e] = matrix(type, width, inner);
        if (!form->biases) continue;
        layer.gate_bias[e] = vector(inner, 1), layer.up_bias[e] = vector(inner, 1), layer.down_bias[e] = vector(width, 1);
    }
    if (form->inputs) {
        layer.input_gate = matrix(type, FORWARD_INPUT, width), layer.input_projection = matrix(type, width, FORWARD_INPUT);
        layer.after_input_norm = norm(width), layer.output_scale = 0.7f;
    }
    if (form->biases) {
        layer.query_bias = vector(q_width, 1), layer.key_bias = vector(kv_width, 1), layer.value_bias = vector(kv_width, 1);
        layer.output_bias = vector(width, 1);
    }
    return layer;
}

/// A model of random weights over more than a page of positions: all at once in scalar C, beside steps of any size with the instruction set.
/// `model`: its form and sizes.
static void passes(int isa, uint32_t type, struct forward_model model) {
    enum { POSITIONS = 100 };
    const char *name = model.form->name;
    model.vocabulary = 72;
    model.embedding = vector(model.vocabulary * model.width, 2), model.norm = norm(model.width);
    if (model.form->layer_norm) model.norm_bias = vector(model.width, 0.5f);
    model.head = matrix(type, model.vocabulary, model.width);
    if (model.form->inputs) {
        const size_t all = FORWARD_LAYERS * FORWARD_INPUT;
        model.input_table = vector(model.vocabulary * all, 2), model.input_norm = norm(FORWARD_INPUT);
        model.input_projection = matrix(type, all, model.width);
    }
    for (size_t l = 0; l < FORWARD_LAYERS; l++) model.layers[l] = layer(&model, type);
    uint32_t tokens[POSITIONS];
    for (size_t i = 0; i < POSITIONS; i++) tokens[i] = next() % (uint32_t)model.vocabulary;
    float *expected = floats(POSITIONS * model.vocabulary, 0), *found = floats(POSITIONS * model.vocabulary, 0);
    const size_t bytes = POSITIONS * model.vocabulary * sizeof(float);
    shoal_isa_force(SHOAL_ISA_SCALAR);
    forward_pass(&model, tokens, POSITIONS, POSITIONS, expected);
    for (size_t i = 0; i < POSITIONS * model.vocabulary; i++) {
        if (isfinite(expected[i])) continue;
        printf("%s: a pass of %s is not finite\n", isa_name, name);
        failures++;
        break;
    }
    shoal_isa_force(isa);
    static const size_t steps[] = {1, 7, POSITIONS};
    for (int i = 0; i < 3; i++) {
        memset(found, 0, bytes);
        forward_pass(&model, tokens, POSITIONS, steps[i], found);
        same(found, expected, bytes, "forward pass", name, steps[i]);
    }
    free(expected), free(found);
    while (kept_count > 0) free(kept[--kept_count]);
}

static void all_passes(int isa) {
    static const struct forward_form llama = {
        .name = "llama", .pairing = SHOAL_ROPE_INTERLEAVED, .rotated_quarters = 4, .function = SHOAL_FUNCTION_SILU, .gated = true};
    // Widths of 160 are no multiple of 256, which the blocks of K types are.
#define SIZES .width = 160, .heads = 5, .key_value_heads = 1, .head_size = 32, .inner = 224
    passes(isa, SHOAL_TYPE_Q4_0, (struct forward_model){.form = &llama, .cache = SHOAL_CACHE_F16, SIZES});
    passes(isa, SHOAL_TYPE_F16, (struct forward_model){.form = &llama, .cache = SHOAL_CACHE_F32, SIZES});
    passes(
        isa, SHOAL_TYPE_Q8_0,
        (struct forward_model){
            .form = &llama, .cache = SHOAL_CACHE_Q8_0, .width = 160, .heads = 5, .key_value_heads = 5, .head_size = 32, .inner = 224});
    passes(
        isa, SHOAL_TYPE_Q4_K,
        (struct forward_model){
            .form = &llama, .cache = SHOAL_CACHE_F16, .width = 256, .heads = 4, .key_value_heads = 2, .head_size = 64, .inner = 512});
    // Gemma 2 and 3, and the values' norm of Gemma 4.
    static const struct forward_form gemma = {
        .name = "gemma", .after_norms = true, .head_norms = true, .scaled_embedding = true, .window = 24, .soft_cap = 4,
        .logit_cap = 30, .pairing = SHOAL_ROPE_HALVES, .rotated_quarters = 4, .function = SHOAL_FUNCTION_GELU_TANH, .gated = true};
    passes(
        isa, SHOAL_TYPE_Q4_0,
        (struct forward_model){
            .form = &gemma, .cache = SHOAL_CACHE_F16, .width = 96, .heads = 4, .key_value_heads = 2, .head_size = 40, .inner = 192});
    passes(isa, SHOAL_TYPE_Q8_0, (struct forward_model){.form = &gemma, .cache = SHOAL_CACHE_Q8_0, SIZES});
    // Gemma 4: inputs of each token beside the stream.
    static const struct forward_form gemma4 = {
        .name = "gemma4", .after_norms = true, .head_norms = true, .scaled_embedding = true, .inputs = true, .window = 24,
        .logit_cap = 30, .pairing = SHOAL_ROPE_HALVES, .rotated_quarters = 4, .function = SHOAL_FUNCTION_GELU_TANH, .gated = true};
    passes(isa, SHOAL_TYPE_Q4_0, (struct forward_model){.form = &gemma4, .cache = SHOAL_CACHE_F16, SIZES});
    passes(isa, SHOAL_TYPE_F16, (struct forward_model){.form = &gemma4, .cache = SHOAL_CACHE_F32, SIZES});
    static const struct forward_form gpt_oss = {
        .name = "gpt-oss", .biases = true, .sinks = true, .window = 24, .pairing = SHOAL_ROPE_HALVES, .rotated_quarters = 4,
        .yarn = true, .function = SHOAL_FUNCTION_CLAMPED_SILU, .gated = true, .experts = true};
    passes(isa, SHOAL_TYPE_MXFP4, (struct forward_model){.form = &gpt_oss, .cache = SHOAL_CACHE_F16, SIZES});
    passes(isa, SHOAL_TYPE_F16, (struct forward_model){
        .form = &gpt_oss, .cache = SHOAL_CACHE_F32, .width = 72, .heads = 4, .key_value_heads = 2, .head_size = 20, .inner = 24});
    // Phi 2; StarCoder 2 is the same but for blocks one after the other.
    static const struct forward_form phi = {
        .name = "phi", .layer_norm = true, .biases = true, .parallel = true, .pairing = SHOAL_ROPE_HALVES, .rotated_quarters = 2,
        .function = SHOAL_FUNCTION_GELU_TANH};
    static const struct forward_form starcoder = {
        .name = "starcoder", .layer_norm = true, .biases = true, .pairing = SHOAL_ROPE_HALVES, .rotated_quarters = 4,
        .function = SHOAL_FUNCTION_GELU_ERF};
    passes(isa, SHOAL_TYPE_Q4_1, (struct forward_model){.form = &phi, .cache = SHOAL_CACHE_F16, SIZES});
    passes(isa, SHOAL_TYPE_Q5_0, (struct forward_model){.form = &starcoder, .cache = SHOAL_CACHE_F16, SIZES});
#undef SIZES
}

#endif
