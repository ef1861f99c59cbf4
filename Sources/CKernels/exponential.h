// Constants of e^x in float: x = n ln 2 + r, |r| <= ln 2 / 2, e^x = 2^n p(r). p: polynomial with p(0) = p'(0) = 1, fitted to the
// least largest relative error (4e-9, far under the rounding of its seven fma). ln 2 in two parts, the first with enough zeros that n * it is exact.
#ifndef SHOAL_EXPONENTIAL_H
#define SHOAL_EXPONENTIAL_H

#define EXP_HIGH 88.0f   // e^88 = 1.65e38 is still finite
#define EXP_LOW -87.0f   // below, the result is zero
#define EXP_LOG2E 0x1.715476p+0f
#define EXP_LN2_HIGH -0x1.62e4p-1f
#define EXP_LN2_LOW -0x1.7f7d1cp-20f
#define EXP_P2 0.5f
#define EXP_P3 0x1.5554a2p-3f
#define EXP_P4 0x1.55568ap-5f
#define EXP_P5 0x1.12300ap-7f
#define EXP_P6 0x1.6b6df8p-10f

#endif
