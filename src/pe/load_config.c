/* SPDX-License-Identifier: MIT */
/* The load configuration tells the loader which variables of the image it must fill in before the
 * first instruction: the stack cookie and the pointers of Control Flow Guard. It grew with every
 * Windows release, and its first field is its own size: a field beyond that does not exist. PE
 * Format, The Load Configuration Structure; IMAGE_LOAD_CONFIG_DIRECTORY64 in winnt.h. Pointers are
 * addresses at the preferred base. */
#include <errno.h>

#include "pe/internal.h"

enum {
    CONFIG_COOKIE = 0x58,
    CONFIG_GUARD_CHECK = 0x70,
    CONFIG_GUARD_DISPATCH = 0x78,
    CONFIG_GUARD_TABLE = 0x80,
    CONFIG_GUARD_COUNT = 0x88,
    CONFIG_GUARD_FLAGS = 0x90,
    CONFIG_XFG_CHECK = 0x118,
    CONFIG_XFG_DISPATCH = 0x120,
    CONFIG_XFG_TABLE_DISPATCH = 0x128,
    CONFIG_GUARD_MEMCPY = 0x138,
    CONFIG_LEAST_BYTES = 4,
    SLOT_BYTES = 8,
    GUARD_STRIDE_SHIFT = 28, /* upper four bits of GuardFlags: extra bytes in each entry */
    GUARD_ENTRY_BYTES = 4,
};

struct config {
    const struct pe_image *image;
    const uint8_t         *bytes;
    uint32_t               size;
};

/* Turns the address in a field into the RVA of size bytes; an absent field and an address of 0
 * give 0. */
static int read_pointer(const struct config *config, uint32_t field, const char *name,
                        uint64_t size, uint32_t *rva, struct pe_error *error)
{
    const struct pe_image *image = config->image;
    uint64_t va;
    uint64_t distance;

    *rva = 0;
    if (field + SLOT_BYTES > config->size)
        return 0;
    va = pe_u64(config->bytes + field);
    if (va == 0)
        return 0;
    distance = va - image->preferred_base;
    if (va < image->preferred_base || distance > UINT32_MAX ||
        !pe_is_in_section(image, (uint32_t)distance, size)) {
        return pe_fail(error, PE_ERROR_BAD_LOAD_CONFIG,
                       (uint64_t)(config->bytes - image->bytes) + field,
                       "the load configuration's %s 0x%llX is in no section", name,
                       (unsigned long long)va);
    }
    *rva = (uint32_t)distance;
    return 0;
}

static int read_slots(const struct config *config, struct pe_load_config *out,
                      struct pe_error *error)
{
    const struct {
        uint32_t    field;
        const char *name;
        uint32_t   *rva;
    } slots[] = {
        { CONFIG_COOKIE, "SecurityCookie", &out->security_cookie_rva },
        { CONFIG_GUARD_CHECK, "GuardCFCheckFunctionPointer", &out->guard_check_rva },
        { CONFIG_GUARD_DISPATCH, "GuardCFDispatchFunctionPointer", &out->guard_dispatch_rva },
        { CONFIG_XFG_CHECK, "GuardXFGCheckFunctionPointer", &out->guard_xfg_check_rva },
        { CONFIG_XFG_DISPATCH, "GuardXFGDispatchFunctionPointer", &out->guard_xfg_dispatch_rva },
        { CONFIG_XFG_TABLE_DISPATCH, "GuardXFGTableDispatchFunctionPointer",
          &out->guard_xfg_table_dispatch_rva },
        { CONFIG_GUARD_MEMCPY, "GuardMemcpyFunctionPointer", &out->guard_memcpy_rva },
    };

    for (size_t i = 0; i < ARRAY_LEN(slots); i++) {
        if (read_pointer(config, slots[i].field, slots[i].name, SLOT_BYTES, slots[i].rva, error))
            return -ENOEXEC;
    }
    return 0;
}

static int read_guard_table(const struct config *config, struct pe_load_config *out,
                            struct pe_error *error)
{
    uint64_t count;

    if (CONFIG_GUARD_FLAGS + 4 > config->size)
        return 0;
    out->guard_flags = pe_u32(config->bytes + CONFIG_GUARD_FLAGS);
    count = pe_u64(config->bytes + CONFIG_GUARD_COUNT);
    if (count == 0)
        return 0;
    if (count > config->image->size_of_image / GUARD_ENTRY_BYTES) {
        return pe_fail(error, PE_ERROR_BAD_LOAD_CONFIG,
                       (uint64_t)(config->bytes - config->image->bytes) + CONFIG_GUARD_COUNT,
                       "a guard function table of %llu entries in an image of 0x%X bytes",
                       (unsigned long long)count, config->image->size_of_image);
    }
    out->guard_function_count = (uint32_t)count;
    out->guard_function_stride_bytes =
        GUARD_ENTRY_BYTES + (out->guard_flags >> GUARD_STRIDE_SHIFT);
    return read_pointer(config, CONFIG_GUARD_TABLE, "GuardCFFunctionTable",
                        count * out->guard_function_stride_bytes, &out->guard_function_table_rva,
                        error);
}

int pe_check_load_config(struct pe_image *image, struct pe_error *error)
{
    uint32_t rva = image->directories[PE_DIRECTORY_LOAD_CONFIG].rva;
    struct config config = { .image = image };

    if (rva == 0)
        return 0;
    config.bytes = pe_at(image, rva, CONFIG_LEAST_BYTES);
    if (config.bytes == NULL) {
        return pe_fail(error, PE_ERROR_BAD_LOAD_CONFIG,
                       pe_directory_offset(image, PE_DIRECTORY_LOAD_CONFIG),
                       "the load configuration at 0x%X is outside the file's sections", rva);
    }
    config.size = pe_u32(config.bytes);
    if (config.size < CONFIG_LEAST_BYTES || pe_at(image, rva, config.size) == NULL) {
        return pe_fail(error, PE_ERROR_BAD_LOAD_CONFIG, (uint64_t)(config.bytes - image->bytes),
                       "the load configuration says it has %u bytes", config.size);
    }
    image->load_config.size_bytes = config.size;
    if (read_slots(&config, &image->load_config, error) != 0)
        return -ENOEXEC;
    return read_guard_table(&config, &image->load_config, error);
}
