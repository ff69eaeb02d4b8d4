/* SPDX-License-Identifier: MIT */
/* `weir imports DRIVER.sys [--windows PROFILE]`: each import, whether it is here, and since which
 * Windows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "exports/exports.h"

struct tally {
    unsigned total, missing, newer;
};

static void help(void)
{
    printf("usage: weir imports DRIVER.sys [--windows PROFILE]\n\n"
           "Lists what the driver imports: full, partial or data (here), stub or absent (a call\n"
           "stops the run), newer (the profile does not have it: the driver would not load),\n"
           "and the first profile that has it. PROFILE is one of those of `weir run` [win10].\n\n"
           "Exit codes: 0 all is here, 1 something is missing or newer, 2 usage, 3 not a driver\n"
           "image.\n");
}

static void show(const struct pe_module *module, const struct pe_import *import,
                 enum ke_windows windows, struct tally *tally)
{
    const struct exports_row *row =
        import->name != NULL ? exports_find(module->name, import->name) : NULL;
    const char *state = "absent";
    char ordinal[16];

    snprintf(ordinal, sizeof ordinal, "#%u", import->ordinal);
    if (row != NULL)
        state = exports_has(row, windows) ? exports_state_name(row->state) : "newer";
    tally->total++;
    tally->missing += row == NULL || row->state == EXPORTS_STUB;
    tally->newer += row != NULL && !exports_has(row, windows);
    printf("%-8s %-14s %-44s %s\n", state, module->name,
           import->name != NULL ? import->name : ordinal,
           row != NULL ? exports_windows_name(row->since) : "");
}

static int list(const char *path, enum ke_windows windows)
{
    struct pe_image image;
    struct pe_error error;
    struct pe_module module;
    struct pe_import import;
    struct tally tally = {0};
    void *bytes;
    size_t size_bytes;
    int result = cli_read_driver(path, &bytes, &size_bytes);

    if (result != 0)
        return result;
    if (pe_parse(bytes, size_bytes, &image, &error) != 0) {
        result = cli_fail(CLI_IMAGE, "%s: at file offset 0x%" PRIx64 ": %s", path,
                          error.file_offset, error.reason);
        free(bytes);
        return result;
    }
    for (struct pe_module_iter modules = pe_modules(&image); pe_module_next(&modules, &module);) {
        for (struct pe_import_iter imports = pe_imports(&image, &module);
             pe_import_next(&imports, &import);)
            show(&module, &import, windows, &tally);
    }
    printf("%u imports, %u missing, %u newer than %s\n", tally.total, tally.missing, tally.newer,
           exports_windows_label(windows));
    free(bytes);
    return tally.missing + tally.newer > 0 ? CLI_FINDINGS : CLI_CLEAN;
}

int cli_imports(int argc, char **argv)
{
    static const char option[] = "--windows";
    enum ke_windows windows = KE_WINDOWS_10;
    const char *path = NULL;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            help();
            return CLI_CLEAN;
        }
        if (strncmp(argv[i], option, strlen(option)) == 0 &&
            (argv[i][strlen(option)] == 0 || argv[i][strlen(option)] == '=')) {
            const char *value = strchr(argv[i], '=') != NULL ? strchr(argv[i], '=') + 1
                                                             : argv[++i];

            if (value == NULL)
                return cli_fail(CLI_USAGE, "--windows wants a value: --windows PROFILE");
            if (!exports_windows_parse(value, &windows))
                return cli_fail(CLI_USAGE, "--windows %s: wants " OPTIONS_WINDOWS, value);
        } else if (argv[i][0] == '-') {
            return cli_fail(CLI_USAGE, "unknown option %s; see `weir imports --help`", argv[i]);
        } else if (path != NULL) {
            return cli_fail(CLI_USAGE, "%s: one driver at a time (%s was named before)", argv[i],
                            path);
        } else {
            path = argv[i];
        }
    }
    if (path == NULL)
        return cli_fail(CLI_USAGE, "which driver? usage: weir imports DRIVER.sys");
    return list(path, windows);
}
