// Constants of tanh, the normal distribution and the logarithm in float. The polynomials were fitted to the least largest relative error of
// the whole function, coefficient by coefficient rounded to float; what is left is far under the rounding of the operations.
#ifndef SHOAL_POLYNOMIALS_H
#define SHOAL_POLYNOMIALS_H

// tanh a = a + a^3 p(a^2), 0 <= a < TANH_SMALL, to 5e-9. From there on 1 - 2 / (e^2a + 1) loses nothing.
#define TANH_SMALL 0.625f
#define TANH_P0 -0x1.555532p-2f
#define TANH_P1 0x1.1106f6p-3f
#define TANH_P2 -0x1.b835a4p-5f
#define TANH_P3 0x1.51f8cep-6f
#define TANH_P4 -0x1.750ce2p-8f

// The probability that a normal variable is above a >= 0: e^(-a^2 / 2) t p(t), t = 1 / (1 + TAIL_T a), to 5e-9. Beyond TAIL_END it is zero
// in float.
#define TAIL_END 16.0f
#define TAIL_T 0.296875f
#define TAIL_P0 0x1.e52474p-4f
#define TAIL_P1 0x1.e46416p-4f
#define TAIL_P2 0x1.c250dap-4f
#define TAIL_P3 0x1.32b698p-4f
#define TAIL_P4 0x1.b77d5ap-4f
#define TAIL_P5 -0x1.974330p-4f
#define TAIL_P6 0x1.c1c0b2p-3f
#define TAIL_P7 -0x1.f37e9ep-3f
#define TAIL_P8 0x1.d8f002p-4f
#define TAIL_P9 -0x1.50f940p-6f

// ln(1 + e) = 2 s + s^3 p(s^2), s = e / (2 + e), 0 <= e <= 1, to 5e-9.
#define LOG1P_P0 0x1.555502p-1f
#define LOG1P_P1 0x1.99d1ccp-2f
#define LOG1P_P2 0x1.1ec042p-2f
#define LOG1P_P3 0x1.1eca06p-2f

// GeLU's approximation by tanh (Hendrycks and Gimpel): 2 sqrt(2 / pi), and 0.044715 times that.
#define GELU_LINEAR 1.59576912160573f
#define GELU_CUBIC 0.0713548162726009f

#endif
