/* SPDX-License-Identifier: MIT */
/* `weir imports`: each import of a driver, whether it is here, and since which Windows; with
 * --summary what the drivers of a folder lack most. */
#include "report/imports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"
#include "cli/option_rows.h"
#include "exports/exports.h"
#include "host/host.h"

struct imports_options {
    struct options base; /* first: option rows see this */
    bool summary;
};

struct other { /* --load */
    const char *name;
    struct pe_image image;
};

struct work {
    const struct imports_options *options;
    struct other others[OPTIONS_OTHERS_MAX];
    unsigned other_count;
    struct imports *imports;
};

/* ---- Options --------------------------------------------------------------------------------- */

static int take_summary(struct options *options, char *value)
{
    (void)value;
    ((struct imports_options *)options)->summary = true;
    return 0;
}

static const struct option_row rows[] = {
    {"--windows", "PROFILE",
     "xp ws2003 ws2003sp1 vista win7 win8 win8.1 win10-1803 win10 win11 [win10]",
     option_take_windows},
    {"--load", "FILE.sys", "a driver that is loaded first: what it exports is here; repeatable",
     option_take_load},
    {"--summary", NULL, "count over every .sys in the folder and the folders in it", take_summary},
    {"--json", "FILE", "the same for programs; - is standard output", option_take_json},
    {"--help", NULL, "this text", option_take_help},
};
static const struct option_table table = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_table *const tables[] = {&table, NULL};
static const struct option_command command = {"imports", tables};

static void help(void)
{
    printf("usage: weir imports DRIVER.sys [options]\n"
           "       weir imports FOLDER --summary [options]\n\n"
           "Lists what the driver imports: full, partial (and what is missing), data (a\n"
           "variable), loaded (another driver has it), stub or absent (a call stops the run),\n"
           "newer (the profile does not have it: the driver would not load), and the first\n"
           "profile that has it.\n\n");
    option_rows_help(&command);
    printf("\nExit codes: 0 all is here, 1 something is missing, newer or broken, 2 usage, 3 not a "
           "driver\nimage.\n");
}

/* ---- What is here ---------------------------------------------------------------------------- */

static bool is_loaded(const struct work *work, const char *module, const struct pe_import *import)
{
    for (unsigned i = 0; i < work->other_count; i++) {
        if (strcasecmp(work->others[i].name, module) == 0 &&
            exports_image_has(&work->others[i].image, import->name, import->ordinal))
            return true;
    }
    return false;
}

/* In the order in which the loader looks: the profile, weir's own functions, other drivers'. */
static enum imports_state state_of(const struct work *work, const struct exports_row *row,
                                   const char *module, const struct pe_import *import)
{
    if (row != NULL && !exports_has(row, work->options->base.windows))
        return IMPORTS_NEWER;
    if (row != NULL && row->state == EXPORTS_FULL)
        return IMPORTS_FULL;
    if (row != NULL && row->state == EXPORTS_PARTIAL)
        return IMPORTS_PARTIAL;
    if (row != NULL && row->state == EXPORTS_DATA)
        return IMPORTS_DATA;
    if (is_loaded(work, module, import))
        return IMPORTS_LOADED;
    return row != NULL ? IMPORTS_STUB : IMPORTS_ABSENT;
}

static int add(struct work *work, const char *module, const struct pe_import *import)
{
    const struct exports_row *row =
        import->name != NULL ? exports_find(module, import->name) : NULL;
    char ordinal[16];
    struct imports_line line = {.module = module, .name = import->name,
                                .state = state_of(work, row, module, import)};

    if (line.name == NULL) {
        snprintf(ordinal, sizeof ordinal, "#%u", import->ordinal);
        line.name = ordinal;
    }
    if (row != NULL && line.state != IMPORTS_LOADED)
        line.since = exports_windows_name(row->since);
    if (line.state == IMPORTS_PARTIAL)
        line.lacks = exports_lacks(row);
    return imports_add(work->imports, &line);
}

static int add_all(struct work *work, const struct pe_image *image)
{
    struct pe_module module;
    struct pe_import import;
    int result = 0;

    for (struct pe_module_iter modules = pe_modules(image);
         result == 0 && pe_module_next(&modules, &module);) {
        for (struct pe_import_iter imports = pe_imports(image, &module);
             result == 0 && pe_import_next(&imports, &import);)
            result = add(work, module.name, &import);
    }
    return result;
}

/* ---- One driver ------------------------------------------------------------------------------ */

static int bad_image(const char *path, const struct pe_error *error)
{
    return cli_fail(CLI_IMAGE, "%s: at file offset 0x%llx: %s", path,
                    (unsigned long long)error->file_offset, error->reason);
}

static int no_memory(void)
{
    return cli_fail(CLI_HOST, "no memory");
}

static int look_at_driver(struct work *work)
{
    const char *path = work->options->base.driver;
    struct pe_image image;
    struct pe_error error;
    void *bytes;
    size_t size_bytes;
    int result = cli_read_driver(path, &bytes, &size_bytes);

    if (result != 0)
        return result;
    if (pe_parse(bytes, size_bytes, &image, &error) != 0)
        result = bad_image(path, &error);
    else if (imports_begin(work->imports, path) != 0 || add_all(work, &image) != 0)
        result = no_memory();
    free(bytes);
    return result;
}

