// What processors of x86-64 and their systems offer that the compiler's runtime may not know. Private to this module.
#ifndef SHOAL_PROCESSOR_H
#define SHOAL_PROCESSOR_H

#include <stdbool.h>

/// The processor's family, as its maker numbers them (extended family included).
int shoal_processor_family(void);
/// Whether the processor has AVX-VNNI: `vpdpbusd` over registers of AVX.
bool shoal_processor_has_avxvnni(void);
/// Whether the processor has AMX with tiles of bytes.
bool shoal_processor_has_amx(void);
/// Asks the operating system to let this process use tiles, from now on and in all threads; whether it does.
bool shoal_processor_permits_amx(void);

#endif
