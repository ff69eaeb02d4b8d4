/* SPDX-License-Identifier: MIT */
/* The import directory is a row of 20-byte descriptors, one a module, ended by an empty one. Each
 * leads to two parallel tables of 8-byte entries, ended by 0: the lookup table says what is wanted
 * (bit 63: an ordinal, else the RVA of a 16-bit hint and a name), the address table receives the
 * answer. PE Format, The .idata Section. A descriptor without a lookup table keeps the wishes in
 * the address table itself, as old linkers did. */
#include <errno.h>

#include "pe/internal.h"

enum {
    DESCRIPTOR_BYTES = 20,
    DESCRIPTOR_LOOKUP = 0,
    DESCRIPTOR_TIMESTAMP = 4,
    DESCRIPTOR_NAME = 12,
    DESCRIPTOR_IAT = 16,
    DELAY_DESCRIPTOR_BYTES = 32,
    DELAY_DESCRIPTOR_NAME = 4,
    THUNK_BYTES = 8,
    HINT_BYTES = 2,
};

#define THUNK_BY_ORDINAL   (UINT64_C(1) << 63)
#define THUNK_ORDINAL_MASK UINT64_C(0xFFFF)
#define THUNK_NAME_MASK    UINT64_C(0x7FFFFFFF)

static int bad_import(struct pe_error *error, uint64_t offset, const char *what, const char *module)
{
    return pe_fail(error, PE_ERROR_BAD_IMPORT, offset, "%s%.64s", what, module);
}

static int read_descriptor(const struct pe_image *image, const uint8_t *from,
                           struct pe_module *out, struct pe_error *error)
{
    uint64_t offset = (uint64_t)(from - image->bytes);
    struct pe_module module = {
        .name = pe_name_at(image, pe_u32(from + DESCRIPTOR_NAME)),
        .lookup_rva = pe_u32(from + DESCRIPTOR_LOOKUP),
        .iat_rva = pe_u32(from + DESCRIPTOR_IAT),
    };

    if (module.name == NULL)
        return bad_import(error, offset + DESCRIPTOR_NAME, "an imported module has no name", "");
    if (module.lookup_rva == 0) {
        if (pe_u32(from + DESCRIPTOR_TIMESTAMP) != 0) {
            return bad_import(error, offset, "imports are bound and their names are lost: ",
                              module.name);
        }
        module.lookup_rva = module.iat_rva;
    }
    *out = module;
    return 0;
}

/* 1 and a module, 0 at the end, -ENOEXEC. */
static int module_step(struct pe_module_iter *iter, struct pe_module *out, struct pe_error *error)
{
    const struct pe_image *image = iter->image;
    const uint8_t *from;

    if (iter->descriptor_rva == 0)
        return 0;
    from = pe_at(image, iter->descriptor_rva, DESCRIPTOR_BYTES);
    if (from == NULL) {
        return pe_fail(error, PE_ERROR_BAD_IMPORT, pe_directory_offset(image, PE_DIRECTORY_IMPORT),
                       "the import descriptor at 0x%X is outside the file's sections",
                       iter->descriptor_rva);
    }
    if (pe_u32(from + DESCRIPTOR_NAME) == 0 || pe_u32(from + DESCRIPTOR_IAT) == 0) {
        iter->descriptor_rva = 0;
        return 0;
    }
    if (read_descriptor(image, from, out, error) != 0)
        return -ENOEXEC;
    iter->descriptor_rva += DESCRIPTOR_BYTES;
    return 1;
}

static int read_by_name(const struct pe_image *image, uint64_t thunk, struct pe_import *import,
                        struct pe_error *error)
{
    uint32_t rva = (uint32_t)(thunk & THUNK_NAME_MASK);
    const uint8_t *hint = pe_at(image, rva, HINT_BYTES);

    if ((thunk & ~THUNK_NAME_MASK) != 0 || hint == NULL) {
        return pe_fail(error, PE_ERROR_BAD_IMPORT, import->file_offset,
                       "the import entry 0x%llX is neither an ordinal nor the place of a name",
                       (unsigned long long)thunk);
    }
    import->hint = pe_u16(hint);
    import->ordinal = 0;
    import->name = pe_name_at(image, rva + HINT_BYTES);
    if (import->name == NULL) {
        return pe_fail(error, PE_ERROR_BAD_IMPORT, (uint64_t)(hint - image->bytes) + HINT_BYTES,
                       "an imported function has no valid name");
    }
    return 0;
}

static int read_by_ordinal(uint64_t thunk, struct pe_import *import, struct pe_error *error)
{
    if ((thunk & ~(THUNK_BY_ORDINAL | THUNK_ORDINAL_MASK)) != 0) {
        return pe_fail(error, PE_ERROR_BAD_IMPORT, import->file_offset,
                       "the ordinal import 0x%llX has bits set above the ordinal",
                       (unsigned long long)thunk);
    }
    import->name = NULL;
    import->hint = 0;
    import->ordinal = (uint16_t)(thunk & THUNK_ORDINAL_MASK);
    return 0;
}

