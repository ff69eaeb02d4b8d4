/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "host/host.h"

enum { DRIVER_LIMIT_BYTES = 256 << 20 };

int cli_fail(enum cli_exit code, const char *format, ...)
{
    va_list arguments;

    fputs("weir: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return code;
}

const char *cli_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

int cli_read_quietly(const char *path, void **bytes, size_t *size_bytes)
{
    return host_file_read(path, DRIVER_LIMIT_BYTES, bytes, size_bytes);
}

int cli_read_driver(const char *path, void **bytes, size_t *size_bytes)
{
    int result = cli_read_quietly(path, bytes, size_bytes);

    if (result == 0)
        return 0;
    return cli_fail(CLI_IMAGE, "%s: cannot be read: %s", path, host_error_text(result));
}
