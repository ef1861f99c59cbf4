// Tells ThreadSanitizer of what Swift's libraries do between threads, which it cannot see: they are not compiled for it.
//
// - Mutex: its fast way is compiled into its users, and seen. Where a thread waits for another one, the lock is handed over in
//   libswiftSynchronization, and by the kernel.
// - Continuations that are resumed before they are awaited: the value is handed over in libswift_Concurrency, without a change of threads.
//
// Without this both are reported as races. Preloaded by Deploy/sanitize; the symbols here take the place of the libraries', and call them.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// Of the sanitizer's runtime, in the program.
void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SWIFT_ASYNC __attribute__((swiftasynccall))
#define SELF __attribute__((swift_context)) void *self
#define NEXT(function) (function = function ? function : (__typeof__(function))dlsym(RTLD_NEXT, name))

// Synchronization._MutexHandle._lockSlow(UInt32), _tryLockSlow() and _unlockSlow(), by their mangled names.
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lockSlow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool tryLockSlow(SELF) __asm__(TRY_LOCK);
SWIFT void unlockSlow(SELF) __asm__(UNLOCK);

SWIFT void lockSlow(uint32_t thread, SELF) {
    static const char name[] = LOCK;
    static SWIFT void (*next)(uint32_t, SELF);
    NEXT(next)(thread, self);
    __tsan_acquire(self);
}

SWIFT bool tryLockSlow(SELF) {
    static const char name[] = TRY_LOCK;
    static SWIFT bool (*next)(SELF);
    bool isLocked = NEXT(next)(self);
    if (isLocked) __tsan_acquire(self);
    return isLocked;
}

SWIFT void unlockSlow(SELF) {
    static const char name[] = UNLOCK;
    static SWIFT void (*next)(SELF);
    __tsan_release(self);
    NEXT(next)(self);
}

SWIFT void *swift_task_getCurrent(void);

SWIFT void swift_continuation_resume(void *task) {
    static const char name[] = "swift_continuation_resume";
    static SWIFT void (*next)(void *);
    __tsan_release(task);
    NEXT(next)(task);
}

SWIFT void swift_continuation_throwingResume(void *task) {
    static const char name[] = "swift_continuation_throwingResume";
    static SWIFT void (*next)(void *);
    __tsan_release(task);
    NEXT(next)(task);
}

SWIFT void swift_continuation_throwingResumeWithError(void *task, void *error) {
    static const char name[] = "swift_continuation_throwingResumeWithError";
    static SWIFT void (*next)(void *, void *);
    __tsan_release(task);
    NEXT(next)(task, error);
}

SWIFT_ASYNC void swift_continuation_await(void *continuation) {
    static const char name[] = "swift_continuation_await";
    static SWIFT_ASYNC void (*next)(void *);
    __tsan_acquire(swift_task_getCurrent());
    __attribute__((musttail)) return NEXT(next)(continuation);
}
