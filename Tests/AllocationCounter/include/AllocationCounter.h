// Counts what threads allocate, for tests: takes the place of the C library's functions in the program it is linked into.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Threads that can be told apart: counters 0..<ALLOCATION_COUNTERS.
#define ALLOCATION_COUNTERS 16

/// Whether allocations are counted here: on Linux with glibc.
bool allocation_counter_works(void);
/// From now on counts what the calling thread allocates in `counter`; a negative one is none, as in the beginning.
void allocation_counter_use(int32_t counter);
/// What was counted, and sets the counter to zero. From any thread.
int64_t allocation_counter_take(int32_t counter);
