/* SPDX-License-Identifier: MIT */
/* The command line. One file per sub-command, one command table (main.c). Nothing above uses this
 * room. */
#ifndef WEIR_CLI_CLI_H
#define WEIR_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

/* What the process ends with. README, Exit codes. */
enum cli_exit {
    CLI_CLEAN = 0, /* advice included */
    CLI_FINDINGS = 1, /* findings, bug check, stall, too few frames */
    CLI_USAGE = 2, /* usage, unknown card or profile */
    CLI_IMAGE = 3, /* bad image, missing function called, DriverEntry or start refused */
    CLI_WEIR = 4, /* weir's own fault */
    CLI_HOST = 5, /* the host refused: disk, output, memory */
    CLI_INTERRUPTED = 130,
};

struct cli_command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

/* "weir: TEXT" on standard error; returns code, so that `return cli_fail(...)` reads well. */
int cli_fail(enum cli_exit code, const char *format, ...) WEIR_PRINTF(2, 3);

int cli_run(int argc, char **argv);
int cli_locks(int argc, char **argv);
int cli_inspect(int argc, char **argv);
int cli_imports(int argc, char **argv);
int cli_cards(int argc, char **argv);

/* The whole file; 0 or -errno. The caller frees it. */
int cli_read_quietly(const char *path, void **bytes, size_t *size_bytes);
/* The driver's file, complained about in words when it cannot be read. 0 or an exit code. */
int cli_read_driver(const char *path, void **bytes, size_t *size_bytes);
/* "grabber.sys" of "build/drivers/grabber.sys". */
const char *cli_base_name(const char *path);

#endif
