/* SPDX-License-Identifier: MIT */
/* Feeds arbitrary bytes to the image parser, and to all that works on a parsed image.
 * Built with -fsanitize=fuzzer it is a libFuzzer target. Built without, it has a main of its own:
 * it replays the files it is given, then runs mutations of a valid driver from a seed, so that any
 * compiler can run it as a test:
 *     pe_fuzz [--runs N] [--seed S] [FILE...]
 * Everything found must be harmless: the sanitizers, weir_assert and the checks below are the
 * judges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "pe/pe.h"
#include "support/pe_builder.h"

/* Larger images are parsed and walked, but not mapped: the time goes into clearing memory. */
enum { MAX_MAPPED_BYTES = 1 << 20, UNWINDS = 64, STOMPS = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct random {
    uint64_t state;
};

static uint64_t draw(struct random *random)
{
    random->state += UINT64_C(0x9E3779B97F4A7C15);
    return hash_u64(random->state);
}

static uint64_t draw_below(struct random *random, uint64_t limit)
{
    return draw(random) % limit;
}

static void walk_imports(const struct pe_image *image)
{
    struct pe_module_iter modules = pe_modules(image);
    struct pe_module module;
    uint32_t count = 0;

    while (pe_module_next(&modules, &module)) {
        struct pe_import_iter imports = pe_imports(image, &module);
        struct pe_import import;

        weir_assert(strlen(module.name) < PE_MAX_NAME);
        while (pe_import_next(&imports, &import)) {
            weir_assert(import.slot_rva <= image->size_of_image - 8);
            weir_assert(import.file_offset < image->size_bytes);
            count++;
        }
    }
    weir_assert(count == image->import_count);
}

static void walk_exports(const struct pe_image *image)
{
    struct pe_export_iter exports = pe_exports(image);
    struct pe_export export;
    struct pe_export found;
    struct pe_error error;
    uint32_t count = 0;

    while (pe_export_next(&exports, &export)) {
        weir_assert(export.rva < image->size_of_image);
        count++;
        if (count <= 4)
            weir_assert(pe_export_find(image, export.name, &found, &error) <= 0);
        weir_assert(pe_export_find_ordinal(image, export.ordinal, &found, &error) <= 0);
    }
}

static void walk_relocations(const struct pe_image *image)
{
    struct pe_relocation_iter iter = pe_relocations(image);
    uint32_t count = 0;
    uint32_t rva;

    while (pe_relocation_next(&iter, &rva)) {
        weir_assert(rva <= image->size_of_image - 8);
        count++;
    }
    weir_assert(count == image->relocation_count);
}

static bool read_random(void *ctx, uint64_t address, uint64_t *out)
{
    struct random *random = ctx;

    (void)address;
    *out = draw(random);
    return draw_below(random, 64) != 0;
}

static void unwind_anywhere(const struct pe_image_view *view, struct random *random)
{
    struct pe_stack_reader reader = { .read = read_random, .ctx = random };
    struct pe_context context;
    struct pe_unwound out;

    for (size_t i = 0; i < PE_REGISTER_COUNT; i++)
        context.gpr[i] = draw(random);
    memset(context.xmm, 0, sizeof(context.xmm));
    for (int i = 0; i < UNWINDS; i++) {
        uint32_t rva = (uint32_t)draw_below(random, view->size_bytes);
        struct pe_function function;

        if (view->pdata_count != 0 && draw_below(random, 4) != 0) {
            uint32_t entry = view->pdata_rva + 12 * (uint32_t)draw_below(random, view->pdata_count);

            rva = view->bytes[entry] | (uint32_t)view->bytes[entry + 1] << 8;
            rva += (uint32_t)draw_below(random, 32);
        }
        if (pe_function_find(view, rva, &function))
            weir_assert(function.unwind_rva % 2 == 0);
        if (pe_virtual_unwind(view, view->base_va + rva, &context, &reader, &out) == 0)
            weir_assert(out.handler_rva == 0 || out.handler_flags != 0);
    }
}

/* The driver may write over its own tables: what was checked no longer holds. */
static void stomp(uint8_t *mapped, const struct pe_image *image, struct random *random)
{
    for (int i = 0; i < STOMPS; i++)
        mapped[draw_below(random, image->size_of_image)] = (uint8_t)draw(random);
    if (image->pdata_count != 0) {
        uint64_t rva = image->pdata_rva + draw_below(random, 12 * (uint64_t)image->pdata_count);

        mapped[rva] = (uint8_t)draw(random);
    }
}

static void use_mapped(const struct pe_image *image, struct random *random)
{
    uint64_t base = draw(random) & ~UINT64_C(0xFFFF);
    uint8_t *mapped = calloc(1, image->size_of_image);
    struct pe_image_view view;

    if (mapped == NULL)
        return;
    pe_map(image, mapped);
    pe_relocate(image, mapped, base);
    pe_view_init(&view, image, mapped, base);
    unwind_anywhere(&view, random);
    stomp(mapped, image, random);
    unwind_anywhere(&view, random);
    free(mapped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct random random = { .state = hash_bytes(data, size, 0) };
    struct pe_image image;
    struct pe_error error;

    if (pe_parse(data, size, &image, &error) != 0) {
        weir_assert(error.reason[0] != '\0');
        weir_assert(error.kind != PE_ERROR_NONE);
        weir_assert(error.file_offset <= size);
        return 0;
    }
    walk_imports(&image);
    walk_exports(&image);
    walk_relocations(&image);
    (void)pe_image_checksum(&image);
    if (image.size_of_image <= MAX_MAPPED_BYTES)
        use_mapped(&image, &random);
    return 0;
}

#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION

enum { MAX_MUTATIONS = 6, DEFAULT_RUNS = 20000 };

/* Where the tables are: most of the file is padding. */
static size_t draw_place(struct random *random)
{
    static const struct {
        uint32_t rva;
        uint32_t count;
    } tables[] = {
        { PE_BUILD_AT_SIGNATURE, 0x240 },  { PE_BUILD_IAT_RVA, 0x40 },
        { PE_BUILD_LOAD_CONFIG_RVA, 0xA0 }, { PE_BUILD_EXPORT_RVA, 0xA0 },
        { PE_BUILD_XDATA_RVA, 0x30 },       { PE_BUILD_PDATA_RVA, 0x30 },
        { PE_BUILD_IMPORT_RVA, 0x40 },      { PE_BUILD_LOOKUP_RVA, 0x40 },
        { PE_BUILD_NAMES_RVA, 0x80 },       { PE_BUILD_RELOC_RVA, 0x30 },
    };
    size_t table = draw_below(random, ARRAY_LEN(tables) + 1);

    if (table == ARRAY_LEN(tables))
        return draw_below(random, PE_BUILD_FILE_BYTES);
    return pe_build_offset(tables[table].rva) + draw_below(random, tables[table].count);
}

static uint64_t draw_value(struct random *random)
{
    static const uint64_t interesting[] = {
        0, 1, 7, 8, 0x7F, 0xFF, 0x1000, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8,
        0xFFFFFFFF, UINT64_C(0x8000000000000001), UINT64_MAX,
    };
    uint64_t choice = draw_below(random, 3);

    if (choice == 0)
        return interesting[draw_below(random, ARRAY_LEN(interesting))];
    return choice == 1 ? draw_below(random, PE_BUILD_IMAGE_BYTES) : draw(random);
}

static void mutate(struct pe_build *build, struct random *random)
{
    size_t place = draw_place(random);
    size_t width = (size_t)1 << draw_below(random, 4);
    uint64_t value = draw_value(random);

    if (width > sizeof(build->bytes) - place)
        width = 1;
    if (draw_below(random, 4) == 0)
        build->bytes[place] ^= (uint8_t)(1u << draw_below(random, 8));
    else
        memcpy(build->bytes + place, &value, width);
}

static int run_mutation(uint64_t seed, uint64_t run)
{
    struct random random = { .state = hash_combine(seed, run) };
    uint64_t mutations = 1 + draw_below(&random, MAX_MUTATIONS);
    size_t size = PE_BUILD_FILE_BYTES;
    struct pe_build build;
    uint8_t *exact;

    pe_build(&build, NULL);
    for (uint64_t i = 0; i < mutations; i++)
        mutate(&build, &random);
    if (draw_below(&random, 32) == 0)
        size = draw_below(&random, size);

    /* Memory of exactly this size, so that one byte too many is seen. */
    exact = malloc(size != 0 ? size : 1);
    if (exact == NULL)
        return -1;
    memcpy(exact, build.bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(PE_MAX_FILE_BYTES);
    int result = -1;

    if (file != NULL && bytes != NULL) {
        LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, PE_MAX_FILE_BYTES, file));
        result = 0;
    } else {
        fprintf(stderr, "pe_fuzz: cannot read %s\n", path);
    }
    free(bytes);
    if (file != NULL)
        fclose(file);
    return result;
}

struct arguments {
    uint64_t runs;
    uint64_t seed;
    int      first_file;
};

static int read_arguments(int argc, char **argv, struct arguments *out)
{
    struct arguments arguments = { .runs = DEFAULT_RUNS, .seed = 1, .first_file = 1 };
    int at = 1;

    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        uint64_t *value = NULL;

        if (strcmp(argv[at], "--runs") == 0)
            value = &arguments.runs;
        else if (strcmp(argv[at], "--seed") == 0)
            value = &arguments.seed;
        if (value == NULL || num_parse_u64(argv[at + 1], value) != 0)
            return -1;
    }
    arguments.first_file = at;
    *out = arguments;
    return 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    uint64_t passed = 0;
    uint64_t failed = 0;

    if (read_arguments(argc, argv, &arguments) != 0) {
        fprintf(stderr, "usage: pe_fuzz [--runs N] [--seed S] [FILE...]\n");
        return 2;
    }
    for (int i = arguments.first_file; i < argc; i++)
        *(replay(argv[i]) == 0 ? &passed : &failed) += 1;
    for (uint64_t run = 0; run < arguments.runs; run++)
        *(run_mutation(arguments.seed, run) == 0 ? &passed : &failed) += 1;
    printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)failed);
    return failed != 0;
}

#endif
