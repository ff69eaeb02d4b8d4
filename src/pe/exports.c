/* SPDX-License-Identifier: MIT */
/* The export directory leads to three tables: addresses by ordinal, names, and for each name the
 * index of its address. An address that points into the directory itself is the name of a
 * forwarder, "module.function". PE Format, The .edata Section. */
#include <errno.h>
#include <string.h>

#include "pe/internal.h"

enum {
    DIRECTORY_BYTES = 40,
    DIRECTORY_ORDINAL_BASE = 16,
    DIRECTORY_ADDRESS_COUNT = 20,
    DIRECTORY_NAME_COUNT = 24,
    DIRECTORY_ADDRESSES = 28,
    DIRECTORY_NAMES = 32,
    DIRECTORY_NAME_ORDINALS = 36,
};

struct export_tables {
    uint64_t       offset; /* of the directory, in the file */
    uint32_t       ordinal_base;
    uint32_t       address_count;
    uint32_t       name_count;
    const uint8_t *addresses;
    const uint8_t *names;
    const uint8_t *name_ordinals;
};

/* false and an empty *out when there are no exports. A checked image has all tables. */
static bool find_tables(const struct pe_image *image, struct export_tables *out)
{
    uint32_t rva = image->directories[PE_DIRECTORY_EXPORT].rva;
    const uint8_t *from = rva != 0 ? pe_at(image, rva, DIRECTORY_BYTES) : NULL;

    *out = (struct export_tables){ 0 };
    if (from == NULL)
        return false;
    out->offset = (uint64_t)(from - image->bytes);
    out->ordinal_base = pe_u32(from + DIRECTORY_ORDINAL_BASE);
    out->address_count = pe_u32(from + DIRECTORY_ADDRESS_COUNT);
    out->name_count = pe_u32(from + DIRECTORY_NAME_COUNT);
    out->addresses =
        pe_at(image, pe_u32(from + DIRECTORY_ADDRESSES), 4 * (uint64_t)out->address_count);
    out->names = pe_at(image, pe_u32(from + DIRECTORY_NAMES), 4 * (uint64_t)out->name_count);
    out->name_ordinals =
        pe_at(image, pe_u32(from + DIRECTORY_NAME_ORDINALS), 2 * (uint64_t)out->name_count);
    return true;
}

static bool is_forwarder(const struct pe_image *image, uint32_t rva)
{
    const struct pe_directory *directory = &image->directories[PE_DIRECTORY_EXPORT];

    return rva >= directory->rva && rva - directory->rva < directory->size_bytes;
}

/* index counts addresses and is below address_count. */
static void read_export(const struct pe_image *image, const struct export_tables *tables,
                        uint32_t index, struct pe_export *out)
{
    const uint8_t *from = tables->addresses + 4 * (size_t)index;
    uint32_t rva = pe_u32(from);

    *out = (struct pe_export){ .ordinal = tables->ordinal_base + index,
                               .file_offset = (uint64_t)(from - image->bytes) };
    if (is_forwarder(image, rva))
        out->forwarder = pe_name_at(image, rva);
    else
        out->rva = rva;
}

static int check_tables(const struct export_tables *tables, struct pe_error *error)
{
    if (tables->address_count > PE_MAX_EXPORTS || tables->name_count > PE_MAX_EXPORTS) {
        return pe_fail(error, PE_ERROR_TOO_LARGE, tables->offset + DIRECTORY_ADDRESS_COUNT,
                       "%u exports and %u names; the limit is %d", tables->address_count,
                       tables->name_count, PE_MAX_EXPORTS);
    }
    if (tables->address_count != 0 && tables->addresses == NULL) {
        return pe_fail(error, PE_ERROR_BAD_EXPORT, tables->offset + DIRECTORY_ADDRESSES,
                       "the export address table is outside the file's sections");
    }
    if (tables->name_count != 0 && tables->names == NULL) {
        return pe_fail(error, PE_ERROR_BAD_EXPORT, tables->offset + DIRECTORY_NAMES,
                       "the export name table is outside the file's sections");
    }
    if (tables->name_count != 0 && tables->name_ordinals == NULL) {
        return pe_fail(error, PE_ERROR_BAD_EXPORT, tables->offset + DIRECTORY_NAME_ORDINALS,
                       "the export ordinal table is outside the file's sections");
    }
    return 0;
}

