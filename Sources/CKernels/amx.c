// Whether AMX can be trusted here: it was written without a machine that has it, so every process compares it with AVX-512 first.
#pragma STDC FP_CONTRACT OFF
#if defined(__x86_64__)
#include "kernels.h"
#include "layouts.h"
#include "processor.h"

#include <string.h>

enum { COLUMNS = 512, TOKENS = 16, ROWS = 17, PANELS = 2 };

static multiply_function *multiply_of(const struct kernels *kernels, uint32_t type) {
    const struct type_kernels *entry = kernels->types;
    while (entry->type != type) entry++;
    return entry->multiply;
}

/// Any bytes, with finite scales that are not too far from 1.
static void fill_panels(struct layout layout, size_t blocks, uint8_t *panels) {
    uint32_t state = 1;
    for (size_t i = 0; i < blocks * (size_t)layout_bytes(layout); i++) {
        state = state * 1664525 + 1013904223;  // Knuth and Lewis, in Numerical Recipes 7.1
        panels[i] = (uint8_t)(state >> 24);
    }
    for (size_t b = 0; b < blocks; b++, panels += layout_bytes(layout)) {
        for (int lane = 0; lane < SHOAL_PANEL_ROWS; lane++) {
            uint8_t *scale = panels + layout_scales(layout), *minimum = panels + layout_minimums(layout);
            if (layout.exponent) scale[lane] = 112 + scale[lane] % 16;
            else scale[2 * lane + 1] &= 0xbf;  // below 2
            if (layout.minimums) minimum[2 * lane + 1] &= 0xbf;
        }
    }
}

static bool equals_avx512(struct layout layout, uint32_t type, const struct shoal_activation_block *x) {
    const size_t columns = layout.groups > 0 ? COLUMNS : COLUMNS / 2 + 32, blocks = columns / 32 / (size_t)layout_runs(layout);
    uint8_t panels[PANELS * COLUMNS * SHOAL_PANEL_ROWS];
    if (PANELS * blocks * (size_t)layout_bytes(layout) > sizeof panels) return false;
    fill_panels(layout, PANELS * blocks, panels);
    float found[TOKENS * ROWS] = {0}, expected[TOKENS * ROWS] = {0};
    multiply_of(&shoal_kernels_amx, type)(panels, ROWS, columns, 0, PANELS, x, TOKENS, found, ROWS);
    multiply_of(&shoal_kernels_avx512, type)(panels, ROWS, columns, 0, PANELS, x, TOKENS, expected, ROWS);
    return memcmp(found, expected, sizeof found) == 0;
}

static bool equals_avx512_everywhere(void) {
    struct shoal_activation_block x[TOKENS * COLUMNS / 32];
    for (size_t b = 0; b < sizeof x / sizeof *x; b++) {
        float values[32];
        for (size_t i = 0; i < 32; i++) values[i] = (float)((b * 32 + i) * 2654435761u % 2039) - 1019;
        shoal_kernels_avx512.quantize_activations(values, 32, x + b);
    }
    bool equal = true;
#define CHECK(name, type, ...) equal = equal && equals_avx512(layout_##name, type, x);
    SHOAL_LAYOUTS(CHECK)
    return equal;
}

const char *shoal_amx_refusal(void) {
    if (!shoal_processor_permits_amx()) return "amx: the operating system does not permit its tiles (Linux does from 5.16)";
    if (!equals_avx512_everywhere()) return "amx: its products differ from those of avx512; please report this processor";
    return NULL;
}
#endif
