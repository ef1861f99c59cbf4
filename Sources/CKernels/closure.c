#include "include/ckernels.h"

void shoal_chunks_perform(const struct shoal_chunks *chunks, intptr_t chunk, intptr_t thread) {
    typedef SHOAL_SWIFT_CALL void perform(intptr_t chunk, intptr_t thread, SHOAL_SWIFT_CONTEXT const void *context);
    ((perform *)chunks->code)(chunk, thread, chunks->context);
}

SHOAL_SWIFT_CALL void shoal_chunks_lend(
    const void *code, const void *context, void *work, intptr_t count,
    void (*run)(void *work, intptr_t count, const struct shoal_chunks *chunks)) {
    run(work, count, &(struct shoal_chunks){.code = code, .context = context});
}
