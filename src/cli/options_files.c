/* SPDX-License-Identifier: MIT */
/* --files: the folder is read once, before there is a machine. The same files give the same run,
 * whatever a driver writes. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/option_rows.h"
#include "host/host.h"

static const uint64_t files_bytes_max = UINT64_C(512) << 20;

struct reading {
    ARRAY(struct machine_file) files;
};

static int take_file(void *ctx, const char *path, bool is_folder, void *bytes, size_t size_bytes)
{
    struct reading *reading = ctx;
    struct machine_file file = {strdup(path), is_folder, bytes, size_bytes};

    if (file.path != NULL && array_push(&reading->files, file) == 0)
        return 0;
    free((char *)(uintptr_t)file.path);
    free(bytes);
    return -ENOMEM;
}

static void release(struct machine_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((char *)(uintptr_t)files[i].path);
        free((void *)(uintptr_t)files[i].bytes);
    }
    free(files);
}

void options_release_files(struct options *options)
{
    release(options->files, options->file_count);
    options->files = NULL;
    options->file_count = 0;
}

int option_take_files(struct options *options, char *value)
{
    struct reading reading = {0};
    int result;

    if (options->files_path != NULL)
        return cli_fail(CLI_USAGE, "--files %s: one folder at a time (%s was named before)", value,
                        options->files_path);
    result = host_tree_read(value, files_bytes_max, take_file, &reading);
    if (result != 0)
        release(reading.files.items, reading.files.count);
    if (result == -EFBIG)
        return cli_fail(CLI_USAGE,
                        "--files %s: holds more than 512M or 20,000 files; name a folder with what "
                        "the driver asks for", value);
    if (result != 0)
        return cli_fail(CLI_USAGE, "--files %s: cannot be read: %s", value,
                        host_error_text(result));
    options->files_path = value;
    options->files = reading.files.items;
    options->file_count = reading.files.count;
    return 0;
}
