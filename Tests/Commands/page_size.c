/* Preloaded into a program: memory has pages of PAGE_SIZE bytes, a power of two times the machine's own. What a kernel with such pages
   refuses is refused, and what it rounds is rounded: mappings are as long as whole pages, begin at multiples of them in memory and in
   files, and advice about a part of a page is about all of it. The C library's own mappings stay as they are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static size_t page = 4096, own = 4096;

__attribute__((constructor)) static void begin(void) {
    long (*original)(int) = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
    own = page = (size_t)original(_SC_PAGESIZE);
    const char *text = getenv("PAGE_SIZE");
    size_t wanted = text ? strtoul(text, NULL, 10) : 0;
    if (wanted < own || wanted & (wanted - 1)) abort();
    page = wanted;
}

static size_t rounded(size_t size, size_t unit) { return (size + unit - 1) & ~(unit - 1); }

static int refused(void) {
    errno = EINVAL;
    return -1;
}

long sysconf(int name) {
    static long (*original)(int);
    if (!original) original = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
    if (name == _SC_PAGESIZE) return (long)page;
    long value = original(name);
    return name == _SC_PHYS_PAGES || name == _SC_AVPHYS_PAGES ? value / (long)(page / own) : value;
}

int getpagesize(void) { return (int)page; }

static void *map(void *address, size_t size, int protection, int flags, int file, off_t offset) {
    return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
}

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
    size_t whole = rounded(size, page);
    if (!size || offset % (off_t)page || (flags & MAP_FIXED && (uintptr_t)address % page)) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    if (!(flags & MAP_FIXED)) {
        // Room for a place that is a multiple of a page; what lies before and behind it is given back.
        char *room = map(NULL, whole + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (room == MAP_FAILED) return MAP_FAILED;
        char *place = (char *)rounded((uintptr_t)room, page);
        if (place > room) syscall(SYS_munmap, room, place - room);
        if (room + page > place) syscall(SYS_munmap, place + whole, room + page - place);
        address = place;
    }
    if (flags & MAP_ANONYMOUS) return map(address, whole, protection, flags | MAP_FIXED, file, offset);
    void *mapped = map(address, size, protection, flags | MAP_FIXED, file, offset);
    size_t end = rounded(size, own);
    // The rest of a file's last page reads as zeros.
    if (mapped != MAP_FAILED && end < whole) {
        map((char *)address + end, whole - end, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    }
    if (mapped == MAP_FAILED && !(flags & MAP_FIXED)) {
        int reason = errno;
        syscall(SYS_munmap, address, whole);
        errno = reason;
    }
    return mapped;
}

void *mmap64(void *address, size_t size, int protection, int flags, int file, off_t offset) {
    return mmap(address, size, protection, flags, file, offset);
}

int munmap(void *address, size_t size) {
    if (!size || (uintptr_t)address % page) return refused();
    return (int)syscall(SYS_munmap, address, rounded(size, page));
}

int mprotect(void *address, size_t size, int protection) {
    if ((uintptr_t)address % page) return refused();
    return (int)syscall(SYS_mprotect, address, rounded(size, page), protection);
}

int madvise(void *address, size_t size, int advice) {
    if ((uintptr_t)address % page) return refused();
    return (int)syscall(SYS_madvise, address, rounded(size, page), advice);
}

int msync(void *address, size_t size, int flags) {
    if ((uintptr_t)address % page) return refused();
    return (int)syscall(SYS_msync, address, rounded(size, page), flags);
}
