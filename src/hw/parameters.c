/* SPDX-License-Identifier: MIT */
#include "hw/parameters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static int find(const struct parameters *parameters, const char *name, size_t length)
{
    for (unsigned i = 0; i < parameters->count; i++)
        if (strlen(parameters->table[i].name) == length &&
            memcmp(parameters->table[i].name, name, length) == 0)
            return (int)i;
    return -ENOENT;
}

const struct parameter_value *parameters_find(const struct parameters *parameters, const char *name)
{
    int index = find(parameters, name, strlen(name));

    return index < 0 ? NULL : &parameters->values[index];
}

/* Position of a word in "a|b|c". */
static int find_choice(const char *choices, const char *word, uint64_t *position)
{
    size_t length = strlen(word);

    for (*position = 0; choices != NULL && *choices != 0; (*position)++) {
        size_t this_length = strcspn(choices, "|");

        if (this_length == length && memcmp(choices, word, length) == 0)
            return 0;
        choices += this_length;
        choices += *choices == '|';
    }
    return -EINVAL;
}

static int parse(const struct weir_parameter *row, const char *text, uint64_t *number)
{
    switch (row->type) {
    case WEIR_PARAMETER_NUMBER:
        return num_parse_u64(text, number);
    case WEIR_PARAMETER_SIZE:
        return num_parse_size(text, number);
    case WEIR_PARAMETER_CHOICE:
        return find_choice(row->choices, text, number);
    case WEIR_PARAMETER_TEXT:
        return 0;
    default:
        return -EINVAL;
    }
}

static const char *wanted(const struct weir_parameter *row)
{
    switch (row->type) {
    case WEIR_PARAMETER_NUMBER:
        return "a number";
    case WEIR_PARAMETER_SIZE:
        return "a number of bytes, as 64K or 1G";
    case WEIR_PARAMETER_CHOICE:
        return row->choices;
    default:
        return "a value";
    }
}

static int set(struct parameters *parameters, unsigned index, const char *text, size_t length,
               const char *model, struct hw_model_error *error)
{
    const struct weir_parameter *row = &parameters->table[index];
    char *copy = strndup(text, length);
    uint64_t number = 0;

    if (copy == NULL)
        return -ENOMEM;
    if (parse(row, copy, &number) != 0) {
        snprintf(error->text, sizeof error->text, "card %s: %s=%s: expected %s", model, row->name,
                 copy, wanted(row));
        free(copy);
        return -EINVAL;
    }
    free(parameters->values[index].text);
    parameters->values[index] = (struct parameter_value){copy, number};
    return 0;
}

static void report_unknown(const struct parameters *parameters, const char *model, const char *name,
                           size_t length, struct hw_model_error *error)
{
    int used = snprintf(error->text, sizeof error->text, "card %s: no parameter \"%.*s\"; it has",
                        model, (int)(length < 64 ? length : 64), name);

    for (unsigned i = 0; i < parameters->count && used < (int)sizeof error->text; i++)
        used += snprintf(error->text + used, sizeof error->text - (size_t)used, "%s %s",
                         i > 0 ? "," : "", parameters->table[i].name);
    if (parameters->count == 0 && used < (int)sizeof error->text)
        snprintf(error->text + used, sizeof error->text - (size_t)used, " none");
}

static int set_given(struct parameters *parameters, const char *model, const char *given,
                     struct hw_model_error *error)
{
    while (*given != 0) {
        size_t length = strcspn(given, ","), name_length = strcspn(given, "=,");
        int index = find(parameters, given, name_length), result;

        if (index < 0) {
            report_unknown(parameters, model, given, name_length, error);
            return -EINVAL;
        }
        if (name_length == length) {
            snprintf(error->text, sizeof error->text, "card %s: %s needs a value: %s=%s", model,
                     parameters->table[index].name, parameters->table[index].name,
                     wanted(&parameters->table[index]));
            return -EINVAL;
        }
        result = set(parameters, (unsigned)index, given + name_length + 1, length - name_length - 1,
                     model, error);
        if (result != 0)
            return result;
        given += length;
        given += *given == ',';
    }
    return 0;
}

int parameters_init(struct parameters *parameters, const char *model,
                    const struct weir_parameter *table, const char *given,
                    struct hw_model_error *error)
{
    int result = 0;

    *parameters = (struct parameters){.table = table};
    while (table != NULL && table[parameters->count].name != NULL)
        parameters->count++;
    parameters->values = calloc(parameters->count + 1, sizeof *parameters->values);
    if (parameters->values == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < parameters->count && result == 0; i++) {
        const char *value = table[i].value != NULL ? table[i].value : "";

        result = set(parameters, i, value, strlen(value), model, error);
    }
    if (result == 0 && given != NULL)
        result = set_given(parameters, model, given, error);
    if (result != 0)
        parameters_fini(parameters);
    return result;
}

void parameters_fini(struct parameters *parameters)
{
    for (unsigned i = 0; i < parameters->count; i++)
        free(parameters->values[i].text);
    free(parameters->values);
    *parameters = (struct parameters){0};
}
