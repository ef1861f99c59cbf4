/// What the system tells C alone: files that shrink while they are mapped, what becomes of memory that was freed, a thread's time.
///
/// Reading a page of a mapping whose file no longer reaches there raises SIGBUS, which ends the process. For mappings that are guarded here a
/// handler puts zeros in the place of what is gone, from that page to the mapping's end, and marks the mapping as damaged: whoever reads it
/// looks for the mark afterwards, and uses nothing that came of it. Other SIGBUS goes to the handler that was there before.
#ifndef SHOAL_CMAPPINGS_H
#define SHOAL_CMAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct shoal_guarded_mapping shoal_guarded_mapping;

/// Guards a read-only mapping, which begins at a page. NULL where there is no memory for it: the mapping is then not guarded.
shoal_guarded_mapping *shoal_mapping_guard(const void *base, size_t size);

/// Ends the guarding, to be called before the memory is unmapped.
void shoal_mapping_release(shoal_guarded_mapping *mapping);

/// Whether a page was gone when it was read.
bool shoal_mapping_is_damaged(const shoal_guarded_mapping *mapping);

/// How many pages were found gone so far, in all mappings: as long as it stays the same, none needs to be looked at.
uint64_t shoal_mapping_damages(void);

/// Has the C library give freed memory back to the system where it would keep it (glibc), from now on.
void shoal_return_freed_memory(void);

/// The processor time that the calling thread has taken, in seconds; 0 where the system does not say.
double shoal_thread_seconds(void);

#endif
