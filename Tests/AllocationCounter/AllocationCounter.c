#define _GNU_SOURCE
#include "include/AllocationCounter.h"
#include <stdatomic.h>

static _Atomic int64_t counters[ALLOCATION_COUNTERS];
// Zero is none: the memory of a new thread is all zero, and nothing here may allocate.
static _Thread_local int32_t used;

void allocation_counter_use(int32_t counter) { used = counter >= 0 && counter < ALLOCATION_COUNTERS ? counter + 1 : 0; }

int64_t allocation_counter_take(int32_t counter) {
    return counter >= 0 && counter < ALLOCATION_COUNTERS ? atomic_exchange(&counters[counter], 0) : 0;
}

// A sanitizer has an allocator of its own, which must see every call.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__linux__) && defined(__GLIBC__) && !defined(SANITIZED)
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

// The names under which glibc keeps its own when a program defines these (malloc/malloc.c: "Replacing malloc" in its manual).
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

bool allocation_counter_works(void) { return true; }

static void count(void) {
    if (used > 0) atomic_fetch_add_explicit(&counters[used - 1], 1, memory_order_relaxed);
}

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    count();
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    count();
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

typedef void *map_function(void *, size_t, int, int, int, off_t);

// The C library's, or that of what is preloaded.
static map_function *_Atomic next_map;

__attribute__((constructor)) static void find_next_map(void) { next_map = (map_function *)dlsym(RTLD_NEXT, "mmap"); }

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    count();
    if (!next_map) find_next_map();
    return next_map(address, length, protection, flags, file, offset);
}
#else
bool allocation_counter_works(void) { return false; }
#endif
