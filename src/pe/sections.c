/* SPDX-License-Identifier: MIT */
/* The section table says which bytes of the file appear where in memory. PE Format, Section Table:
 * the sections of an image are in ascending order and adjacent, each begins at a multiple of
 * SectionAlignment, and memory beyond the section's bytes in the file is zero. Windows refuses an
 * image that breaks this, and so do we. */
#include <errno.h>
#include <string.h>

#include "pe/internal.h"

enum {
    SECTION_HEADER_BYTES = 40,
    SECTION_VIRTUAL_SIZE = 8,
    SECTION_RVA = 12,
    SECTION_RAW_BYTES = 16,
    SECTION_RAW_OFFSET = 20,
    SECTION_CHARACTERISTICS = 36,
};

#define SCN_MEM_DISCARDABLE 0x02000000u
#define SCN_MEM_NOT_PAGED   0x08000000u
#define SCN_MEM_EXECUTE     0x20000000u
#define SCN_MEM_READ        0x40000000u
#define SCN_MEM_WRITE       0x80000000u

/* The one limit that Windows puts on where a section's bytes begin: a disk sector. */
enum { SECTOR_BYTES = 512 };

static void read_name(char *name, const uint8_t *from)
{
    memcpy(name, from, PE_SECTION_NAME);
    name[PE_SECTION_NAME] = '\0';
    for (char *at = name; *at != '\0'; at++) {
        if (*at < 0x20 || *at > 0x7E)
            *at = '?';
    }
}

/* Code marked with #pragma alloc_text(INIT, ...) is discarded once the driver is initialised, and
 * the name alone says so: GNU ld sets no flag for it. Paged sections are known by their name in
 * the same way; the flag NOT_PAGED takes precedence. */
static void read_flags(struct pe_section *section, uint32_t flags)
{
    section->characteristics = flags;
    section->discardable = (flags & SCN_MEM_DISCARDABLE) != 0 || strcmp(section->name, "INIT") == 0;
    section->pageable =
        strncmp(section->name, "PAGE", 4) == 0 && (flags & SCN_MEM_NOT_PAGED) == 0;
    section->readable = (flags & SCN_MEM_READ) != 0;
    section->writable = (flags & SCN_MEM_WRITE) != 0;
    section->executable = (flags & SCN_MEM_EXECUTE) != 0;
}

static int check_memory(const struct pe_image *image, const struct pe_section *section,
                        uint64_t expected_rva, uint64_t offset, struct pe_error *error)
{
    if (section->virtual_size == 0) {
        return pe_fail(error, PE_ERROR_BAD_SECTION, offset + SECTION_VIRTUAL_SIZE,
                       "section %s has no size", section->name);
    }
    if (section->rva != expected_rva) {
        return pe_fail(error, PE_ERROR_BAD_SECTION, offset + SECTION_RVA,
                       "section %s is at 0x%X; it should follow its predecessor, at 0x%llX",
                       section->name, section->rva, (unsigned long long)expected_rva);
    }
    if (section->rva > image->size_of_image ||
        section->virtual_size > image->size_of_image - section->rva) {
        return pe_fail(error, PE_ERROR_BAD_SECTION, offset + SECTION_VIRTUAL_SIZE,
                       "section %s ends at 0x%llX, beyond SizeOfImage 0x%X", section->name,
                       (unsigned long long)section->rva + section->virtual_size,
                       image->size_of_image);
    }
    return 0;
}

static int check_file(const struct pe_image *image, const struct pe_section *section,
                      uint32_t raw_bytes, uint64_t offset, struct pe_error *error)
{
    if (raw_bytes == 0)
        return 0;
    if (section->file_offset > image->size_bytes ||
        raw_bytes > image->size_bytes - section->file_offset) {
        return pe_fail(error, PE_ERROR_TRUNCATED, offset + SECTION_RAW_BYTES,
                       "section %s takes file bytes 0x%X to 0x%llX, but the file ends at 0x%zX",
                       section->name, section->file_offset,
                       (unsigned long long)section->file_offset + raw_bytes, image->size_bytes);
    }
    if (image->is_flat && section->file_offset != section->rva) {
        return pe_fail(error, PE_ERROR_BAD_SECTION, offset + SECTION_RAW_OFFSET,
                       "section %s is at 0x%X in the file and 0x%X in memory; "
                       "with SectionAlignment 0x%X they must be equal",
                       section->name, section->file_offset, section->rva,
                       image->section_alignment);
    }
    if (!image->is_flat && section->file_offset % SECTOR_BYTES != 0) {
        return pe_fail(error, PE_ERROR_BAD_SECTION, offset + SECTION_RAW_OFFSET,
                       "section %s begins at 0x%X in the file, not at a multiple of 512",
                       section->name, section->file_offset);
    }
    return 0;
}

