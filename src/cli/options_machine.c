/* SPDX-License-Identifier: MIT */
/* The machine around the driver: card, RAM, CPUs, Windows, and what its memory and its HAL give to
 * DMA. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/option_rows.h"

enum { MIB = 1 << 20, MAP_REGISTERS_MAX = 1 << 20, PRESSURE_MAX = 95, RUN_PAGES_MAX = 512 };
static const uint64_t ram_min = 64u * MIB, ram_max = UINT64_C(1) << 40;

int option_take_card(struct options *options, char *value)
{
    char *comma = strchr(value, ',');
    size_t length = comma != NULL ? (size_t)(comma - value) : strlen(value);

    if (length == 0 || length >= sizeof options->card ||
        (comma != NULL && strlen(comma + 1) >= sizeof options->card_parameters))
        return option_bad_value("--card", value,
                         "wants NAME or FILE.so, then key=value pairs after commas");
    memcpy(options->card, value, length);
    options->card[length] = 0;
    snprintf(options->card_parameters, sizeof options->card_parameters, "%s",
             comma != NULL ? comma + 1 : "");
    return 0;
}

static int take_ram(struct options *options, char *value)
{
    if (num_parse_size(value, &options->ram_bytes) != 0 || options->ram_bytes < ram_min ||
        options->ram_bytes > ram_max || options->ram_bytes % MIB != 0)
        return option_bad_value("--ram", value, "wants a size from 64M to 1T in whole megabytes");
    return 0;
}

static int take_seed(struct options *options, char *value)
{
    return option_take_number("--seed", value, 0, INT64_MAX, &options->seed); /* JSON has no more */
}

static int take_cpus(struct options *options, char *value)
{
    uint64_t number = 0;
    int result = option_take_number("--cpus", value, 1, SIM_CPUS_MAX, &number);

    options->cpus = (unsigned)number;
    return result;
}

int option_take_windows(struct options *options, char *value)
{
    if (!exports_windows_parse(value, &options->windows))
        return option_bad_value("--windows", value, "wants " OPTIONS_WINDOWS);
    return 0;
}

static int take_parameter(struct options *options, char *value)
{
    char *equals = strchr(value, '=');

    if (equals == NULL || equals == value)
        return option_bad_value("--param", value, "wants Name=Value");
    if (options->parameter_count == OPTIONS_PARAMETERS_MAX)
        return cli_fail(CLI_USAGE, "--param: at most %d of them", OPTIONS_PARAMETERS_MAX);
    *equals = 0;
    options->parameters[options->parameter_count++] =
        (struct machine_parameter){.name = value, .value = equals + 1};
    return 0;
}

int option_take_load(struct options *options, char *value)
{
    struct machine_image *other = &options->others[options->other_count];
    void *bytes;
    int result;

    if (options->other_count == OPTIONS_OTHERS_MAX)
        return cli_fail(CLI_USAGE, "--load: at most %d of them", OPTIONS_OTHERS_MAX);
    result = cli_read_driver(value, &bytes, &other->size_bytes);
    if (result != 0)
        return result;
    other->bytes = bytes;
    other->name = cli_base_name(value);
    options->other_count++;
    return 0;
}

/* NAME or MODULE!NAME: both there, and nothing that a name cannot hold. */
static bool is_import_name(const char *name)
{
    const char *mark = strchr(name, '!');

    for (const char *at = name; *at != 0; at++) {
        if ((unsigned char)*at <= ' ')
            return false;
    }
    return mark == NULL ? name[0] != 0 : mark != name && mark[1] != 0 && !strchr(mark + 1, '!');
}

static int take_stub(struct options *options, char *value)
{
    struct exports_stub *stub = &options->stubs[options->stub_count];
    char *equals = strrchr(value, '=');
    bool good = false;

    if (options->stub_count == OPTIONS_STUBS_MAX)
        return cli_fail(CLI_USAGE, "--stub: at most %d of them", OPTIONS_STUBS_MAX);
    if (equals != NULL) {
        *equals = 0;
        good = is_import_name(value) && num_parse_u64(equals + 1, &stub->value) == 0;
    }
    if (!good) {
        if (equals != NULL)
            *equals = '=';
        return option_bad_value("--stub", value,
                                "wants NAME=STATUS or MODULE!NAME=STATUS, the status a number like "
                                "0xc0000002");
    }
    if (exports_stub_hides(value) != NULL)
        return cli_fail(CLI_USAGE, "--stub %s: weir has %s, and a stub would hide it; stubs are "
                                   "for what `weir imports` calls stub or absent", value,
                        exports_stub_hides(value)->name);
    stub->name = value;
    options->stub_count++;
    return 0;
}

