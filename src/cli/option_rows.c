/* SPDX-License-Identifier: MIT */
#include "cli/option_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

int option_bad_value(const char *option, const char *value, const char *wanted)
{
    return cli_fail(CLI_USAGE, "%s %s: %s", option, value, wanted);
}

int option_take_number(const char *option, const char *value, uint64_t low, uint64_t high,
                       uint64_t *out)
{
    char wanted[96];

    if (num_parse_range(value, low, high, out) == 0)
        return 0;
    snprintf(wanted, sizeof wanted, "wants a number from %" PRIu64 " to %" PRIu64, low, high);
    return option_bad_value(option, value, wanted);
}

static const struct option_row *find_row(const struct option_command *command, const char *name,
                                         size_t length)
{
    for (unsigned t = 0; command->tables[t] != NULL; t++) {
        const struct option_table *table = command->tables[t];

        for (unsigned i = 0; i < table->count; i++) {
            if (strlen(table->rows[i].name) == length &&
                strncmp(table->rows[i].name, name, length) == 0)
                return &table->rows[i];
        }
    }
    if (length == 2 && strncmp(name, "-h", 2) == 0)
        return find_row(command, "--help", strlen("--help"));
    return NULL;
}

enum { HELP_COLUMN = 24 };

void option_rows_help(const struct option_command *command)
{
    for (unsigned t = 0; command->tables[t] != NULL; t++) {
        const struct option_table *table = command->tables[t];

        printf("%s%s\n", t > 0 ? "\n" : "", table->title);
        for (unsigned i = 0; i < table->count; i++) {
            const struct option_row *row = &table->rows[i];
            char left[80];

            if (find_row(command, row->name, strlen(row->name)) != row)
                continue; /* an earlier table has it in its own way */
            snprintf(left, sizeof left, "%s %s", row->name, row->value != NULL ? row->value : "");
            if (strlen(left) > HELP_COLUMN)
                printf("  %s\n  %-*s %s\n", left, HELP_COLUMN, "", row->help);
            else
                printf("  %-*s %s\n", HELP_COLUMN, left, row->help);
        }
    }
}

static int wants_value(const struct option_row *row)
{
    return cli_fail(CLI_USAGE, "%s wants a value: %s %s", row->name, row->name, row->value);
}

static int take_driver(struct options *options, char *name)
{
    if (options->driver != NULL)
        return cli_fail(CLI_USAGE, "%s: one driver at a time (%s was named before)", name,
                        options->driver);
    options->driver = name;
    return 0;
}

static int take_argument(const struct option_command *command, struct options *options, int argc,
                         char **argv, int *at)
{
    char *argument = argv[*at];
    char *equals = strncmp(argument, "--", 2) == 0 ? strchr(argument, '=') : NULL;
    size_t length = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    const struct option_row *row;
    char *value = equals != NULL ? equals + 1 : NULL;

    if (argument[0] != '-' || strcmp(argument, "-") == 0)
        return take_driver(options, argument);
    row = find_row(command, argument, length);
    if (row == NULL)
        return cli_fail(CLI_USAGE, "unknown option %.*s; see `weir %s --help`", (int)length,
                        argument, command->name);
    if (row->value == NULL && value != NULL)
        return cli_fail(CLI_USAGE, "%s takes no value", row->name);
    if (row->value != NULL && value == NULL) {
        if (*at + 1 >= argc)
            return wants_value(row);
        value = argv[++*at];
        /* "--json --quiet": the value was forgotten. */
        if (find_row(command, value, strcspn(value, "=")) != NULL)
            return wants_value(row);
    }
    return row->take(options, value);
}

int option_rows_parse(const struct option_command *command, int argc, char **argv,
                      struct options *options)
{
    for (int i = 1; i < argc; i++) {
        int result = take_argument(command, options, argc, argv, &i);

        if (result != 0)
            return result;
    }
    return 0;
}