/* *next_rva is where the section must be, and becomes where the one behind it must be. */
static int read_section(struct pe_image *image, struct pe_section *section, uint64_t offset,
                        uint64_t *next_rva, struct pe_error *error)
{
    const uint8_t *header = image->bytes + offset;
    uint32_t raw_bytes = pe_u32(header + SECTION_RAW_BYTES);
    uint64_t memory;

    read_name(section->name, header);
    read_flags(section, pe_u32(header + SECTION_CHARACTERISTICS));
    section->rva = pe_u32(header + SECTION_RVA);
    section->virtual_size = pe_u32(header + SECTION_VIRTUAL_SIZE);
    section->file_offset = pe_u32(header + SECTION_RAW_OFFSET);
    if (section->virtual_size == 0)
        section->virtual_size = raw_bytes;
    if (check_memory(image, section, *next_rva, offset, error) != 0 ||
        check_file(image, section, raw_bytes, offset, error) != 0)
        return -ENOEXEC;

    memory = bits_align_up(section->virtual_size, image->section_alignment);
    if (memory > image->size_of_image - section->rva)
        memory = image->size_of_image - section->rva;
    section->file_bytes = raw_bytes < memory ? raw_bytes : (uint32_t)memory;
    *next_rva = bits_align_up((uint64_t)section->rva + section->virtual_size,
                              image->section_alignment);
    return 0;
}

int pe_check_sections(struct pe_image *image, uint64_t table_offset, struct pe_error *error)
{
    uint64_t table_end = table_offset + (uint64_t)image->section_count * SECTION_HEADER_BYTES;
    uint64_t next_rva = bits_align_up(image->size_of_headers, image->section_alignment);

    if (image->section_count == 0)
        return pe_fail(error, PE_ERROR_BAD_SECTION, table_offset, "the image has no sections");
    if (image->section_count > PE_MAX_SECTIONS) {
        return pe_fail(error, PE_ERROR_TOO_LARGE, table_offset, "%u sections; the limit is %d",
                       image->section_count, PE_MAX_SECTIONS);
    }
    if (table_end > image->size_bytes) {
        return pe_fail(error, PE_ERROR_TRUNCATED, table_offset,
                       "the file ends at 0x%zX, within its section table", image->size_bytes);
    }
    if (table_end > image->size_of_headers) {
        return pe_fail(error, PE_ERROR_BAD_SECTION, table_offset,
                       "the section table ends at 0x%llX, beyond SizeOfHeaders 0x%X",
                       (unsigned long long)table_end, image->size_of_headers);
    }
    for (uint16_t i = 0; i < image->section_count; i++) {
        uint64_t offset = table_offset + (uint64_t)i * SECTION_HEADER_BYTES;

        if (read_section(image, &image->sections[i], offset, &next_rva, error) != 0)
            return -ENOEXEC;
    }
    return 0;
}

/* The file may give more than VirtualSize says, up to the alignment; that is mapped, too. */
static uint32_t section_bytes(const struct pe_section *section)
{
    return section->virtual_size > section->file_bytes ? section->virtual_size
                                                       : section->file_bytes;
}

const struct pe_section *pe_section_at(const struct pe_image *image, uint32_t rva)
{
    size_t low = 0;
    size_t high = image->section_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct pe_section *section = &image->sections[middle];

        if (rva < section->rva)
            high = middle;
        else if (rva - section->rva >= section_bytes(section))
            low = middle + 1;
        else
            return section;
    }
    return NULL;
}

/* How many bytes the file gives from rva on, and where they stand in it; 0 when it gives none. */
static uint64_t file_span(const struct pe_image *image, uint32_t rva, uint64_t *offset)
{
    const struct pe_section *section;

    *offset = rva;
    if (image->is_flat) {
        uint64_t end = image->size_bytes < image->size_of_image ? image->size_bytes
                                                                : image->size_of_image;
        return rva < end ? end - rva : 0;
    }
    if (rva < image->size_of_headers)
        return image->size_of_headers - rva;
    section = pe_section_at(image, rva);
    if (section == NULL || rva - section->rva >= section->file_bytes)
        return 0;
    *offset = (uint64_t)section->file_offset + (rva - section->rva);
    return section->file_bytes - (rva - section->rva);
}

bool pe_file_offset(const struct pe_image *image, uint32_t rva, uint64_t size, uint64_t *out)
{
    uint64_t offset;
    uint64_t span = file_span(image, rva, &offset);

    if (span == 0 || size > span)
        return false;
    *out = offset;
    return true;
}

const uint8_t *pe_at(const struct pe_image *image, uint32_t rva, uint64_t size)
{
    uint64_t offset;

    return pe_file_offset(image, rva, size, &offset) ? image->bytes + offset : NULL;
}

bool pe_cursor_at(const struct pe_image *image, uint32_t rva, struct cursor *out)
{
    uint64_t offset;
    uint64_t span = file_span(image, rva, &offset);

    if (span == 0)
        return false;
    cursor_init(out, image->bytes, (size_t)(offset + span));
    return cursor_seek(out, offset);
}

bool pe_is_in_section(const struct pe_image *image, uint32_t rva, uint64_t size)
{
    const struct pe_section *section = pe_section_at(image, rva);

    return section != NULL && size <= section_bytes(section) - (rva - section->rva);
}

const char *pe_name_at(const struct pe_image *image, uint32_t rva)
{
    struct cursor cursor;
    const char *name;

    if (!pe_cursor_at(image, rva, &cursor) || !cursor_string(&cursor, PE_MAX_NAME, &name))
        return NULL;
    for (const char *at = name; *at != '\0'; at++) {
        if (*at < 0x20 || *at > 0x7E)
            return NULL;
    }
    return *name != '\0' ? name : NULL;
}
