// Processors that threads run on: calls that Swift does not see, because they are GNU extensions.
#define _GNU_SOURCE
#include "include/ckernels.h"

#if defined(__linux__)
#include <sched.h>

size_t shoal_affinity(int32_t *processors, size_t capacity) {
    static const size_t most = 8192;  // more than any kernel is configured for
    cpu_set_t *set = CPU_ALLOC(most);
    if (set == NULL) return 0;
    size_t size = CPU_ALLOC_SIZE(most), count = 0;
    if (sched_getaffinity(0, size, set) == 0) {
        for (size_t processor = 0; processor < most && count < capacity; processor++) {
            if (CPU_ISSET_S(processor, size, set)) processors[count++] = (int32_t)processor;
        }
    }
    CPU_FREE(set);
    return count;
}

void shoal_pin(int32_t processor) {
    static const size_t most = 8192;
    cpu_set_t *set = processor >= 0 && (size_t)processor < most ? CPU_ALLOC(most) : NULL;
    if (set == NULL) return;
    CPU_ZERO_S(CPU_ALLOC_SIZE(most), set);
    CPU_SET_S((size_t)processor, CPU_ALLOC_SIZE(most), set);
    sched_setaffinity(0, CPU_ALLOC_SIZE(most), set);
    CPU_FREE(set);
}
#else
void shoal_pin(int32_t processor) { (void)processor; }

size_t shoal_affinity(int32_t *processors, size_t capacity) {
    (void)processors, (void)capacity;
    return 0;
}
#endif
