// Grids of the IQ types (grids.c). A code is two bytes: eight values of two bits, or four of four bits, the first at the bottom.
#ifndef SHOAL_GRIDS_H
#define SHOAL_GRIDS_H

#include <stdint.h>

extern const uint16_t shoal_grid_iq2_xxs[256];
extern const uint16_t shoal_grid_iq2_xs[512];
extern const uint16_t shoal_grid_iq2_s[1024];
/// IQ1_S and IQ1_M: value - 1.
extern const uint16_t shoal_grid_iq1[2048];
extern const uint16_t shoal_grid_iq3_xxs[256];
extern const uint16_t shoal_grid_iq3_s[512];

#endif
