/* SPDX-License-Identifier: MIT */
/* .pdata is a table of RUNTIME_FUNCTION sorted by address, so that the entry for an instruction is
 * found by binary search. x64 exception handling, "struct RUNTIME_FUNCTION". Bit 0 of UnwindInfo
 * marks an entry that stands for another one, whose RVA it holds instead. */
#include <errno.h>

#include "pe/internal.h"
#include "pe/unwind_info.h"

enum { INDIRECT_BIT = 1, UNWIND_INFO_ALIGNMENT = 4 };

static void read_entry(const uint8_t *from, struct pe_function *out)
{
    *out = (struct pe_function){
        .begin_rva = pe_u32(from),
        .end_rva = pe_u32(from + 4),
        .unwind_rva = pe_u32(from + 8),
    };
}

/* RVA of the entry that an indirect one stands for; false when it stands for none. */
static bool is_entry(uint32_t rva, uint32_t pdata_rva, uint32_t pdata_count)
{
    return rva >= pdata_rva && (rva - pdata_rva) % PE_RUNTIME_FUNCTION_BYTES == 0 &&
           (rva - pdata_rva) / PE_RUNTIME_FUNCTION_BYTES < pdata_count;
}

static int check_info(const struct pe_image *image, const struct pe_function *function,
                      uint64_t offset, struct pe_error *error)
{
    struct unwind_info info;
    struct cursor cursor;
    const char *wrong;

    if (function->unwind_rva % UNWIND_INFO_ALIGNMENT != 0 ||
        !pe_cursor_at(image, function->unwind_rva, &cursor)) {
        return pe_fail(error, PE_ERROR_BAD_UNWIND, offset,
                       "the function at 0x%X has its unwind info at 0x%X, which no section holds",
                       function->begin_rva, function->unwind_rva);
    }
    wrong = unwind_info_decode(cursor, &info);
    if (wrong != NULL) {
        return pe_fail(error, PE_ERROR_BAD_UNWIND, cursor.offset, "the function at 0x%X: %s",
                       function->begin_rva, wrong);
    }
    if (info.handler_rva >= image->size_of_image) {
        return pe_fail(error, PE_ERROR_BAD_UNWIND, cursor.offset,
                       "the function at 0x%X has its handler at 0x%X, beyond the image",
                       function->begin_rva, info.handler_rva);
    }
    return 0;
}

static int check_entry(const struct pe_image *image, const struct pe_function *function,
                       uint32_t previous_end, uint64_t offset, struct pe_error *error)
{
    if (function->begin_rva >= function->end_rva || function->end_rva > image->size_of_image) {
        return pe_fail(error, PE_ERROR_BAD_UNWIND, offset,
                       "a function from 0x%X to 0x%X in an image of 0x%X bytes",
                       function->begin_rva, function->end_rva, image->size_of_image);
    }
    if (function->begin_rva < previous_end) {
        return pe_fail(error, PE_ERROR_BAD_UNWIND, offset,
                       "the exception table is not sorted: 0x%X follows a function up to 0x%X",
                       function->begin_rva, previous_end);
    }
    if ((function->unwind_rva & INDIRECT_BIT) != 0) {
        if (is_entry(function->unwind_rva - INDIRECT_BIT, image->pdata_rva, image->pdata_count))
            return 0;
        return pe_fail(error, PE_ERROR_BAD_UNWIND, offset,
                       "the function at 0x%X stands for 0x%X, which is no table entry",
                       function->begin_rva, function->unwind_rva - INDIRECT_BIT);
    }
    return check_info(image, function, offset, error);
}

/* Linkers that round the table up leave empty entries at its end. */
static uint32_t count_entries(const uint8_t *table, uint32_t size_bytes)
{
    uint32_t count = size_bytes / PE_RUNTIME_FUNCTION_BYTES;

    while (count != 0 && pe_u32(table + (size_t)(count - 1) * PE_RUNTIME_FUNCTION_BYTES) == 0)
        count--;
    return count;
}

