// What tells the types with int8 products apart, as constants, and where everything lies in their panels.
//
// A panel block is 16 rows of one block of columns; a lane is a row. The codes of a run of 32 columns, in this order:
// - low bits: of 4, 256 bytes: byte j of lane r in chunk k (64 bytes) holds column 4k + j in its low and column 16 + 4k + j in its high
//   nibble; of 2, 128 bytes: bits 2c of byte j of lane r in half h hold column 16h + 4c + j; of 8, 512 bytes: column 4k + j.
//   So four bytes of activations, broadcast, meet four columns of every row.
// - high bits: of 1, 64 bytes: bit c of byte j of lane r belongs to column 4c + j; of 2, 128 bytes, as low bits of 2.
// A block of 32 columns is its codes, 16 scales (f16, or bytes of exponents), 16 minimums (f16). A block of 256 columns is 16 scales, 16
// minimums (f16), then for every run one or two times 16 scales of a byte, then as many minimums, then the codes of eight runs.
//
// Panels are kept on disk: who changes a byte of them raises SHOAL_PANEL_VERSION (ckernels.h).
#ifndef SHOAL_LAYOUTS_H
#define SHOAL_LAYOUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum code { CODE_OFFSET, CODE_SIGNED, CODE_TABLE_NL, CODE_TABLE_E2M1 };

struct layout {
    /// Bits of a code, its lower and its upper part.
    int low, high;
    /// How a code becomes a weight: minus `zero`, a signed byte, or through a table.
    enum code code;
    int zero;
    /// Scales of every run in a block of 256 columns; 0 for a block of 32 columns with a scale of its own.
    int groups;
    bool minimums;
    /// The minimums of the runs lie in the upper nibbles of their scales.
    bool shared;
    /// The scale is an exponent.
    bool exponent;
};

// Name, type id, layout.
#define SHOAL_LAYOUTS(X) \
    X(q4_0, SHOAL_TYPE_Q4_0, 4, 0, CODE_OFFSET, 8, 0, false, false, false) \
    X(q4_1, SHOAL_TYPE_Q4_1, 4, 0, CODE_OFFSET, 0, 0, true, false, false) \
    X(q5_0, SHOAL_TYPE_Q5_0, 4, 1, CODE_OFFSET, 16, 0, false, false, false) \
    X(q5_1, SHOAL_TYPE_Q5_1, 4, 1, CODE_OFFSET, 0, 0, true, false, false) \
    X(q8_0, SHOAL_TYPE_Q8_0, 8, 0, CODE_SIGNED, 0, 0, false, false, false) \
    X(q2_k, SHOAL_TYPE_Q2_K, 2, 0, CODE_OFFSET, 0, 2, true, true, false) \
    X(q3_k, SHOAL_TYPE_Q3_K, 2, 1, CODE_OFFSET, 4, 2, false, false, false) \
    X(q4_k, SHOAL_TYPE_Q4_K, 4, 0, CODE_OFFSET, 0, 1, true, false, false) \
    X(q5_k, SHOAL_TYPE_Q5_K, 4, 1, CODE_OFFSET, 0, 1, true, false, false) \
    X(q6_k, SHOAL_TYPE_Q6_K, 4, 2, CODE_OFFSET, 32, 2, false, false, false) \
    X(iq4_nl, SHOAL_TYPE_IQ4_NL, 4, 0, CODE_TABLE_NL, 0, 0, false, false, false) \
    X(iq4_xs, SHOAL_TYPE_IQ4_XS, 4, 0, CODE_TABLE_NL, 0, 1, false, false, false) \
    X(mxfp4, SHOAL_TYPE_MXFP4, 4, 0, CODE_TABLE_E2M1, 0, 0, false, false, true)

#define SHOAL_LAYOUT(name, type, ...) static const struct layout layout_##name __attribute__((unused)) = {__VA_ARGS__};
SHOAL_LAYOUTS(SHOAL_LAYOUT)
#undef SHOAL_LAYOUT

#define LAYOUT_INLINE static inline __attribute__((always_inline, unused))

/// Runs of 32 columns in a block.
LAYOUT_INLINE int layout_runs(struct layout layout) { return layout.groups > 0 ? 8 : 1; }
/// Bytes of the low, of the high, and of all bits of a run.
LAYOUT_INLINE int layout_low_bytes(struct layout layout) { return 64 * layout.low; }
LAYOUT_INLINE int layout_code_bytes(struct layout layout) { return 64 * (layout.low + layout.high); }

/// Places in a panel block: the codes of a run, the f16 scales and minimums, the byte scales and minimums of a run's group.
LAYOUT_INLINE int layout_scales(struct layout layout) { return layout.groups > 0 ? 0 : layout_code_bytes(layout); }
LAYOUT_INLINE int layout_minimums(struct layout layout) { return layout_scales(layout) + (layout.exponent ? 16 : 32); }
LAYOUT_INLINE int layout_group_scales(struct layout layout, int run, int group) {
    return (layout.minimums ? 64 : 32) + 16 * (layout.groups * run + group);
}
LAYOUT_INLINE int layout_group_minimums(struct layout layout, int run, int group) {
    return layout_group_scales(layout, run, group) + (layout.shared ? 0 : 128 * layout.groups);
}
LAYOUT_INLINE int layout_codes(struct layout layout, int run) {
    if (layout.groups == 0) return 0;
    int tables = layout.minimums && !layout.shared ? 2 : 1;
    return (layout.minimums ? 64 : 32) + 128 * layout.groups * tables + run * layout_code_bytes(layout);
}
/// Bytes of a panel block.
LAYOUT_INLINE int layout_bytes(struct layout layout) {
    if (layout.groups == 0) return layout_minimums(layout) + (layout.minimums ? 32 : 0);
    return layout_codes(layout, 8);
}

/// The tables of IQ4_NL and IQ4_XS, and of e2m1 doubled (ggml-common.h: kvalues_iq4nl, kvalues_mxfp4).
static const int8_t shoal_table_nl[16] __attribute__((unused)) = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
static const int8_t shoal_table_e2m1[16] __attribute__((unused)) = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// The weight that a code stands for, without its scale.
LAYOUT_INLINE int layout_weight(struct layout layout, uint8_t code) {
    switch (layout.code) {
    case CODE_OFFSET: return code - layout.zero;
    case CODE_SIGNED: return (int8_t)code;
    case CODE_TABLE_NL: return shoal_table_nl[code];
    case CODE_TABLE_E2M1: return shoal_table_e2m1[code];
    }
}

#endif
