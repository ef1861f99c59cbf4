// AVX-VNNI and AMX for processors that lack them: linked in place of Sources/CKernels/processor.c, it says that both are there, and when
// one of their instructions traps (SIGILL), does what Intel's manual (volume 2, the instruction's "Operation") says and goes on behind it. So
// the very code of the product is held against scalar C. What the processor has is left to the processor.
//
// WRONG_TILES=1 makes every product of tiles wrong in one bit, to see that the kernels notice. Linux on x86-64 only.
#if defined(__x86_64__) && defined(__linux__)
#define _GNU_SOURCE
#define shoal_processor_has_avxvnni really_has_avxvnni
#define shoal_processor_has_amx really_has_amx
#define shoal_processor_permits_amx really_permits_amx
#include "../../Sources/CKernels/processor.c"
#undef shoal_processor_has_avxvnni
#undef shoal_processor_has_amx
#undef shoal_processor_permits_amx

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

bool shoal_processor_has_avxvnni(void) { return true; }
bool shoal_processor_has_amx(void) { return true; }
bool shoal_processor_permits_amx(void) { return really_has_amx() ? really_permits_amx() : true; }

// --- Operands -------------------------------------------------------------------------------------------------------

/// An instruction in VEX form (volume 2, 2.3), decoded. `other` is the register of VEX.vvvv, `memory` the address unless `direct`.
struct instruction {
    int opcode, prefix, length, reg, rm, other;
    bool wide, direct, indexed;
    uint8_t *memory;
    /// The bytes from line to line of a tile.
    int64_t stride;
};

enum { PREFIX_NONE = 0, PREFIX_66 = 1, PREFIX_F3 = 2, PREFIX_F2 = 3 };