/* 1 and an import, 0 at the end, -ENOEXEC. */
static int import_step(struct pe_import_iter *iter, struct pe_import *out, struct pe_error *error)
{
    const struct pe_image *image = iter->image;
    struct pe_import import = { .slot_rva = iter->slot_rva };
    const uint8_t *from = pe_at(image, iter->lookup_rva, THUNK_BYTES);
    uint64_t thunk;
    int result;

    if (from == NULL) {
        return pe_fail(error, PE_ERROR_BAD_IMPORT, pe_directory_offset(image, PE_DIRECTORY_IMPORT),
                       "the import lookup entry at 0x%X is outside the file's sections",
                       iter->lookup_rva);
    }
    thunk = pe_u64(from);
    if (thunk == 0)
        return 0;
    import.file_offset = (uint64_t)(from - image->bytes);
    if (!pe_is_in_section(image, iter->slot_rva, THUNK_BYTES)) {
        return pe_fail(error, PE_ERROR_BAD_IMPORT, import.file_offset,
                       "the import's address slot 0x%X is in no section", iter->slot_rva);
    }
    result = (thunk & THUNK_BY_ORDINAL) != 0 ? read_by_ordinal(thunk, &import, error)
                                             : read_by_name(image, thunk, &import, error);
    if (result != 0)
        return result;
    iter->lookup_rva += THUNK_BYTES;
    iter->slot_rva += THUNK_BYTES;
    *out = import;
    return 1;
}

static int check_module(struct pe_image *image, const struct pe_module *module,
                        struct pe_error *error)
{
    struct pe_import_iter iter = pe_imports(image, module);
    struct pe_import import = {0};
    int result;

    while ((result = import_step(&iter, &import, error)) > 0) {
        if (++image->import_count > PE_MAX_IMPORT_FUNCTIONS) {
            return pe_fail(error, PE_ERROR_TOO_LARGE, import.file_offset,
                           "more than %d imported functions", PE_MAX_IMPORT_FUNCTIONS);
        }
    }
    return result;
}

int pe_check_imports(struct pe_image *image, struct pe_error *error)
{
    struct pe_module_iter iter = pe_modules(image);
    struct pe_module module = {0};
    unsigned modules = 0;
    int result;

    while ((result = module_step(&iter, &module, error)) > 0) {
        if (++modules > PE_MAX_IMPORT_MODULES) {
            return pe_fail(error, PE_ERROR_TOO_LARGE,
                           pe_directory_offset(image, PE_DIRECTORY_IMPORT),
                           "more than %d imported modules", PE_MAX_IMPORT_MODULES);
        }
        if (check_module(image, &module, error) != 0)
            return -ENOEXEC;
    }
    return result;
}

/* A delay import is resolved by code in the driver on first use, through a loader service weir
 * does not have. */
int pe_check_delay_imports(const struct pe_image *image, struct pe_error *error)
{
    uint32_t rva = image->directories[PE_DIRECTORY_DELAY_IMPORT].rva;
    uint64_t offset = pe_directory_offset(image, PE_DIRECTORY_DELAY_IMPORT);
    const uint8_t *from;
    const char *name;

    if (rva == 0)
        return 0;
    from = pe_at(image, rva, DELAY_DESCRIPTOR_BYTES);
    if (from == NULL) {
        return pe_fail(error, PE_ERROR_BAD_IMPORT, offset,
                       "the delay import descriptor at 0x%X is outside the file's sections", rva);
    }
    if (pe_u32(from + DELAY_DESCRIPTOR_NAME) == 0)
        return 0;
    name = pe_name_at(image, pe_u32(from + DELAY_DESCRIPTOR_NAME));
    return pe_fail(error, PE_ERROR_DELAY_IMPORT, (uint64_t)(from - image->bytes),
                   "delay-loads %.64s; weir needs ordinary imports (link without /DELAYLOAD)",
                   name != NULL ? name : "a module without a valid name");
}

struct pe_module_iter pe_modules(const struct pe_image *image)
{
    return (struct pe_module_iter){ .image = image,
                                    .descriptor_rva = image->directories[PE_DIRECTORY_IMPORT].rva };
}

bool pe_module_next(struct pe_module_iter *iter, struct pe_module *out)
{
    struct pe_error error;
    int result = module_step(iter, out, &error);

    weir_assert(result >= 0);
    return result > 0;
}

struct pe_import_iter pe_imports(const struct pe_image *image, const struct pe_module *module)
{
    return (struct pe_import_iter){ .image = image,
                                    .lookup_rva = module->lookup_rva,
                                    .slot_rva = module->iat_rva };
}

bool pe_import_next(struct pe_import_iter *iter, struct pe_import *out)
{
    struct pe_error error;
    int result = import_step(iter, out, &error);

    weir_assert(result >= 0);
    return result > 0;
}