static const struct option_row lacks_rows[] = {
    {"--stub", "NAME=STATUS",
     "a call to NAME or MODULE!NAME, which weir lacks, returns STATUS; exit code 1; repeatable",
     take_stub},
};
const struct option_table option_lacks_table = {"What weir lacks", lacks_rows,
                                                ARRAY_LEN(lacks_rows)};

void options_release(struct options *options)
{
    while (options->other_count > 0)
        free((void *)(uintptr_t)options->others[--options->other_count].bytes);
    options_release_files(options);
    setup_inf_destroy(options->inf);
    options->inf = NULL;
    if (options->registry != NULL)
        setup_changes_fini(options->registry);
    free(options->registry);
    options->registry = NULL;
}

/* ---- DMA and memory -------------------------------------------------------------------------- */

static int take_map_registers(struct options *options, char *value)
{
    uint64_t number;

    if (num_parse_range(value, 1, MAP_REGISTERS_MAX, &number) != 0)
        return option_bad_value("--map-registers", value,
                                "wants a number from 1 to 1048576; a card that cannot reach a page "
                                "needs at least one");
    options->map_registers = (uint32_t)number;
    return 0;
}

static int take_low_memory(struct options *options, char *value)
{
    if (num_parse_size(value, &options->low_memory_bytes) != 0 ||
        options->low_memory_bytes < MM_LOW_MEMORY_MIN)
        return option_bad_value("--low-memory", value, "wants a size of at least 256K");
    if (options->low_memory_bytes % MM_PAGE_SIZE != 0)
        return option_bad_value("--low-memory", value, "wants whole pages: a multiple of 4K");
    return 0;
}

static int take_pressure(struct options *options, char *value)
{
    uint64_t number;

    if (num_parse_range(value, 0, PRESSURE_MAX, &number) != 0)
        return option_bad_value("--low-memory-pressure", value,
                                "wants 0 to 95: percent of the low memory that others want on "
                                "average");
    options->low_memory_pressure = (unsigned)number;
    return 0;
}

static int take_force_bounce(struct options *options, char *value)
{
    (void)value;
    options->force_bounce = true;
    return 0;
}

static int take_pages(struct options *options, char *value)
{
    static const struct {
        const char *word;
        enum mm_policy policy;
    } words[] = {{"scattered", MM_SCATTERED},
                 {"contiguous", MM_CONTIGUOUS},
                 {"high", MM_HIGH},
                 {"low", MM_LOW}};
    uint64_t number;

    options->pages_shown = value;
    options->run_pages = 0;
    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(words[i].word, value) == 0) {
            options->pages = words[i].policy;
            return 0;
        }
    }
    if (strncmp(value, "runs:", 5) != 0)
        return option_bad_value("--pages", value,
                                "wants scattered, runs:N, contiguous, high or low");
    if (num_parse_range(value + 5, 1, RUN_PAGES_MAX, &number) != 0)
        return option_bad_value("--pages", value, "runs:N wants 1 to 512 pages, the longest run");
    options->pages = MM_RUNS;
    options->run_pages = (uint32_t)number;
    return 0;
}

static const char *const iommu_words[] = {[HAL_IOMMU_OFF] = "off", [HAL_IOMMU_REMAP] = "remap",
                                          [HAL_IOMMU_STRICT] = "strict"};

const char *options_iommu_name(enum hal_iommu iommu)
{
    return iommu_words[iommu];
}