static int64_t general_register(const ucontext_t *context, int number) {
    static const int places[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                   REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return context->uc_mcontext.gregs[places[number]];
}

/// False unless it is an instruction of the map 0F38 with W = 0.
static bool decode(const ucontext_t *context, struct instruction *out) {
    const uint8_t *start = (const uint8_t *)context->uc_mcontext.gregs[REG_RIP], *p = start;
    if (p[0] != 0xc4 || (p[1] & 31) != 2 || (p[2] & 0x80)) return false;
    int r = p[1] & 0x80 ? 0 : 8, x = p[1] & 0x40 ? 0 : 8, b = p[1] & 0x20 ? 0 : 8;
    out->other = ~(p[2] >> 3) & 15, out->wide = p[2] & 4, out->prefix = p[2] & 3, out->opcode = p[3];
    int mode = p[4] >> 6;
    out->reg = (p[4] >> 3 & 7) | r, out->rm = (p[4] & 7) | b, out->direct = mode == 3;
    out->indexed = !out->direct && (p[4] & 7) == 4;
    p += 5;
    if (!out->direct) {
        int64_t address = 0, index = 0;
        bool relative = false;
        if (out->indexed) {
            int base = *p & 7, number = (*p >> 3 & 7) | x;
            if (number != 4) index = general_register(context, number) * (1 << (*p >> 6));
            p++;
            if (base == 5 && mode == 0) {
                int32_t offset;
                memcpy(&offset, p, 4), p += 4;
                address = offset;
            } else {
                address = general_register(context, base | b);
            }
        } else if ((out->rm & 7) == 5 && mode == 0) {
            int32_t offset;
            memcpy(&offset, p, 4), p += 4;
            address = offset, relative = true;
        } else {
            address = general_register(context, out->rm);
        }
        if (mode == 1) address += (int8_t)*p++;
        if (mode == 2) {
            int32_t offset;
            memcpy(&offset, p, 4), p += 4;
            address += offset;
        }
        if (relative) address += (int64_t)p;
        out->stride = index;
        out->memory = (uint8_t *)address;
    }
    out->length = (int)(p - start);
    return true;
}

// --- AVX-VNNI -------------------------------------------------------------------------------------------------------

/// Where a signal's frame, an XSAVE area in standard format, keeps the parts of the vector registers (volume 1, 13.4 and 13.5): component 1
/// is bits 0 to 127 of all registers, 2 bits 128 to 255, 6 bits 256 to 511. Asked once: CPUID is slow in a virtual machine.
static unsigned offsets[7], sizes[7];

static void find_vector_parts(void) {
    unsigned c, d;
    offsets[1] = 160, sizes[1] = 16 * 16;
    __cpuid_count(13, 2, sizes[2], offsets[2], c, d);
    __cpuid_count(13, 6, sizes[6], offsets[6], c, d);
}

static uint8_t *vector_part(const ucontext_t *context, int component, size_t size, int number) {
    uint8_t *area = (uint8_t *)context->uc_mcontext.fpregs;
    uint64_t *present = (uint64_t *)(area + 512);
    if (!(*present >> component & 1)) {  // all zero, and not kept
        memset(area + offsets[component], 0, sizes[component]);
        *present |= 1u << component;
    }
    return area + offsets[component] + size * (size_t)number;
}

static void read_vector(const ucontext_t *context, int number, uint8_t *out) {
    memcpy(out, vector_part(context, 1, 16, number), 16);
    memcpy(out + 16, vector_part(context, 2, 16, number), 16);
}

/// VPDPBUSD: unsigned bytes of the second operand, signed bytes of the third, sums of four to the first, without saturation.
static void add_dot_products(const ucontext_t *context, const struct instruction *in) {
    uint8_t sums[32], weights[32], x[32];
    size_t bytes = in->wide ? 32 : 16;
    read_vector(context, in->reg, sums);
    read_vector(context, in->other, weights);
    if (in->direct) read_vector(context, in->rm, x);
    else memcpy(x, in->memory + in->stride, bytes);
    for (size_t i = 0; i < bytes; i += 4) {
        int32_t sum;
        memcpy(&sum, sums + i, 4);
        for (size_t j = i; j < i + 4; j++) sum = (int32_t)((uint32_t)sum + (uint32_t)(weights[j] * (int8_t)x[j]));
        memcpy(sums + i, &sum, 4);
    }
    if (!in->wide) memset(sums + 16, 0, 16);
    memcpy(vector_part(context, 1, 16, in->reg), sums, 16);
    memcpy(vector_part(context, 2, 16, in->reg), sums + 16, 16);
    if (sizes[6] > 0) memset(vector_part(context, 6, 32, in->reg), 0, 32);
}

// --- AMX (volume 1, chapter 18) -------------------------------------------------------------------------------------

struct tile {
    int lines, line_bytes;
    uint8_t bytes[16][64];
};
static __thread struct tile tiles[8];
static __thread bool configured;

static bool configure(const uint8_t *memory) {
    if (memory[0] > 1 || memory[1] >= 16) return false;
    configured = memory[0] == 1;
    memset(tiles, 0, sizeof tiles);
    for (int i = 2; i < 16; i++) if (memory[i] != 0) return false;
    for (int i = 0; i < 16; i++) {
        int lines = memory[48 + i], line_bytes = memory[16 + 2 * i] | memory[17 + 2 * i] << 8;
        if (i >= 8 && (lines || line_bytes)) return false;
        if (lines > 16 || line_bytes > 64 || (lines == 0) != (line_bytes == 0)) return false;
        if (i < 8) tiles[i].lines = lines, tiles[i].line_bytes = line_bytes;
    }
    return memory[1] == 0;  // no kernel goes on within a tile
}

static bool usable(int number) { return configured && number < 8 && tiles[number].lines > 0; }

static bool load_tile(const struct instruction *in) {
    if (!usable(in->reg) || !in->indexed) return false;
    struct tile *tile = &tiles[in->reg];
    memset(tile->bytes, 0, sizeof tile->bytes);
    for (int i = 0; i < tile->lines; i++) memcpy(tile->bytes[i], in->memory + i * in->stride, (size_t)tile->line_bytes);
    return true;
}

static bool store_tile(const struct instruction *in) {
    if (!usable(in->reg) || !in->indexed) return false;
    const struct tile *tile = &tiles[in->reg];
    for (int i = 0; i < tile->lines; i++) memcpy(in->memory + i * in->stride, tile->bytes[i], (size_t)tile->line_bytes);
    return true;
}

static int32_t byte_of(uint8_t byte, bool is_signed) { return is_signed ? (int8_t)byte : byte; }

/// TDPBSSD, TDPBSUD, TDPBUSD, TDPBUUD: the letters tell whether bytes of the second and third operand are signed.
static bool multiply_tiles(const struct instruction *in) {
    if (!in->direct || !usable(in->reg) || !usable(in->rm) || !usable(in->other)) return false;
    if (in->reg == in->rm || in->reg == in->other || in->rm == in->other) return false;
    struct tile *sums = &tiles[in->reg];
    const struct tile *a = &tiles[in->rm], *b = &tiles[in->other];
    if (sums->line_bytes % 4 != 0 || a->line_bytes % 4 != 0 || b->line_bytes % 4 != 0) return false;
    if (sums->lines != a->lines || sums->line_bytes != b->line_bytes || a->line_bytes / 4 != b->lines) return false;
    bool signed_a = in->prefix >= PREFIX_F3, signed_b = in->prefix == PREFIX_F2 || in->prefix == PREFIX_66;
    for (int m = 0; m < sums->lines; m++) {
        for (int n = 0; n < sums->line_bytes; n += 4) {
            int32_t sum;
            memcpy(&sum, &sums->bytes[m][n], 4);
            for (int k = 0; k < a->line_bytes; k++) {
                int32_t product = byte_of(a->bytes[m][k], signed_a) * byte_of(b->bytes[k / 4][n + k % 4], signed_b);
                sum = (int32_t)((uint32_t)sum + (uint32_t)product);
            }
            memcpy(&sums->bytes[m][n], &sum, 4);
        }
    }
    if (getenv("WRONG_TILES")) sums->bytes[sums->lines - 1][0] ^= 1;
    return true;
}

// --- Traps ----------------------------------------------------------------------------------------------------------

static bool run(const ucontext_t *context, const struct instruction *in) {
    switch (in->opcode) {
    case 0x50:
        if (in->prefix != PREFIX_66) return false;
        add_dot_products(context, in);
        return true;
    case 0x49:
        if (in->prefix == PREFIX_NONE && !in->direct) return configure(in->memory + in->stride);
        if (in->prefix == PREFIX_NONE && in->reg == 0 && in->rm == 0) return configured = false, true;
        if (in->prefix != PREFIX_F2 || !in->direct || !usable(in->reg)) return false;
        memset(tiles[in->reg].bytes, 0, sizeof tiles[in->reg].bytes);
        return true;
    case 0x4b: return in->prefix == PREFIX_F2 ? load_tile(in) : in->prefix == PREFIX_F3 ? store_tile(in) : false;
    case 0x5e: return multiply_tiles(in);
    default: return false;
    }
}

static void trapped(int signal_number, siginfo_t *info, void *frame) {
    (void)info;
    ucontext_t *context = frame;
    struct instruction instruction;
    if (decode(context, &instruction) && run(context, &instruction)) {
        context->uc_mcontext.gregs[REG_RIP] += instruction.length;
    } else {
        signal(signal_number, SIG_DFL);  // it comes again, and ends the process
    }
}

__attribute__((constructor)) static void catch_traps(void) {
    find_vector_parts();
    struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, NULL);
}
#endif
