/* SPDX-License-Identifier: MIT */
/* Drivers that export to others. A driver may import from any image that is loaded already, under
 * the image's own file name; an export may lead on to another module (a forwarder). What Windows
 * itself would have is found in the tables first: no driver can stand in for ntoskrnl. "Creating
 * Export Drivers". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "exports/internal.h"

enum { FORWARDS_MAX = 8, MODULE_NAME_MAX = 64 };

int exports_drivers_add(struct exports *exports, struct exports_driver *driver)
{
    return array_push(&exports->drivers, driver);
}

void exports_drivers_remove(struct exports *exports, const struct exports_driver *driver)
{
    for (size_t i = 0; i < exports->drivers.count; i++) {
        if (exports->drivers.items[i] == driver) {
            array_remove_at(&exports->drivers, i);
            return;
        }
    }
}

static const struct exports_driver *find_driver(const struct exports *exports, const char *name)
{
    for (size_t i = 0; i < exports->drivers.count; i++) {
        if (strcasecmp(exports->drivers.items[i]->name, name) == 0)
            return exports->drivers.items[i];
    }
    return NULL;
}

/* An import by name; NULL: by ordinal. */
static bool find_export(const struct pe_image *image, const char *name, uint32_t ordinal,
                        struct pe_export *out)
{
    for (struct pe_export_iter iter = pe_exports(image); pe_export_next(&iter, out);) {
        if (name != NULL ? strcmp(out->name, name) == 0 : out->ordinal == ordinal)
            return true;
    }
    return name == NULL && pe_export_find_ordinal(image, ordinal, out, NULL) == 0;
}

/* "module.name" or "module.#ordinal"; a module without an ending is a .dll, which in the kernel is
 * written out only for hal. */
static bool split_forwarder(const char *forwarder, char module[MODULE_NAME_MAX], const char **name,
                            uint32_t *ordinal)
{
    const char *dot = strrchr(forwarder, '.');

    if (dot == NULL || dot - forwarder >= MODULE_NAME_MAX - 8)
        return false;
    snprintf(module, MODULE_NAME_MAX, "%.*s", (int)(dot - forwarder), forwarder);
    *name = dot[1] == '#' ? NULL : dot + 1;
    return *name != NULL || num_parse_u32(dot + 2, ordinal) == 0;
}

static const char *with_ending(const char *module, const char *ending, char file[MODULE_NAME_MAX])
{
    snprintf(file, MODULE_NAME_MAX, "%.*s%s", MODULE_NAME_MAX - 8, module,
             strchr(module, '.') == NULL ? ending : "");
    return file;
}

static int follow(struct exports *exports, const char *forwarder, unsigned depth, uint64_t *out_va);

static int find(struct exports *exports, const char *module, const char *name, uint32_t ordinal,
                unsigned depth, uint64_t *out_va)
{
    const struct exports_driver *driver = find_driver(exports, module);
    struct pe_export export;

    if (driver == NULL || !find_export(&driver->image, name, ordinal, &export))
        return -ENOENT;
    if (export.forwarder != NULL)
        return depth < FORWARDS_MAX ? follow(exports, export.forwarder, depth + 1, out_va)
                                    : -ENOENT;
    *out_va = driver->base_va + export.rva;
    return 0;
}

static int follow(struct exports *exports, const char *forwarder, unsigned depth, uint64_t *out_va)
{
    char module[MODULE_NAME_MAX], file[MODULE_NAME_MAX];
    const struct exports_row *row = NULL;
    const char *name;
    uint32_t ordinal = 0;

    if (!split_forwarder(forwarder, module, &name, &ordinal))
        return -ENOENT;
    if (name != NULL) {
        row = exports_find(with_ending(module, ".exe", file), name);
        if (row != NULL && row->state != EXPORTS_STUB &&
            exports_has(row, ke_windows(exports->ke)))
            return exports_bind_row(exports, row, out_va);
    }
    return find(exports, with_ending(module, ".sys", file), name, ordinal, depth, out_va);
}

int exports_drivers_find(struct exports *exports, const char *module, const char *name,
                         uint32_t ordinal, uint64_t *out_va)
{
    return find(exports, module, name, ordinal, 0, out_va);
}

bool exports_image_has(const struct pe_image *image, const char *name, uint32_t ordinal)
{
    struct pe_export export;

    return find_export(image, name, ordinal, &export);
}

uint64_t exports_driver_function(const struct exports_driver *driver, const char *name)
{
    struct pe_export export;

    if (!find_export(&driver->image, name, 0, &export) || export.forwarder != NULL)
        return 0;
    return driver->base_va + export.rva;
}
