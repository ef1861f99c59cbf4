#define _GNU_SOURCE
#include "include/FuzzRuntime.h"
#include <stdatomic.h>

// LLVM's compiler-rt, lib/fuzzer/FuzzerInterface.h; there only where Deploy/fuzz links it.
extern int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*test)(const uint8_t *, size_t)) __attribute__((weak));

bool fuzz_has_libfuzzer(void) { return LLVMFuzzerRunDriver != NULL; }

int fuzz_run_libfuzzer(int *count, char ***arguments, int (*test)(const uint8_t *bytes, size_t size)) {
    return LLVMFuzzerRunDriver == NULL ? 2 : LLVMFuzzerRunDriver(count, arguments, test);
}

static _Atomic int64_t used, highest;
static int64_t marked;

void fuzz_memory_mark(void) {
    marked = atomic_load(&used);
    atomic_store(&highest, marked);
}

int64_t fuzz_memory_highest(void) { return atomic_load(&highest) - marked; }

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__linux__) && defined(__GLIBC__) && !defined(SANITIZED)
#include <errno.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// The names under which glibc keeps its own when a program defines these (malloc/malloc.c: "Replacing malloc" in its manual).
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

bool fuzz_memory_is_counted(void) { return true; }

static void count(int64_t bytes) {
    int64_t now = atomic_fetch_add_explicit(&used, bytes, memory_order_relaxed) + bytes;
    int64_t before = atomic_load_explicit(&highest, memory_order_relaxed);
    while (now > before &&
           !atomic_compare_exchange_weak_explicit(&highest, &before, now, memory_order_relaxed, memory_order_relaxed)) {
    }
}

static void *counted(void *memory) {
    if (memory != NULL) count((int64_t)malloc_usable_size(memory));
    return memory;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t number, size_t size) { return counted(__libc_calloc(number, size)); }

void *realloc(void *old, size_t size) {
    int64_t before = old == NULL ? 0 : (int64_t)malloc_usable_size(old);
    void *memory = __libc_realloc(old, size);
    if (memory == NULL && size > 0) return NULL;
    count(-before);
    return counted(memory);
}

void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *memory = counted(__libc_memalign(alignment, size));
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

void free(void *memory) {
    if (memory == NULL) return;
    count(-(int64_t)malloc_usable_size(memory));
    __libc_free(memory);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    void *memory = (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
    if (memory != MAP_FAILED && (flags & MAP_ANONYMOUS) != 0) count((int64_t)length);
    return memory;
}

// Only what this program mapped without a file is unmapped while inputs run: the buffers of Sources/Tensors.
int munmap(void *address, size_t length) {
    int result = (int)syscall(SYS_munmap, address, length);
    if (result == 0) count(-(int64_t)length);
    return result;
}
#else
bool fuzz_memory_is_counted(void) { return false; }
#endif
