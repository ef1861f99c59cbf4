#define _GNU_SOURCE
#include "common.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

struct settings settings = {.threads = 1, .megabytes = 256, .columns = 4096, .prompt = 128, .isa = -1};

bool measured(int isa) {
    bool wanted = settings.isa >= 0 ? isa == settings.isa : isa != SHOAL_ISA_SCALAR;
    return wanted && shoal_isa_force(isa);
}

void *allocate(size_t bytes) {
    const size_t page = 1 << 21, whole = (bytes + page - 1) / page * page;
    void *memory = aligned_alloc(page, whole);
    if (memory == NULL) {
        fprintf(stderr, "kernel-benchmarks: no %zu bytes of memory; ask for fewer with --megabytes\n", whole);
        exit(1);
    }
#if defined(__linux__)
    madvise(memory, whole, MADV_HUGEPAGE);
#endif
    return memset(memory, 0x2c, whole);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double run(void *(*body)(void *), void *works, size_t size) {
    pthread_t handles[MOST_THREADS];
    double start = seconds();
    for (size_t i = 1; i < settings.threads; i++) {
        if (pthread_create(&handles[i], NULL, body, (char *)works + i * size) != 0) {
            fprintf(stderr, "kernel-benchmarks: the system gives no more than %zu threads\n", i);
            exit(1);
        }
    }
    body(works);
    for (size_t i = 1; i < settings.threads; i++) pthread_join(handles[i], NULL);
    return seconds() - start;
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

double median(double *values) {
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

struct reading {
    const uint8_t *bytes;
    size_t count;
    uint64_t sum;
};

/// Eight sums, nothing asked for ahead.
static void *sum(void *argument) {
    struct reading *reading = argument;
    typedef uint64_t words __attribute__((vector_size(64)));
    const words *place = (const words *)reading->bytes;
    words sums[8] = {0};
    for (size_t i = 0; i + 8 <= reading->count / sizeof(words); i += 8) {
        for (size_t j = 0; j < 8; j++) sums[j] += place[i + j];
    }
    for (size_t j = 0; j < 8; j++) reading->sum += sums[j][0] + sums[j][5];
    return NULL;
}

double read_plainly(const void *bytes, size_t count) {
    struct reading readings[MOST_THREADS];
    for (size_t i = 0; i < settings.threads; i++) {
        size_t first = count / 64 * i / settings.threads * 64;
        readings[i] = (struct reading){(const uint8_t *)bytes + first, count / settings.threads, 0};
    }
    double time = run(sum, readings, sizeof *readings);
    for (size_t i = 0; i < settings.threads; i++) __asm__ volatile("" ::"r"(readings[i].sum));
    return time;
}
