/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "pe/internal.h"

void pe_map(const struct pe_image *image, void *mapped)
{
    uint8_t *to = mapped;

    if (image->is_flat) {
        size_t count = image->size_bytes < image->size_of_image ? image->size_bytes
                                                                : image->size_of_image;
        memcpy(to, image->bytes, count);
        return;
    }
    memcpy(to, image->bytes, image->size_of_headers);
    for (uint16_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];

        if (section->file_bytes != 0)
            memcpy(to + section->rva, image->bytes + section->file_offset, section->file_bytes);
    }
}

static void add_u64(uint8_t *at, uint64_t delta)
{
    uint64_t value = pe_u64(at) + delta;

    for (size_t i = 0; i < sizeof(value); i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Drivers that read their own headers expect to find in ImageBase where they are. */
static void move_header(const struct pe_image *image, uint8_t *mapped, uint64_t delta)
{
    if ((uint64_t)image->image_base_offset + sizeof(uint64_t) <= image->size_of_headers)
        add_u64(mapped + image->image_base_offset, delta);
}

void pe_relocate(const struct pe_image *image, void *mapped, uint64_t new_base)
{
    struct pe_relocation_iter iter = pe_relocations(image);
    uint64_t delta = new_base - image->preferred_base;
    uint8_t *to = mapped;
    uint32_t rva;

    if (delta == 0)
        return;
    move_header(image, to, delta);
    while (pe_relocation_next(&iter, &rva))
        add_u64(to + rva, delta);
}

void pe_view_init(struct pe_image_view *view, const struct pe_image *image, const void *mapped,
                  uint64_t base)
{
    *view = (struct pe_image_view){
        .bytes = mapped,
        .size_bytes = image->size_of_image,
        .base_va = base,
        .pdata_rva = image->pdata_rva,
        .pdata_count = image->pdata_count,
    };
}

/* The 16-bit words of the file are added with the carry brought back in, the checksum field
 * counting as 0; the file's length is added at the end. An odd last byte counts as a word of its
 * own. */
uint32_t pe_image_checksum(const struct pe_image *image)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < image->size_bytes; i += 2) {
        uint32_t word = image->bytes[i];

        if (i >= image->checksum_offset && i < (size_t)image->checksum_offset + 4)
            continue;
        if (i + 1 < image->size_bytes)
            word |= (uint32_t)image->bytes[i + 1] << 8;
        sum += word;
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return sum + (uint32_t)image->size_bytes;
}
