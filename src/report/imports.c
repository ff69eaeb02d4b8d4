/* SPDX-License-Identifier: MIT */
#include "report/imports.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "report/imports_internal.h"

const char *imports_state_word(enum imports_state state)
{
    static const char *const words[] = {
        [IMPORTS_FULL] = "full", [IMPORTS_PARTIAL] = "partial", [IMPORTS_DATA] = "data",
        [IMPORTS_LOADED] = "loaded", [IMPORTS_STUB] = "stub", [IMPORTS_ABSENT] = "absent",
        [IMPORTS_NEWER] = "newer"};

    return words[state];
}

struct imports *imports_create(const char *windows_label)
{
    struct imports *imports = calloc(1, sizeof *imports);

    if (imports != NULL)
        imports->windows_label = windows_label;
    return imports;
}

static void free_item(struct imports_item *item)
{
    free(item->module);
    free(item->name);
    free(item->since);
    free(item->lacks);
}

void imports_destroy(struct imports *imports)
{
    struct imports_driver *driver;
    struct imports_item *item;

    if (imports == NULL)
        return;
    array_for_each(driver, &imports->drivers)
    {
        free(driver->path);
        free(driver->refusal);
    }
    array_for_each(item, &imports->items) free_item(item);
    array_fini(&imports->drivers);
    array_fini(&imports->items);
    free(imports);
}

int imports_begin(struct imports *imports, const char *path)
{
    struct imports_driver driver = {.path = strdup(path)};

    if (driver.path == NULL || array_push(&imports->drivers, driver) != 0) {
        free(driver.path);
        return -ENOMEM;
    }
    return 0;
}

static struct imports_driver *newest(struct imports *imports)
{
    weir_assert(imports->drivers.count > 0);
    return &imports->drivers.items[imports->drivers.count - 1];
}

int imports_refuse(struct imports *imports, uint64_t file_offset, const char *reason)
{
    struct imports_driver *driver = newest(imports);

    weir_assert(driver->imports == 0);
    driver->file_offset = file_offset;
    driver->refusal = strdup(reason);
    return driver->refusal != NULL ? 0 : -ENOMEM;
}

static bool copy(char **to, const char *from)
{
    *to = from != NULL ? strdup(from) : NULL;
    return *to != NULL || from == NULL;
}

int imports_add(struct imports *imports, const struct imports_line *line)
{
    struct imports_driver *driver = newest(imports);
    struct imports_item item = {.state = line->state, .driver = imports->drivers.count - 1};
    bool copied = copy(&item.module, line->module);

    copied = copy(&item.name, line->name) && copied;
    copied = copy(&item.since, line->since) && copied;
    copied = copy(&item.lacks, line->lacks) && copied;
    if (!copied || array_push(&imports->items, item) != 0) {
        free_item(&item);
        return -ENOMEM;
    }
    driver->imports++;
    driver->missing += line->state == IMPORTS_STUB || line->state == IMPORTS_ABSENT;
    driver->newer += line->state == IMPORTS_NEWER;
    return 0;
}

void imports_count(const struct imports *imports, struct imports_counts *out)
{
    *out = (struct imports_counts){.drivers = imports->drivers.count};
    for (size_t i = 0; i < imports->drivers.count; i++) {
        const struct imports_driver *driver = &imports->drivers.items[i];

        out->broken += driver->refusal != NULL;
        out->too_new += driver->newer > 0;
        out->complete += driver->refusal == NULL && driver->newer + driver->missing == 0;
        out->imports += driver->imports;
        out->missing += driver->missing;
        out->newer += driver->newer;
    }
}

/* ---- What is missing most -------------------------------------------------------------------- */

static int same_function(const struct imports_item *a, const struct imports_item *b)
{
    int order = strcasecmp(a->module, b->module);

    return order != 0 ? order : strcmp(a->name, b->name);
}

static int by_function(const void *left, const void *right)
{
    const struct imports_item *a = *(const struct imports_item *const *)left;
    const struct imports_item *b = *(const struct imports_item *const *)right;
    int order = same_function(a, b);

    return order != 0 ? order : (a->driver > b->driver) - (a->driver < b->driver);
}

static int by_drivers(const void *left, const void *right)
{
    const struct imports_lack *a = left, *b = right;
    int order;

    if (a->drivers != b->drivers)
        return a->drivers < b->drivers ? 1 : -1;
    order = strcasecmp(a->module, b->module);
    return order != 0 ? order : strcmp(a->name, b->name);
}

static size_t find_missing(const struct imports *imports, const struct imports_item **out)
{
    size_t count = 0;

    for (size_t i = 0; i < imports->items.count; i++) {
        if (imports->items.items[i].state >= IMPORTS_STUB)
            out[count++] = &imports->items.items[i];
    }
    qsort(out, count, sizeof *out, by_function);
    return count;
}

/* sorted is by function, then driver; a driver counts once, however often it names the function. */
static size_t count_drivers(const struct imports_item *const *sorted, size_t count,
                            struct imports_lack *out)
{
    size_t lacks = 0;

    for (size_t i = 0; i < count; i++) {
        const struct imports_item *item = sorted[i];

        if (i == 0 || same_function(sorted[i - 1], item) != 0)
            out[lacks++] = (struct imports_lack){.module = item->module, .name = item->name,
                                                 .state = item->state, .drivers = 1};
        else if (sorted[i - 1]->driver != item->driver)
            out[lacks - 1].drivers++;
    }
    qsort(out, lacks, sizeof *out, by_drivers);
    return lacks;
}

int imports_lacks(const struct imports *imports, struct imports_lack **out, size_t *count)
{
    size_t places = imports->items.count + 1;
    const struct imports_item **sorted = calloc(places, sizeof *sorted);
    struct imports_lack *lacks = calloc(places, sizeof *lacks);

    if (sorted == NULL || lacks == NULL) {
        free(sorted);
        free(lacks);
        return -ENOMEM;
    }
    *count = count_drivers(sorted, find_missing(imports, sorted), lacks);
    *out = lacks;
    free(sorted);
    return 0;
}