int pe_check_functions(struct pe_image *image, struct pe_error *error)
{
    const struct pe_directory *directory = &image->directories[PE_DIRECTORY_EXCEPTION];
    uint64_t described_at = pe_directory_offset(image, PE_DIRECTORY_EXCEPTION);
    uint32_t previous_end = 0;
    const uint8_t *table;

    if (directory->rva == 0 || directory->size_bytes == 0)
        return 0;
    if (directory->size_bytes % PE_RUNTIME_FUNCTION_BYTES != 0) {
        return pe_fail(error, PE_ERROR_BAD_UNWIND, described_at,
                       "an exception table of %u bytes is not made of 12-byte entries",
                       directory->size_bytes);
    }
    table = pe_at(image, directory->rva, directory->size_bytes);
    if (table == NULL) {
        return pe_fail(error, PE_ERROR_BAD_UNWIND, described_at,
                       "the exception table is outside the file's sections");
    }
    image->pdata_rva = directory->rva;
    image->pdata_count = count_entries(table, directory->size_bytes);
    for (uint32_t i = 0; i < image->pdata_count; i++) {
        const uint8_t *from = table + (size_t)i * PE_RUNTIME_FUNCTION_BYTES;
        struct pe_function function;

        read_entry(from, &function);
        if (check_entry(image, &function, previous_end, (uint64_t)(from - image->bytes), error))
            return -ENOEXEC;
        previous_end = function.end_rva;
    }
    return 0;
}

static bool view_entry(const struct pe_image_view *view, uint32_t rva, struct pe_function *out)
{
    if (rva > view->size_bytes || view->size_bytes - rva < PE_RUNTIME_FUNCTION_BYTES)
        return false;
    read_entry(view->bytes + rva, out);
    out->entry_rva = rva;
    return true;
}

/* One step only: an entry that an indirect one stands for describes its own code. */
static bool resolve(const struct pe_image_view *view, struct pe_function *function)
{
    uint32_t rva = function->unwind_rva - INDIRECT_BIT;

    if ((function->unwind_rva & INDIRECT_BIT) == 0)
        return true;
    return is_entry(rva, view->pdata_rva, view->pdata_count) && view_entry(view, rva, function) &&
           (function->unwind_rva & INDIRECT_BIT) == 0;
}

bool pe_function_find(const struct pe_image_view *view, uint32_t rva, struct pe_function *out)
{
    uint32_t low = 0;
    uint32_t high = view->pdata_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct pe_function function;

        if (!view_entry(view, view->pdata_rva + middle * PE_RUNTIME_FUNCTION_BYTES, &function))
            return false;
        if (rva < function.begin_rva) {
            high = middle;
        } else if (rva >= function.end_rva) {
            low = middle + 1;
        } else {
            if (!resolve(view, &function))
                return false;
            *out = function;
            return true;
        }
    }
    return false;
}

bool pe_function_info(const struct pe_image_view *view, const struct pe_function *function,
                      struct unwind_info *out)
{
    struct cursor cursor;

    cursor_init(&cursor, view->bytes, view->size_bytes);
    return function->unwind_rva % UNWIND_INFO_ALIGNMENT == 0 &&
           cursor_seek(&cursor, function->unwind_rva) && unwind_info_decode(cursor, out) == NULL;
}

bool pe_function_root(const struct pe_image_view *view, const struct pe_function *function,
                      struct pe_function *out)
{
    struct pe_function at = *function;
    struct unwind_info info;

    for (int depth = 0; depth < UNWIND_MAX_CHAIN; depth++) {
        if (!pe_function_info(view, &at, &info))
            return false;
        if ((info.flags & UNWIND_FLAG_CHAININFO) == 0) {
            *out = at;
            return true;
        }
        at = info.chained;
    }
    return false;
}
