// Blocks to panels of 16 rows (layouts.h).
#include "codes.h"
#include "kernels.h"
#include "layouts.h"

/// Packs one block of columns of up to 16 rows, `row_bytes` apart. The panel block is zero before.
typedef void pack_function(const uint8_t *block, size_t row_bytes, size_t rows, uint8_t *out);

static void pack_2(const uint8_t *block, size_t row_bytes, size_t rows, uint8_t *out) {
    for (size_t row = 0; row < rows; row++) memcpy(out + 2 * row, block + row * row_bytes, 2);
}

static void pack_4(const uint8_t *block, size_t row_bytes, size_t rows, uint8_t *out) {
    for (size_t row = 0; row < rows; row++) memcpy(out + 4 * row, block + row * row_bytes, 4);
}

/// Four codes of one chunk, and their place in the lane.
LAYOUT_INLINE uint32_t chunk_of(const uint8_t *codes, int chunk) {
    uint32_t word;
    memcpy(&word, codes + 4 * chunk, 4);
    return word;
}

LAYOUT_INLINE void put_chunk(uint32_t word, uint8_t *out) { memcpy(out, &word, 4); }

LAYOUT_INLINE void put_pairs(const uint8_t *codes, int shift, uint8_t *out) {
    for (int half = 0; half < 2; half++) {
        uint32_t word = 0;
        for (int c = 0; c < 4; c++) word |= ((chunk_of(codes, 4 * half + c) >> shift) & 0x03030303) << (2 * c);
        put_chunk(word, out + 64 * half);
    }
}

/// Puts 32 codes in their places; `out` is the lane's first byte.
LAYOUT_INLINE void put_codes(const struct layout layout, const uint8_t *codes, uint8_t *out) {
    if (layout.low == 8) {
        for (int k = 0; k < 8; k++) put_chunk(chunk_of(codes, k), out + 64 * k);
    } else if (layout.low == 4) {
        for (int k = 0; k < 4; k++) {
            put_chunk((chunk_of(codes, k) & 0x0f0f0f0f) | (chunk_of(codes, k + 4) & 0x0f0f0f0f) << 4, out + 64 * k);
        }
    } else {
        put_pairs(codes, 0, out);
    }
    uint8_t *high = out + layout_low_bytes(layout);
    if (layout.high == 1) {
        uint32_t word = 0;
        for (int k = 0; k < 8; k++) word |= ((chunk_of(codes, k) >> layout.low) & 0x01010101) << k;
        put_chunk(word, high);
    } else if (layout.high == 2) {
        put_pairs(codes, layout.low, high);
    }
}

LAYOUT_INLINE void pack_runs(
    const struct layout layout, void (*run_of)(const void *block, int run, struct run *out), const uint8_t *block,
    size_t row_bytes, size_t rows, uint8_t *out) {
    for (size_t row = 0; row < rows; row++, block += row_bytes) {
        for (int r = 0; r < layout_runs(layout); r++) {
            struct run run;
            run_of(block, r, &run);
            put_codes(layout, run.codes, out + layout_codes(layout, r) + 4 * row);
            if (layout.exponent) out[(size_t)layout_scales(layout) + row] = (uint8_t)run.scale;
            else memcpy(out + layout_scales(layout) + 2 * row, &run.scale, 2);
            if (layout.minimums) memcpy(out + layout_minimums(layout) + 2 * row, &run.minimum, 2);
            for (int group = 0; group < layout.groups; group++) {
                out[(size_t)layout_group_scales(layout, r, group) + row] = (uint8_t)run.scales[group];
                if (layout.minimums) {
                    uint8_t minimum = layout.shared ? (uint8_t)(run.minimums[group] << 4) : run.minimums[group];
                    out[(size_t)layout_group_minimums(layout, r, group) + row] |= minimum;
                }
            }
        }
    }
}

#define PACK(name, type, ...) \
    static void pack_##name(const uint8_t *block, size_t row_bytes, size_t rows, uint8_t *out) { \
        pack_runs(layout_##name, run_of_##name, block, row_bytes, rows, out); \
    }
SHOAL_LAYOUTS(PACK)

static pack_function *pack_of(uint32_t type) {
    switch (type) {
    case SHOAL_TYPE_F32: return pack_4;
    case SHOAL_TYPE_F16:
    case SHOAL_TYPE_BF16: return pack_2;
#define PACK_CASE(name, type, ...) \
    case type: return pack_##name;
        SHOAL_LAYOUTS(PACK_CASE)
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
            memset(to, 0, format->panel_bytes);
            pack(from, row_bytes, count, to);
        }
    }
}