/* ---- A folder -------------------------------------------------------------------------------- */

static bool is_driver_name(const char *path)
{
    size_t length = strlen(path);

    return length > 4 && strcasecmp(path + length - 4, ".sys") == 0;
}

/* What cannot be read or is no image is counted and named; the rest of the folder goes on. */
static int found(void *ctx, const char *path)
{
    struct work *work = ctx;
    struct pe_image image;
    struct pe_error error;
    void *bytes = NULL;
    size_t size_bytes;
    int result;

    if (!is_driver_name(path))
        return 0;
    result = imports_begin(work->imports, path);
    if (result != 0)
        return result;
    result = cli_read_quietly(path, &bytes, &size_bytes);
    if (result != 0)
        return imports_refuse(work->imports, 0, host_error_text(result));
    if (pe_parse(bytes, size_bytes, &image, &error) == 0)
        result = add_all(work, &image);
    else
        result = imports_refuse(work->imports, error.file_offset, error.reason);
    free(bytes);
    return result;
}

static int look_at_folder(struct work *work)
{
    const char *folder = work->options->base.driver;
    struct imports_counts counts;
    int result = host_files_below(folder, found, work);

    if (result == -ENOMEM)
        return no_memory();
    if (result != 0)
        return cli_fail(CLI_HOST, "%s: cannot be read: %s", folder, host_error_text(result));
    imports_count(work->imports, &counts);
    if (counts.drivers == 0)
        return cli_fail(CLI_USAGE, "%s: no .sys file in it", folder);
    return 0;
}

/* ---- The answer ------------------------------------------------------------------------------ */

static int write_json(const struct work *work, const char *path)
{
    const char *windows = exports_windows_name(work->options->base.windows);
    char *text = work->options->summary ? imports_summary_json(work->imports, windows)
                                        : imports_list_json(work->imports, windows);
    struct host_file file = {.fd = -1};
    int result;

    if (text == NULL)
        return no_memory();
    result = host_file_create(&file, path);
    if (result == 0)
        result = host_file_write(&file, text, strlen(text));
    if (result == 0)
        result = host_file_write(&file, "\n", 1);
    if (result == 0)
        result = host_file_commit(&file);
    else
        host_file_abandon(&file);
    free(text);
    return result == 0 ? 0 : cli_fail(CLI_HOST, "%s: cannot be written: %s", path,
                                      host_error_text(result));
}

static int show(const struct work *work)
{
    const char *json = work->options->base.json;
    struct imports_counts counts;
    struct text text;
    int result = 0;

    text_init(&text);
    if (!work->options->summary)
        imports_list_text(work->imports, &text);
    else if (imports_summary_text(work->imports, &text) != 0)
        result = no_memory();
    if (result == 0 && text_error(&text) != 0)
        result = no_memory();
    if (result == 0 && (json == NULL || strcmp(json, "-") != 0))
        fputs(text_get(&text), stdout);
    text_fini(&text);
    if (result == 0 && json != NULL)
        result = write_json(work, json);
    imports_count(work->imports, &counts);
    if (result != 0)
        return result;
    return counts.missing + counts.newer + counts.broken > 0 ? CLI_FINDINGS : CLI_CLEAN;
}

static int check(const struct imports_options *options)
{
    const char *path = options->base.driver;

    if (path == NULL)
        return cli_fail(CLI_USAGE, "which driver? usage: weir imports DRIVER.sys, or "
                                   "weir imports FOLDER --summary");
    if (options->summary != host_is_directory(path))
        return cli_fail(CLI_USAGE, options->summary ? "%s: --summary wants a folder"
                                                    : "%s: a folder wants --summary", path);
    return 0;
}

static int parse_others(struct work *work)
{
    const struct options *options = &work->options->base;

    for (unsigned i = 0; i < options->other_count; i++) {
        struct other *other = &work->others[work->other_count++];
        struct pe_error error;

        other->name = options->others[i].name;
        if (pe_parse(options->others[i].bytes, options->others[i].size_bytes, &other->image,
                     &error) != 0)
            return bad_image(other->name, &error);
    }
    return 0;
}

static int answer(struct work *work)
{
    int result = parse_others(work);

    work->imports = imports_create(exports_windows_label(work->options->base.windows));
    if (work->imports == NULL)
        return no_memory();
    if (result == 0)
        result = work->options->summary ? look_at_folder(work) : look_at_driver(work);
    return result != 0 ? result : show(work);
}

int cli_imports(int argc, char **argv)
{
    struct imports_options *options = calloc(1, sizeof *options);
    struct work *work = calloc(1, sizeof *work);
    int result;

    if (options == NULL || work == NULL) {
        free(options);
        free(work);
        return no_memory();
    }
    options_default(&options->base);
    work->options = options;
    result = option_rows_parse(&command, argc, argv, &options->base);
    if (result == 0 && options->base.help) {
        help();
    } else if (result == 0) {
        result = check(options);
        if (result == 0)
            result = answer(work);
    }
    imports_destroy(work->imports);
    options_release(&options->base);
    free(options);
    free(work);
    return result;
}