static int check_address(const struct pe_image *image, const struct export_tables *tables,
                         uint32_t index, struct pe_error *error)
{
    uint32_t rva = pe_u32(tables->addresses + 4 * (size_t)index);
    uint64_t offset = (uint64_t)(tables->addresses - image->bytes) + 4 * (uint64_t)index;
    const char *name;

    if (!is_forwarder(image, rva)) {
        if (rva < image->size_of_image)
            return 0;
        return pe_fail(error, PE_ERROR_BAD_EXPORT, offset,
                       "export %u points to 0x%X, beyond the image", tables->ordinal_base + index,
                       rva);
    }
    name = pe_name_at(image, rva);
    if (name == NULL || strchr(name, '.') == NULL) {
        return pe_fail(error, PE_ERROR_BAD_EXPORT, offset,
                       "export %u forwards to something that is not MODULE.NAME",
                       tables->ordinal_base + index);
    }
    return 0;
}

static int check_name(const struct pe_image *image, const struct export_tables *tables,
                      uint32_t index, struct pe_error *error)
{
    const uint8_t *name = tables->names + 4 * (size_t)index;
    const uint8_t *ordinal = tables->name_ordinals + 2 * (size_t)index;

    if (pe_name_at(image, pe_u32(name)) == NULL) {
        return pe_fail(error, PE_ERROR_BAD_EXPORT, (uint64_t)(name - image->bytes),
                       "the exported name number %u is not valid", index);
    }
    if (pe_u16(ordinal) >= tables->address_count) {
        return pe_fail(error, PE_ERROR_BAD_EXPORT, (uint64_t)(ordinal - image->bytes),
                       "the export %.64s has index %u of %u", pe_name_at(image, pe_u32(name)),
                       pe_u16(ordinal), tables->address_count);
    }
    return 0;
}

int pe_check_exports(const struct pe_image *image, struct pe_error *error)
{
    struct export_tables tables;

    if (image->directories[PE_DIRECTORY_EXPORT].rva == 0)
        return 0;
    if (!find_tables(image, &tables)) {
        return pe_fail(error, PE_ERROR_BAD_EXPORT,
                       pe_directory_offset(image, PE_DIRECTORY_EXPORT),
                       "the export directory is outside the file's sections");
    }
    if (check_tables(&tables, error) != 0)
        return -ENOEXEC;
    for (uint32_t i = 0; i < tables.address_count; i++) {
        if (check_address(image, &tables, i, error) != 0)
            return -ENOEXEC;
    }
    for (uint32_t i = 0; i < tables.name_count; i++) {
        if (check_name(image, &tables, i, error) != 0)
            return -ENOEXEC;
    }
    return 0;
}

struct pe_export_iter pe_exports(const struct pe_image *image)
{
    return (struct pe_export_iter){ .image = image, .index = 0 };
}

bool pe_export_next(struct pe_export_iter *iter, struct pe_export *out)
{
    struct export_tables tables;

    if (!find_tables(iter->image, &tables) || iter->index >= tables.name_count)
        return false;
    read_export(iter->image, &tables, pe_u16(tables.name_ordinals + 2 * (size_t)iter->index), out);
    out->name = pe_name_at(iter->image, pe_u32(tables.names + 4 * (size_t)iter->index));
    iter->index++;
    return true;
}

static int refuse_forwarder(const struct pe_export *export, struct pe_error *error)
{
    if (export->forwarder == NULL)
        return 0;
    return pe_fail(error, PE_ERROR_FORWARDED_EXPORT, export->file_offset,
                   "the export %.48s (ordinal %u) forwards to %.64s",
                   export->name != NULL ? export->name : "", export->ordinal, export->forwarder);
}

/* Every name is compared: the file's order is not trusted, and a driver exports few. */
int pe_export_find(const struct pe_image *image, const char *name, struct pe_export *out,
                   struct pe_error *error)
{
    struct pe_export_iter iter = pe_exports(image);
    struct pe_export export;

    while (pe_export_next(&iter, &export)) {
        if (strcmp(export.name, name) != 0)
            continue;
        if (refuse_forwarder(&export, error) != 0)
            return -ENOEXEC;
        *out = export;
        return 0;
    }
    return -ENOENT;
}

int pe_export_find_ordinal(const struct pe_image *image, uint32_t ordinal, struct pe_export *out,
                           struct pe_error *error)
{
    struct export_tables tables;
    struct pe_export export;

    if (!find_tables(image, &tables) || ordinal < tables.ordinal_base ||
        ordinal - tables.ordinal_base >= tables.address_count)
        return -ENOENT;
    read_export(image, &tables, ordinal - tables.ordinal_base, &export);
    if (export.rva == 0 && export.forwarder == NULL)
        return -ENOENT;
    if (refuse_forwarder(&export, error) != 0)
        return -ENOEXEC;
    *out = export;
    return 0;
}
