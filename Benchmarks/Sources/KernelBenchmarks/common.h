// What the groups of measurements share: settings, threads and clocks, the roofs that shares are of.
#ifndef KERNEL_BENCHMARKS_COMMON_H
#define KERNEL_BENCHMARKS_COMMON_H

#include "ckernels.h"

enum { ROUNDS = 5, MOST_THREADS = 64 };

struct settings {
    size_t threads, megabytes, columns, prompt;
    int isa;  // the only one to measure, or -1: all that this processor has but scalar C
};

extern struct settings settings;

/// Whether an instruction set is to be measured; it is in use from then on.
bool measured(int isa);

/// Memory in large pages, as the engine's own buffers, all bytes 0x2c: floats and halves of these bytes are ordinary numbers.
void *allocate(size_t bytes);

/// Seconds of `body` on all threads at once, each with its own of `works`, `size` bytes apart.
double run(void *(*body)(void *), void *works, size_t size);

/// The middle one of ROUNDS values, which it sorts.
double median(double *values);

/// Seconds of plain reading: all threads, each its part of the bytes.
double read_plainly(const void *bytes, size_t count);

/// Multiply-adds a second of registers alone, on all threads, of int8 or else of f32: measured again now, and the best so far, for what
/// disturbs a loop only slows it. 0 where no loop is known.
double peak(int isa, bool integers);
/// The share in percent that 10^9 * `rate` has of a peak, which may not be known (0).
const char *share_of_peak(double rate, double peak);

/// The groups, each with its own table.
void measure_peaks(void);
/// Of types by name, or of all with `count` 0.
void measure_products(const char *const *names, size_t count);
bool is_product(const char *name);
void measure_attention(void);
void measure_rows(void);

#endif
