/* SPDX-License-Identifier: MIT */
/* Options that name files of which the machine is set up: they are read and understood here, before
 * there is a machine, so that a file which is wrong is told by its line. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/option_rows.h"
#include "host/host.h"

enum { TEXT_LIMIT_BYTES = 16 << 20 };

static int read_text(const char *option, const char *path, void **bytes, size_t *size_bytes)
{
    int result = host_file_read(path, TEXT_LIMIT_BYTES, bytes, size_bytes);

    if (result == 0)
        return 0;
    return cli_fail(CLI_USAGE, "%s %s: cannot be read: %s", option, path, host_error_text(result));
}

static int refuse(const char *option, const char *path, int result, const struct setup_error *error)
{
    if (result == -ENOMEM)
        return cli_fail(CLI_HOST, "%s %s: no memory", option, path);
    if (error->line != 0)
        return cli_fail(CLI_USAGE, "%s %s: line %u: %s", option, path, error->line, error->text);
    return cli_fail(CLI_USAGE, "%s %s: %s", option, path, error->text);
}

int option_take_inf(struct options *options, char *value)
{
    struct setup_error error = {0};
    size_t size_bytes;
    void *bytes;
    int result;

    if (options->inf != NULL)
        return cli_fail(CLI_USAGE, "--inf %s: a device is installed from one INF (%s was named "
                                   "before)", value, options->inf_path);
    result = read_text("--inf", value, &bytes, &size_bytes);
    if (result != 0)
        return result;
    result = setup_inf_parse(bytes, size_bytes, &options->inf, &error);
    free(bytes);
    if (result != 0)
        return refuse("--inf", value, result, &error);
    options->inf_path = value;
    return 0;
}

int option_take_registry(struct options *options, char *value)
{
    struct setup_error error = {0};
    struct setup_changes *changes;
    size_t size_bytes;
    void *bytes;
    int result;

    if (options->registry != NULL)
        return cli_fail(CLI_USAGE, "--registry %s: one registry file at a time", value);
    result = read_text("--registry", value, &bytes, &size_bytes);
    if (result != 0)
        return result;
    changes = calloc(1, sizeof *changes);
    result = changes == NULL ? -ENOMEM
                             : setup_registry_parse(bytes, size_bytes, changes, &error);
    free(bytes);
    if (result != 0) {
        free(changes);
        return refuse("--registry", value, result, &error);
    }
    options->registry = changes;
    return 0;
}
