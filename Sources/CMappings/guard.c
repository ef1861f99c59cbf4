#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE

#include "CMappings.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

/// A place in the table. It is read by the handler on any thread, without a lock: `version` is odd while the others change.
struct shoal_guarded_mapping {
    _Atomic uint64_t version;
    _Atomic uintptr_t base;
    /// 0: the place is free.
    _Atomic size_t size;
    atomic_bool damaged;
};

enum { PLACES = 256 };

/// The table grows by blocks, which are never freed: the handler may be reading them.
struct block {
    struct shoal_guarded_mapping places[PLACES];
    struct block *_Atomic next;
};

static struct block first;
static _Atomic uint64_t damages;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sigaction previous;
static uintptr_t page_size;

/// The guarded mapping that an address is in. The caller reads that mapping, so that its place stays as it is meanwhile.
static struct shoal_guarded_mapping *find(uintptr_t address, uintptr_t *end) {
    for (struct block *block = &first; block; block = atomic_load(&block->next)) {
        for (int index = 0; index < PLACES; index++) {
            struct shoal_guarded_mapping *place = &block->places[index];
            uint64_t version = atomic_load(&place->version);
            uintptr_t base = atomic_load(&place->base);
            size_t size = atomic_load(&place->size);
            if (version % 2 || atomic_load(&place->version) != version) continue;
            // The last page is mapped whole.
            uintptr_t limit = (base + size + page_size - 1) / page_size * page_size;
            if (size && address >= base && address < limit) {
                *end = limit;
                return place;
            }
        }
    }
    return NULL;
}

/// Calls nothing but what a handler may; mmap is a system call and takes no lock of the process.
static void handle(int number, siginfo_t *info, void *context) {
    int saved = errno;
    if (info->si_code == BUS_ADRERR) {
        uintptr_t page = (uintptr_t)info->si_addr / page_size * page_size, end;
        struct shoal_guarded_mapping *place = find(page, &end);
        if (place) {
            atomic_store(&place->damaged, true);
            atomic_fetch_add(&damages, 1);
            void *zeros =
                mmap((void *)page, end - page, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
            if (zeros != MAP_FAILED) {
                errno = saved;
                return;
            }
        }
    }
    errno = saved;
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(number, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(number);
    } else {
        // The instruction runs again, and the signal then ends the process.
        sigaction(number, &previous, NULL);
    }
}

static void install(void) {
    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous);
}

static struct shoal_guarded_mapping *free_place(void) {
    struct block *block = &first;
    for (;;) {
        for (int index = 0; index < PLACES; index++) {
            if (!atomic_load(&block->places[index].size)) return &block->places[index];
        }
        struct block *next = atomic_load(&block->next);
        if (!next) {
            next = calloc(1, sizeof *next);
            if (!next) return NULL;
            atomic_store(&block->next, next);
        }
        block = next;
    }
}

static void set(struct shoal_guarded_mapping *place, uintptr_t base, size_t size) {
    atomic_fetch_add(&place->version, 1);
    atomic_store(&place->base, base);
    atomic_store(&place->size, size);
    atomic_store(&place->damaged, false);
    atomic_fetch_add(&place->version, 1);
}

shoal_guarded_mapping *shoal_mapping_guard(const void *base, size_t size) {
    if (!size) return NULL;
    pthread_once(&once, install);
    pthread_mutex_lock(&lock);
    struct shoal_guarded_mapping *place = free_place();
    if (place) set(place, (uintptr_t)base, size);
    pthread_mutex_unlock(&lock);
    return place;
}

void shoal_mapping_release(shoal_guarded_mapping *mapping) {
    if (!mapping) return;
    pthread_mutex_lock(&lock);
    set(mapping, 0, 0);
    pthread_mutex_unlock(&lock);
}

bool shoal_mapping_is_damaged(const shoal_guarded_mapping *mapping) {
    return mapping && atomic_load(&mapping->damaged);
}

uint64_t shoal_mapping_damages(void) { return atomic_load(&damages); }
