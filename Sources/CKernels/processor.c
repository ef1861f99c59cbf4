// CPUID (Intel's manual, volume 2A) and Linux's permission for AMX (Documentation/arch/x86/xstate.rst).
#if defined(__x86_64__)
#include "processor.h"

#include <cpuid.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

int shoal_processor_family(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    int base = a >> 8 & 15, extended = a >> 20 & 255;
    return base == 15 ? base + extended : base;
}

bool shoal_processor_has_avxvnni(void) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

bool shoal_processor_has_amx(void) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 24 & 1) && (d >> 25 & 1);
}

bool shoal_processor_permits_amx(void) {
#if defined(__linux__)
    const int request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return false;
#endif
}
#endif
