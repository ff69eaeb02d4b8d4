/* SPDX-License-Identifier: MIT */
/* Options as rows of tables: a name, how its value is shown in --help, one sentence, the function
 * that takes the value. A command lists the tables it understands; those of the machine and of the
 * stream belong to every command that runs a driver, so that an option reads the same everywhere. A
 * command with fields of its own puts struct options first in a struct of its own. Not a door. */
#ifndef WEIR_CLI_OPTION_ROWS_H
#define WEIR_CLI_OPTION_ROWS_H

#include "cli/options.h"

typedef int take_fn(struct options *options, char *value); /* 0 or an exit code */
struct option_row {
    const char *name; /* "--card" */
    const char *value; /* how the value is shown in --help; NULL: takes none */
    const char *help;
    take_fn *take;
};
/* The row of an option of the stream by its name without dashes; NULL: there is none. */
const struct option_row *option_stream_row(const char *name, size_t length);
struct option_table {
    const char *title; /* over these rows in --help */
    const struct option_row *rows;
    unsigned count;
};

extern const struct option_table option_machine_table; /* card, RAM, CPUs, seed, Windows ... */
extern const struct option_table option_dma_table; /* map registers, low memory, pages, IOMMU */
extern const struct option_table option_stream_table; /* format, size, rate, buffers */
extern const struct option_table option_lacks_table; /* answers for functions that weir lacks */

/* Where two tables have a row of the same name, the first table's is meant. */
struct option_command {
    const char *name; /* "run" */
    const struct option_table *const *tables; /* NULL at the end */
};

/* Words after the command's name; "--name value" and "--name=value" mean the same. What is no
 * option is the driver. 0, or an exit code after one clear message. */
int option_rows_parse(const struct option_command *command, int argc, char **argv,
                      struct options *options);
void option_rows_help(const struct option_command *command);

/* "weir: OPTION VALUE: WANTED"; the result is an exit code. */
int option_bad_value(const char *option, const char *value, const char *wanted);
int option_take_number(const char *option, const char *value, uint64_t low, uint64_t high,
                       uint64_t *out);

int option_take_at(struct options *options, char *value);
int option_take_card(struct options *options, char *value);
int option_take_windows(struct options *options, char *value);
int option_take_load(struct options *options, char *value);
int option_take_inf(struct options *options, char *value);
int option_take_files(struct options *options, char *value);
void options_release_files(struct options *options);
int option_take_registry(struct options *options, char *value);
int option_take_json(struct options *options, char *value);
int option_take_help(struct options *options, char *value);
int options_take_pin(struct options *options, char *value); /* --pin */

/* After all words were taken: each pin knows what it is to do. */
int options_settle_pins(struct options *options);

/* Combinations that no machine can be. After all words were taken. */
int options_check_machine(struct options *options);
/* What --at names and the run does not reach. After frames and seconds are known. */
int options_check_incidents(const struct options *options);

#endif
