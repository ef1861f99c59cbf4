/* Preloaded into a program: once a file is there, whoever waits for events waits for ever. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

int epoll_wait(int epoll, struct epoll_event *events, int most, int milliseconds) {
    static int (*original)(int, struct epoll_event *, int, int);
    if (!original) original = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
    int count = original(epoll, events, most, milliseconds);
    const char *file = getenv("HOLD_EVENT_LOOPS");
    while (file && access(file, F_OK) == 0) pause();
    return count;
}
