/* SPDX-License-Identifier: MIT */
/* Base relocations come in blocks, one for each 4 KB page: the page's RVA, the block's size, then
 * 16-bit entries with the type in the upper four bits and the offset within the page below. PE
 * Format, The .reloc Section. An x64 image needs two types: DIR64, a 64-bit address to be moved,
 * and ABSOLUTE, which pads a block to a multiple of four bytes. Any other belongs to another
 * machine or to a damaged file. */
#include <errno.h>

#include "pe/internal.h"

enum {
    BLOCK_HEADER_BYTES = 8,
    BLOCK_SIZE = 4,
    ENTRY_BYTES = 2,
    ENTRY_TYPE_SHIFT = 12,
    ENTRY_OFFSET_MASK = 0xFFF,
    TYPE_ABSOLUTE = 0,
    TYPE_DIR64 = 10,
    TARGET_BYTES = 8,
};

static const char *type_name(unsigned type)
{
    static const char *const names[16] = {
        [1] = "HIGH", [2] = "LOW", [3] = "HIGHLOW", [4] = "HIGHADJ",
    };

    return names[type] != NULL ? names[type] : "of another machine";
}

/* 1 when there is a block, 0 at the end. A block of size 0 is padding of the section, and ends the
 * table too. */
static int next_block(struct pe_relocation_iter *iter, struct pe_error *error)
{
    const uint8_t *from = iter->image->bytes + iter->offset;
    uint64_t left = iter->end - iter->offset;
    uint32_t size;

    if (left == 0)
        return 0;
    if (left < BLOCK_HEADER_BYTES) {
        return pe_fail(error, PE_ERROR_BAD_RELOCATION, iter->offset,
                       "%u bytes are left over behind the last relocation block", (unsigned)left);
    }
    size = pe_u32(from + BLOCK_SIZE);
    iter->page_rva = pe_u32(from);
    if (size == 0 && iter->page_rva == 0)
        return 0;
    if (size < BLOCK_HEADER_BYTES || size > left || size % ENTRY_BYTES != 0) {
        return pe_fail(error, PE_ERROR_BAD_RELOCATION, iter->offset + BLOCK_SIZE,
                       "a relocation block of %u bytes where %llu are left", size,
                       (unsigned long long)left);
    }
    iter->block_end = iter->offset + size;
    iter->offset += BLOCK_HEADER_BYTES;
    return 1;
}

/* 1 and the RVA of a DIR64 target, 0 at the end, -ENOEXEC. */
static int relocation_step(struct pe_relocation_iter *iter, uint32_t *out, struct pe_error *error)
{
    for (;;) {
        unsigned entry;
        unsigned type;
        uint64_t target;

        while (iter->offset == iter->block_end) {
            int result = next_block(iter, error);

            if (result <= 0)
                return result;
        }
        entry = pe_u16(iter->image->bytes + iter->offset);
        type = entry >> ENTRY_TYPE_SHIFT;
        target = (uint64_t)iter->page_rva + (entry & ENTRY_OFFSET_MASK);
        iter->offset += ENTRY_BYTES;
        if (type == TYPE_ABSOLUTE)
            continue;
        if (type != TYPE_DIR64) {
            return pe_fail(error, PE_ERROR_BAD_RELOCATION, iter->offset - ENTRY_BYTES,
                           "relocation type %u (%s) at 0x%llX; an x64 image has DIR64 only", type,
                           type_name(type), (unsigned long long)target);
        }
        if (target + TARGET_BYTES > iter->image->size_of_image) {
            return pe_fail(error, PE_ERROR_BAD_RELOCATION, iter->offset - ENTRY_BYTES,
                           "a relocation at 0x%llX is beyond the image",
                           (unsigned long long)target);
        }
        *out = (uint32_t)target;
        return 1;
    }
}

int pe_check_relocations(struct pe_image *image, struct pe_error *error)
{
    const struct pe_directory *directory = &image->directories[PE_DIRECTORY_RELOCATION];
    struct pe_relocation_iter iter;
    uint32_t rva;
    int result;

    if (directory->rva == 0 || directory->size_bytes == 0)
        return 0;
    if (pe_at(image, directory->rva, directory->size_bytes) == NULL) {
        return pe_fail(error, PE_ERROR_BAD_RELOCATION,
                       pe_directory_offset(image, PE_DIRECTORY_RELOCATION),
                       "the relocation table is outside the file's sections");
    }
    iter = pe_relocations(image);
    while ((result = relocation_step(&iter, &rva, error)) > 0)
        image->relocation_count++;
    return result;
}

struct pe_relocation_iter pe_relocations(const struct pe_image *image)
{
    const struct pe_directory *directory = &image->directories[PE_DIRECTORY_RELOCATION];
    struct pe_relocation_iter iter = { .image = image };

    if (directory->rva != 0 && directory->size_bytes != 0 &&
        pe_file_offset(image, directory->rva, directory->size_bytes, &iter.offset)) {
        iter.block_end = iter.offset;
        iter.end = iter.offset + directory->size_bytes;
    }
    return iter;
}

bool pe_relocation_next(struct pe_relocation_iter *iter, uint32_t *rva)
{
    struct pe_error error;
    int result = relocation_step(iter, rva, &error);

    weir_assert(result >= 0);
    return result > 0;
}
