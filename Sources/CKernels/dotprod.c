// AArch64 with dot products of bytes (Cortex-A55, A75 and later: Raspberry Pi 5, phones): `sdot` adds four columns of four rows.
#pragma STDC FP_CONTRACT OFF
#if defined(__aarch64__)
#include "blocks.h"
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define ATTENTION_SUMS 4
#define TOKEN_TILE 8
#define SLICE 4
#define DOTS_AS_FLOATS 1
#define DECODE_TILE 1
#define DECODE_SLICES 8
#include "sdot.h"

#include "decode.h"

#define TABLE shoal_kernels_dotprod
#include "table.h"

#pragma clang attribute pop
#endif
