#include "CMappings.h"

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

void shoal_return_freed_memory(void) {
#if defined(__GLIBC__)
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}