static int take_iommu(struct options *options, char *value)
{
    for (unsigned i = 0; i < ARRAY_LEN(iommu_words); i++) {
        if (strcmp(iommu_words[i], value) == 0) {
            options->iommu = (enum hal_iommu)i;
            return 0;
        }
    }
    return option_bad_value("--iommu", value, "wants off, remap or strict");
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static const struct option_row machine_rows[] = {
    {"--card", "NAME|FILE.so[,key=value...]",
     "the card, see `weir cards`; none: a device without hardware [grabber64]",
     option_take_card},
    {"--ram", "SIZE", "modelled RAM, 64M to 1T [8G]", take_ram},
    {"--cpus", "N", "virtual CPUs, 1 to 32 [2]", take_cpus},
    {"--seed", "N", "what decides every free choice [1]", take_seed},
    {"--windows", "PROFILE",
     "xp ws2003 ws2003sp1 vista win7 win8 win8.1 win10-1803 win10 win11 [win10]",
     option_take_windows},
    {"--inf", "FILE.inf",
     "how the device is installed: its service, registry values, interfaces, MSI; not the files",
     option_take_inf},
    {"--registry", "FILE.reg", "registry keys and values, made after the INF's",
     option_take_registry},
    {"--files", "DIR", "what the drive C: holds at first; the driver writes to a copy in memory",
     option_take_files},
    {"--param", "Name=Value",
     "a registry value the driver finds in its Parameters and driver keys; repeatable",
     take_parameter},
    {"--load", "FILE.sys",
     "another driver, loaded first: the driver may import from it; repeatable", option_take_load},
};
const struct option_table option_machine_table = {"The machine", machine_rows,
                                                  ARRAY_LEN(machine_rows)};

static const struct option_row dma_rows[] = {
    {"--pages", "POLICY",
     "where buffers and pool lie in RAM: scattered, runs:N, contiguous, high (above 4 GB), low "
     "[scattered]", take_pages},
    {"--low-memory", "SIZE",
     "memory below 4 GB for bounce pages, common and contiguous buffers [64M]", take_low_memory},
    {"--low-memory-pressure", "P",
     "percent of it that a seeded rival wants on average, 0 to 95 [0]", take_pressure},
    {"--map-registers", "N", "map registers of an adapter that bounces [16384]",
     take_map_registers},
    {"--force-bounce", NULL, "bounce every page, also those the card reaches", take_force_bounce},
    {"--iommu", "MODE",
     "off: logical is physical unless bounced; remap: never; strict: byte-exact [off]",
     take_iommu},
};
const struct option_table option_dma_table = {"DMA and memory", dma_rows, ARRAY_LEN(dma_rows)};

/* ---- What cannot be -------------------------------------------------------------------------- */

static unsigned long long megabytes(uint64_t bytes)
{
    return bytes >> 20;
}

static int check_low_memory(struct options *options, const struct mm_limits *limits)
{
    if (options->low_memory_bytes == 0)
        options->low_memory_bytes = limits->low_memory_default_bytes;
    if (options->low_memory_bytes > options->ram_bytes)
        return cli_fail(CLI_USAGE, "--low-memory %lluM is more than all of --ram %lluM",
                        megabytes(options->low_memory_bytes), megabytes(options->ram_bytes));
    if (options->low_memory_bytes > limits->low_memory_max_bytes)
        return cli_fail(CLI_USAGE,
                        "--low-memory %lluM: with --ram %lluM there are %lluM below 4 GB, of which "
                        "at most %lluM can be set aside",
                        megabytes(options->low_memory_bytes), megabytes(options->ram_bytes),
                        megabytes(limits->below_4g_bytes),
                        megabytes(limits->low_memory_max_bytes));
    return 0;
}

int options_check_machine(struct options *options)
{
    bool without_card = strcmp(options->card, "none") == 0;
    struct mm_limits limits;
    int result;

    mm_limits(options->ram_bytes, &limits);
    result = check_low_memory(options, &limits);
    if (result != 0)
        return result;
    if (options->pages == MM_HIGH && limits.below_4g_bytes == options->ram_bytes)
        return cli_fail(CLI_USAGE,
                        "--pages high: with --ram %lluM no page lies above 4 GB; more than 3G puts "
                        "some there", megabytes(options->ram_bytes));
    if (options->iommu != HAL_IOMMU_OFF && without_card)
        return cli_fail(CLI_USAGE,
                        "--iommu %s: --card none does no DMA that could be translated; name a card",
                        options_iommu_name(options->iommu));
    return 0;
}

bool options_dma_asked(const struct options *options)
{
    struct mm_limits limits;

    mm_limits(options->ram_bytes, &limits);
    return options->pages != MM_SCATTERED || options->buffer_offset_bytes != 0 ||
           options->low_memory_bytes != limits.low_memory_default_bytes ||
           options->low_memory_pressure != 0 || options->map_registers != HAL_REGISTERS_DEFAULT ||
           options->force_bounce || options->iommu != HAL_IOMMU_OFF;
}

void options_machine_config(const struct options *options, struct machine_config *out)
{
    *out = (struct machine_config){
        .seed = options->seed,
        .cpus = options->cpus,
        .windows = options->windows,
        .memory = {.ram_bytes = options->ram_bytes, .policy = options->pages,
                   .run_pages = options->run_pages,
                   .low_memory_bytes = options->low_memory_bytes},
        .hal = {.iommu = options->iommu, .map_registers_cap = options->map_registers,
                .force_bounce = options->force_bounce,
                .low_memory_pressure = options->low_memory_pressure * 10},
        .card = options->card,
        .card_parameters = options->card_parameters,
        .driver_name = cli_base_name(options->driver),
        .others = options->others,
        .other_count = options->other_count,
        .stubs = options->stubs,
        .stub_count = options->stub_count,
        .has_files = options->files_path != NULL,
        .files = options->files,
        .file_count = options->file_count,
        .inf = options->inf,
        .inf_name = options->inf_path != NULL ? cli_base_name(options->inf_path) : NULL,
        .registry = options->registry,
        .parameters = options->parameters,
        .parameter_count = options->parameter_count};
}
