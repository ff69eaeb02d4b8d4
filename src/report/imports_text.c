/* SPDX-License-Identifier: MIT */
/* `weir imports`, for people and for programs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "report/imports_internal.h"
#include "report/json_put.h"

enum { SCHEMA_VERSION = 1 };

/* Names come out of strangers' files and go to a terminal. */
static void put_shown(struct text *out, const char *text, size_t width)
{
    size_t start = out->length;

    text_shown(out, text);
    if (out->length - start < width)
        text_repeat(out, ' ', width - (out->length - start));
}

static void line_text(const struct imports_item *item, struct text *out)
{
    text_printf(out, "%-8s ", imports_state_word(item->state));
    put_shown(out, item->module, 14);
    text_char(out, ' ');
    put_shown(out, item->name, item->since != NULL ? 44 : 0);
    if (item->since != NULL)
        text_printf(out, " %s", item->since);
    text_char(out, '\n');
    if (item->lacks != NULL)
        text_printf(out, "%-9slacks: %s\n", "", item->lacks);
}

void imports_list_text(const struct imports *imports, struct text *out)
{
    struct imports_counts counts;

    imports_count(imports, &counts);
    for (size_t i = 0; i < imports->items.count; i++)
        line_text(&imports->items.items[i], out);
    text_printf(out, "%zu imports, %zu missing, %zu newer than %s\n", counts.imports,
                counts.missing, counts.newer, imports->windows_label);
}

/* ---- Many ------------------------------------------------------------------------------------ */

static void broken_text(const struct imports *imports, struct text *out)
{
    for (size_t i = 0; i < imports->drivers.count; i++) {
        const struct imports_driver *driver = &imports->drivers.items[i];

        if (driver->refusal == NULL)
            continue;
        text_string(out, "  ");
        put_shown(out, driver->path, 0);
        text_printf(out, ": at file offset 0x%" PRIx64 ": %s\n", driver->file_offset,
                    driver->refusal);
    }
}

int imports_summary_text(const struct imports *imports, struct text *out)
{
    struct imports_counts counts;
    struct imports_lack *lacks;
    size_t lack_count;

    if (imports_lacks(imports, &lacks, &lack_count) != 0)
        return -ENOMEM;
    imports_count(imports, &counts);
    text_printf(out, "drivers             %zu\n", counts.drivers);
    text_printf(out, "load                %zu; %zu import what is newer than %s, %zu are broken\n",
                counts.drivers - counts.broken - counts.too_new, counts.too_new,
                imports->windows_label, counts.broken);
    text_printf(out, "lack nothing        %zu\n", counts.complete);
    text_printf(out, "imports             %zu, %zu missing, %zu newer\n", counts.imports,
                counts.missing, counts.newer);
    text_printf(out, "functions missing   %zu%s\n", lack_count,
                lack_count > 0 ? ", by the drivers that import them" : "");
    for (size_t i = 0; i < lack_count; i++) {
        text_printf(out, "  %4zu %-6s ", lacks[i].drivers, imports_state_word(lacks[i].state));
        put_shown(out, lacks[i].module, 0);
        text_char(out, '!');
        put_shown(out, lacks[i].name, 0);
        text_char(out, '\n');
    }
    if (counts.broken > 0)
        text_string(out, "broken\n");
    broken_text(imports, out);
    free(lacks);
    return 0;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *root_object(const struct imports *imports, const char *windows)
{
    struct imports_counts counts;
    json_t *root = json_object();

    imports_count(imports, &counts);
    json_put(root, "schema_version", SCHEMA_VERSION);
    json_put_text(root, "windows", windows);
    json_put(root, "drivers", counts.drivers);
    json_put(root, "broken", counts.broken);
    json_put(root, "too_new", counts.too_new);
    json_put(root, "complete", counts.complete);
    json_put(root, "imports", counts.imports);
    json_put(root, "missing", counts.missing);
    json_put(root, "newer", counts.newer);
    return root;
}

static char *dump(json_t *root)
{
    char *text = json_dumps(root, JSON_INDENT(2));

    json_decref(root);
    return text;
}

char *imports_list_json(const struct imports *imports, const char *windows)
{
    json_t *root = root_object(imports, windows), *list = json_array();

    for (size_t i = 0; i < imports->items.count; i++) {
        const struct imports_item *item = &imports->items.items[i];
        json_t *object = json_object();

        json_put_text(object, "module", item->module);
        json_put_text(object, "name", item->name);
        json_put_text(object, "state", imports_state_word(item->state));
        json_put_text(object, "since", item->since);
        json_put_text(object, "lacks", item->lacks);
        json_array_append_new(list, object);
    }
    json_object_set_new(root, "list", list);
    return dump(root);
}

static json_t *files_array(const struct imports *imports)
{
    json_t *files = json_array();

    for (size_t i = 0; i < imports->drivers.count; i++) {
        const struct imports_driver *driver = &imports->drivers.items[i];
        json_t *object = json_object();

        json_put_text(object, "path", driver->path);
        json_put_text(object, "refusal", driver->refusal);
        json_put(object, "file_offset", driver->file_offset);
        json_put(object, "imports", driver->imports);
        json_put(object, "missing", driver->missing);
        json_put(object, "newer", driver->newer);
        json_array_append_new(files, object);
    }
    return files;
}

char *imports_summary_json(const struct imports *imports, const char *windows)
{
    json_t *root, *functions;
    struct imports_lack *lacks;
    size_t lack_count;

    if (imports_lacks(imports, &lacks, &lack_count) != 0)
        return NULL;
    root = root_object(imports, windows);
    functions = json_array();
    for (size_t i = 0; i < lack_count; i++) {
        json_t *object = json_object();

        json_put_text(object, "module", lacks[i].module);
        json_put_text(object, "name", lacks[i].name);
        json_put_text(object, "state", imports_state_word(lacks[i].state));
        json_put(object, "drivers", lacks[i].drivers);
        json_array_append_new(functions, object);
    }
    json_object_set_new(root, "functions", functions);
    json_object_set_new(root, "files", files_array(imports));
    free(lacks);
    return dump(root);
}
