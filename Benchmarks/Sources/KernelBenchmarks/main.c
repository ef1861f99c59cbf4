// How fast the kernels are, group by group and for every instruction set: GB/s and multiply-adds a second, beside the roofs that this
// machine has just then. Every figure is the median of some rounds.
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: kernel-benchmarks [--threads N] [--megabytes N] [--columns N] [--prompt N] [--isa NAME]\n"
    "                         [products] [attention] [rows] [TYPE...]\n"
    "No names: all groups. A type (Q4_0, Q4_K, F16, ...) means its products alone. --isa: this set alone, also scalar.\n";

static size_t number(const char *option, const char *text, size_t most) {
    char *end = NULL;
    unsigned long long value = text != NULL && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    if (end == NULL || *end != 0 || value == 0 || value > most) {
        fprintf(stderr, "kernel-benchmarks: %s takes a number from 1 to %zu, not %s\n", option, most, text ? text : "nothing");
        exit(2);
    }
    return (size_t)value;
}

static int isa_named(const char *name) {
    for (int isa = 0; name != NULL && isa < SHOAL_ISA_COUNT; isa++) {
        if (strcmp(name, shoal_isa_name(isa)) == 0 && shoal_isa_supported(isa)) return isa;
    }
    fprintf(stderr, "kernel-benchmarks: --isa %s: not an instruction set of this processor; it has:", name ? name : "(nothing)");
    for (int isa = 0; isa < SHOAL_ISA_COUNT; isa++) {
        if (shoal_isa_supported(isa)) fprintf(stderr, " %s", shoal_isa_name(isa));
    }
    fprintf(stderr, "\n");
    exit(2);
}

int main(int count, char **arguments) {
    const char *types[64];
    size_t type_count = 0;
    bool products = false, attention = false, rows = false;
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (strcmp(argument, "--threads") == 0) settings.threads = number(argument, value, MOST_THREADS), i++;
        else if (strcmp(argument, "--megabytes") == 0) settings.megabytes = number(argument, value, 100000), i++;
        else if (strcmp(argument, "--columns") == 0) settings.columns = (number(argument, value, 65536) + 255) / 256 * 256, i++;
        else if (strcmp(argument, "--prompt") == 0) settings.prompt = number(argument, value, 4096), i++;
        else if (strcmp(argument, "--isa") == 0) settings.isa = isa_named(value), i++;
        else if (strcmp(argument, "products") == 0) products = true;
        else if (strcmp(argument, "attention") == 0) attention = true;
        else if (strcmp(argument, "rows") == 0) rows = true;
        else if (is_product(argument) && type_count < sizeof types / sizeof *types) types[type_count++] = argument;
        else {
            bool asked = strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
            if (!asked) fprintf(stderr, "kernel-benchmarks: no such option, group or packed type: %s\n", argument);
            fputs(usage, asked ? stdout : stderr);
            return asked ? 0 : 2;
        }
    }
    const bool all = !products && !attention && !rows && type_count == 0;
    printf("%zu threads, medians of %d\n", settings.threads, ROUNDS);
    measure_peaks();
    if (all || products || type_count > 0) measure_products(types, type_count);
    if (all || attention) measure_attention();
    if (all || rows) measure_rows();
    return 0;
}
