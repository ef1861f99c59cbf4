/// What the fuzzer needs below Swift: counting memory, and libFuzzer where the program was linked with it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether memory is counted: with glibc, and without a sanitizer's allocator.
bool fuzz_memory_is_counted(void);

/// Begins a measurement: the highest is what is in use now.
void fuzz_memory_mark(void);

/// How many bytes more than at the last mark were in use at the highest, on all threads: malloc's blocks and anonymous mappings.
int64_t fuzz_memory_highest(void);

/// Whether libFuzzer is linked in.
bool fuzz_has_libfuzzer(void);

/// Runs libFuzzer's own loop with its command line, which ends the process or returns its exit status.
int fuzz_run_libfuzzer(int *count, char ***arguments, int (*test)(const uint8_t *bytes, size_t size));
