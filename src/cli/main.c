/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "host/host.h"

enum { DRIVER_LIMIT_BYTES = 256 << 20 };

static const struct cli_command commands[] = {
    {"run", "load a driver, start it on a card, stream frames to disk", cli_run},
    {"imports", "what a driver needs, and what of it is here", cli_imports},
    {"cards", "the cards there are, with their parameters", cli_cards},
};

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

int cli_read_driver(const char *path, void **bytes, size_t *size_bytes)
{
    int result = host_file_read(path, DRIVER_LIMIT_BYTES, bytes, size_bytes);

    if (result == 0)
        return 0;
    return cli_fail(CLI_IMAGE, "%s: cannot be read: %s", path, host_error_text(result));
}

static void help(FILE *to)
{
    fprintf(to, "usage: weir COMMAND ...\n\n"
                "Runs Windows AVStream minidrivers against modelled cards, from a seed.\n\n");
    for (unsigned i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(to, "  --version  version and licence\n\n`weir COMMAND --help` tells more.\n");
}

/* What weir has not got is the user's news; an assert is weir's own fault. */
static void fatal(void *ctx, const char *kind, const char *text)
{
    (void)ctx;
    fprintf(stderr, "weir: %s: %s\n", kind, text);
    if (strcmp(kind, "not implemented") == 0)
        host_process_leave(CLI_IMAGE);
    fprintf(stderr, "weir: this is weir's own fault; please report it with the command line\n");
    host_process_leave(CLI_WEIR);
}

int main(int argc, char **argv)
{
    static const struct base_fatal_ops fatal_ops = {.fatal = fatal};

    base_fatal_set(&fatal_ops);
    if (argc < 2) {
        help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help(stdout);
        return CLI_CLEAN;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("weir " WEIR_VERSION ", MIT licence");
        return CLI_CLEAN;
    }
    for (unsigned i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    return cli_fail(CLI_USAGE, "unknown command %s; see `weir --help`", argv[1]);
}
