/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "host/host.h"

static const struct cli_command commands[] = {
    {"run", "load a driver, start it on a card, stream frames to disk", cli_run},
    {"locks", "how many frame locks a driver can hold: a table, a sentence, a picture", cli_locks},
    {"inspect", "what a driver shows to applications: filters, pins, formats, properties",
     cli_inspect},
    {"imports", "what a driver needs, and what of it is here", cli_imports},
    {"cards", "the cards there are, with their parameters", cli_cards},
};

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

/* What could not be printed was not said: a full disk behind `weir imports > FILE` is no success. A
 * reader that has seen enough (`| head`) is. */
static int end_output(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (code != CLI_CLEAN || errno == EPIPE)
        return code;
    return cli_fail(CLI_HOST, "standard output cannot be written");
}

static int command(int argc, char **argv)
{
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

int main(int argc, char **argv)
{
    static const struct base_fatal_ops fatal_ops = {.fatal = fatal};

    base_fatal_set(&fatal_ops);
    return end_output(command(argc, argv));
}
