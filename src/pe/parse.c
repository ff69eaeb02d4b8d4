/* SPDX-License-Identifier: MIT */
/* An image begins with a DOS program, whose field at 0x3C leads to the PE signature; behind it
 * stand the COFF file header, the optional header (which every image has) and the section table.
 * PE Format, Overview and following. A fact that the format document leaves to the loader is
 * checked the way Windows needs it. */
#include <errno.h>
#include <string.h>

#include "pe/internal.h"

enum {
    DOS_HEADER_BYTES = 0x40,
    DOS_LFANEW = 0x3C,
    COFF_HEADER_BYTES = 24, /* signature included */
    COFF_MACHINE = 4,
    COFF_SECTION_COUNT = 6,
    COFF_TIMESTAMP = 8,
    COFF_OPTIONAL_BYTES = 20,
    COFF_CHARACTERISTICS = 22,
};

enum {
    OPTIONAL_FIXED_BYTES = 112,
    OPTIONAL_MAGIC = 0,
    OPTIONAL_ENTRY = 16,
    OPTIONAL_IMAGE_BASE = 24,
    OPTIONAL_SECTION_ALIGNMENT = 32,
    OPTIONAL_FILE_ALIGNMENT = 36,
    OPTIONAL_SIZE_OF_IMAGE = 56,
    OPTIONAL_SIZE_OF_HEADERS = 60,
    OPTIONAL_CHECKSUM = 64,
    OPTIONAL_SUBSYSTEM = 68,
    OPTIONAL_DLL_CHARACTERISTICS = 70,
    OPTIONAL_DIRECTORY_COUNT = 108,
};

enum {
    MACHINE_AMD64 = 0x8664,
    MAGIC_PE32 = 0x10B,
    MAGIC_PE32_PLUS = 0x20B,
    SUBSYSTEM_NATIVE = 1,
    FILE_RELOCS_STRIPPED = 0x0001,
    FILE_EXECUTABLE_IMAGE = 0x0002,
    IMAGE_BASE_ALIGNMENT = 0x10000,
    MAX_FILE_ALIGNMENT = 0x10000,
    MIN_FILE_ALIGNMENT = 0x200,
};

static const char *machine_name(uint16_t machine)
{
    switch (machine) {
    case 0x014C:
        return "32-bit x86";
    case 0x0200:
        return "Itanium";
    case 0x01C0:
    case 0x01C2:
    case 0x01C4:
        return "32-bit ARM";
    case 0xAA64:
    case 0xA641:
    case 0xA64E:
        return "ARM64";
    case 0x0EBC:
        return "EFI byte code";
    default:
        return "an unknown machine";
    }
}

static const char *subsystem_name(uint16_t subsystem)
{
    switch (subsystem) {
    case 2:
        return "a Windows GUI program";
    case 3:
        return "a Windows console program";
    case 10:
    case 11:
    case 12:
    case 13:
        return "an EFI program";
    case 16:
        return "a boot application";
    default:
        return "a program of another kind";
    }
}

static int find_header(const struct pe_image *image, uint32_t *out, struct pe_error *error)
{
    const uint8_t *bytes = image->bytes;
    size_t size = image->size_bytes;
    uint32_t header;

    if (size == 0)
        return pe_fail(error, PE_ERROR_EMPTY, 0, "the file is empty");
    if (size < 2 || memcmp(bytes, "MZ", 2) != 0)
        return pe_fail(error, PE_ERROR_NOT_PE, 0, "not a PE image but %s", pe_sniff(bytes, size));
    if (size < DOS_HEADER_BYTES)
        return pe_fail(error, PE_ERROR_TRUNCATED, size, "the file ends within its DOS header");

    header = pe_u32(bytes + DOS_LFANEW);
    if (header > size || size - header < COFF_HEADER_BYTES) {
        return pe_fail(error, PE_ERROR_TRUNCATED, DOS_LFANEW,
                       "the PE header should be at 0x%X, but the file ends at 0x%zX", header, size);
    }
    if (memcmp(bytes + header, "PE\0\0", 4) != 0) {
        return pe_fail(error, PE_ERROR_NOT_PE, header, "not a PE image but %s",
                       pe_sniff(bytes, size));
    }
    if (header % 4 != 0) {
        return pe_fail(error, PE_ERROR_BAD_HEADER, DOS_LFANEW,
                       "the PE header at 0x%X is not aligned to 4 bytes", header);
    }
    *out = header;
    return 0;
}

static int check_coff(struct pe_image *image, uint32_t header, struct pe_error *error)
{
    const uint8_t *coff = image->bytes + header;
    uint16_t machine = pe_u16(coff + COFF_MACHINE);

    if (machine != MACHINE_AMD64) {
        return pe_fail(error, PE_ERROR_WRONG_MACHINE, header + COFF_MACHINE,
                       "a driver for %s (machine 0x%04X); weir runs x64 drivers (0x8664)",
                       machine_name(machine), machine);
    }
    image->timestamp = pe_u32(coff + COFF_TIMESTAMP);
    image->characteristics = pe_u16(coff + COFF_CHARACTERISTICS);
    image->section_count = pe_u16(coff + COFF_SECTION_COUNT);
    if ((image->characteristics & FILE_EXECUTABLE_IMAGE) == 0) {
        return pe_fail(error, PE_ERROR_BAD_HEADER, header + COFF_CHARACTERISTICS,
                       "not marked as a complete image: the linker reported errors");
    }
    if ((image->characteristics & FILE_RELOCS_STRIPPED) != 0) {
        return pe_fail(error, PE_ERROR_RELOCS_STRIPPED, header + COFF_CHARACTERISTICS,
                       "relocations are stripped, so it cannot be moved; "
                       "link with /FIXED:NO, or with -shared for GNU ld");
    }
    return 0;
}

/* Returns the optional header, or NULL when the file or the header's own size cuts it short. */
static const uint8_t *find_optional(const struct pe_image *image, uint32_t header,
                                    struct pe_error *error)
{
    const uint8_t *coff = image->bytes + header;
    uint16_t size = pe_u16(coff + COFF_OPTIONAL_BYTES);
    uint64_t offset = (uint64_t)header + COFF_HEADER_BYTES;

    if (size > image->size_bytes - offset) {
        pe_fail(error, PE_ERROR_TRUNCATED, offset,
                "the optional header takes %u bytes, but the file ends at 0x%zX", size,
                image->size_bytes);
        return NULL;
    }
    if (size >= 2 && pe_u16(image->bytes + offset) != MAGIC_PE32_PLUS) {
        uint16_t magic = pe_u16(image->bytes + offset);

        pe_fail(error, PE_ERROR_NOT_PE32_PLUS, offset, "optional header magic 0x%04X%s, not PE32+",
                magic, magic == MAGIC_PE32 ? " (PE32)" : "");
        return NULL;
    }
    if (size < OPTIONAL_FIXED_BYTES) {
        pe_fail(error, PE_ERROR_BAD_HEADER, (uint64_t)header + COFF_OPTIONAL_BYTES,
                "an optional header of %u bytes; PE32+ needs %d", size, OPTIONAL_FIXED_BYTES);
        return NULL;
    }
    return image->bytes + offset;
}

/* PE Format, Optional Header Windows-Specific Fields: SectionAlignment is at least FileAlignment;
 * FileAlignment is a power of two from 512 to 64 K, and equals SectionAlignment when that is below
 * the page size. */
static int check_alignment(struct pe_image *image, const uint8_t *optional, struct pe_error *error)
{
    uint64_t offset = (uint64_t)(optional - image->bytes);
    uint32_t section = pe_u32(optional + OPTIONAL_SECTION_ALIGNMENT);
    uint32_t file = pe_u32(optional + OPTIONAL_FILE_ALIGNMENT);

    if (!bits_is_power_of_two(section) || section > PE_MAX_IMAGE_BYTES) {
        return pe_fail(error, PE_ERROR_BAD_HEADER, offset + OPTIONAL_SECTION_ALIGNMENT,
                       "SectionAlignment 0x%X is not a power of two", section);
    }
    image->section_alignment = section;
    image->is_flat = section < PE_PAGE;
    if (image->is_flat) {
        if (file != section) {
            return pe_fail(error, PE_ERROR_BAD_HEADER, offset + OPTIONAL_FILE_ALIGNMENT,
                           "FileAlignment 0x%X differs from SectionAlignment 0x%X, "
                           "which is below a page", file, section);
        }
        return 0;
    }
    if (!bits_is_power_of_two(file) || file < MIN_FILE_ALIGNMENT || file > MAX_FILE_ALIGNMENT ||
        file > section) {
        return pe_fail(error, PE_ERROR_BAD_HEADER, offset + OPTIONAL_FILE_ALIGNMENT,
                       "FileAlignment 0x%X is not a power of two from 512 to 64 K", file);
    }
    return 0;
}

static int check_sizes(struct pe_image *image, const uint8_t *optional, struct pe_error *error)
{
    uint64_t offset = (uint64_t)(optional - image->bytes);

    image->preferred_base = pe_u64(optional + OPTIONAL_IMAGE_BASE);
    image->image_base_offset = (uint32_t)(offset + OPTIONAL_IMAGE_BASE);
    image->size_of_image = pe_u32(optional + OPTIONAL_SIZE_OF_IMAGE);
    image->size_of_headers = pe_u32(optional + OPTIONAL_SIZE_OF_HEADERS);
    if (image->size_of_image > PE_MAX_IMAGE_BYTES) {
        return pe_fail(error, PE_ERROR_TOO_LARGE, offset + OPTIONAL_SIZE_OF_IMAGE,
                       "SizeOfImage is 0x%X bytes; the limit is 0x%X", image->size_of_image,
                       PE_MAX_IMAGE_BYTES);
    }
    if (image->preferred_base % IMAGE_BASE_ALIGNMENT != 0 ||
        image->preferred_base > UINT64_MAX - PE_MAX_IMAGE_BYTES) {
        return pe_fail(error, PE_ERROR_BAD_HEADER, offset + OPTIONAL_IMAGE_BASE,
                       "ImageBase 0x%llX is not a multiple of 64 K",
                       (unsigned long long)image->preferred_base);
    }
    if (image->size_of_headers > image->size_bytes) {
        return pe_fail(error, PE_ERROR_TRUNCATED, offset + OPTIONAL_SIZE_OF_HEADERS,
                       "the headers take 0x%X bytes, but the file ends at 0x%zX",
                       image->size_of_headers, image->size_bytes);
    }
    if (image->size_of_headers > image->size_of_image) {
        return pe_fail(error, PE_ERROR_BAD_HEADER, offset + OPTIONAL_SIZE_OF_HEADERS,
                       "SizeOfHeaders 0x%X exceeds SizeOfImage 0x%X", image->size_of_headers,
                       image->size_of_image);
    }
    return 0;
}

static int check_subsystem(struct pe_image *image, const uint8_t *optional, struct pe_error *error)
{
    uint64_t offset = (uint64_t)(optional - image->bytes) + OPTIONAL_SUBSYSTEM;
    uint16_t subsystem = pe_u16(optional + OPTIONAL_SUBSYSTEM);

    if (subsystem != SUBSYSTEM_NATIVE) {
        return pe_fail(error, PE_ERROR_WRONG_SUBSYSTEM, offset,
                       "%s (subsystem %u); a driver has subsystem native (1)",
                       subsystem_name(subsystem), subsystem);
    }
    return 0;
}

static int read_directories(struct pe_image *image, const uint8_t *optional, uint16_t size,
                            struct pe_error *error)
{
    uint64_t offset = (uint64_t)(optional - image->bytes) + OPTIONAL_DIRECTORY_COUNT;
    uint32_t count = pe_u32(optional + OPTIONAL_DIRECTORY_COUNT);

    if (count > PE_DIRECTORY_COUNT)
        count = PE_DIRECTORY_COUNT;
    if (OPTIONAL_FIXED_BYTES + 8 * count > size) {
        return pe_fail(error, PE_ERROR_BAD_HEADER, offset,
                       "%u data directories do not fit the optional header of %u bytes", count,
                       size);
    }
    for (uint32_t i = 0; i < count; i++) {
        image->directories[i].rva = pe_u32(optional + OPTIONAL_FIXED_BYTES + 8 * i);
        image->directories[i].size_bytes = pe_u32(optional + OPTIONAL_FIXED_BYTES + 8 * i + 4);
    }
    return 0;
}

/* The signature block is not mapped, but a file cut within it is a damaged file all the same. */
static int check_security(const struct pe_image *image, struct pe_error *error)
{
    const struct pe_directory *block = &image->directories[PE_DIRECTORY_SECURITY];

    if (block->size_bytes == 0)
        return 0;
    if (block->rva > image->size_bytes || block->size_bytes > image->size_bytes - block->rva) {
        return pe_fail(error, PE_ERROR_TRUNCATED,
                       pe_directory_offset(image, PE_DIRECTORY_SECURITY),
                       "the signature at 0x%X takes 0x%X bytes, but the file ends at 0x%zX",
                       block->rva, block->size_bytes, image->size_bytes);
    }
    return 0;
}

static int check_entry(const struct pe_image *image, uint64_t offset, struct pe_error *error)
{
    const struct pe_section *section = pe_section_at(image, image->entry_rva);

    if (image->entry_rva == 0)
        return pe_fail(error, PE_ERROR_BAD_HEADER, offset, "the image has no entry point");
    if (section == NULL || !section->executable) {
        return pe_fail(error, PE_ERROR_BAD_HEADER, offset,
                       "the entry point 0x%X is in no executable section", image->entry_rva);
    }
    return 0;
}

int pe_check_headers(struct pe_image *image, struct pe_error *error)
{
    const uint8_t *optional;
    uint64_t offset;
    uint32_t header = 0;
    uint16_t size;

    if (find_header(image, &header, error) != 0 || check_coff(image, header, error) != 0)
        return -ENOEXEC;
    optional = find_optional(image, header, error);
    if (optional == NULL)
        return -ENOEXEC;
    offset = (uint64_t)(optional - image->bytes);
    size = pe_u16(image->bytes + header + COFF_OPTIONAL_BYTES);

    image->entry_rva = pe_u32(optional + OPTIONAL_ENTRY);
    image->checksum = pe_u32(optional + OPTIONAL_CHECKSUM);
    image->checksum_offset = (uint32_t)(offset + OPTIONAL_CHECKSUM);
    image->dll_characteristics = pe_u16(optional + OPTIONAL_DLL_CHARACTERISTICS);
    if (check_subsystem(image, optional, error) != 0 ||
        check_alignment(image, optional, error) != 0 || check_sizes(image, optional, error) != 0 ||
        read_directories(image, optional, size, error) != 0 || check_security(image, error) != 0)
        return -ENOEXEC;
    if (pe_check_sections(image, offset + size, error) != 0)
        return -ENOEXEC;
    return check_entry(image, offset + OPTIONAL_ENTRY, error);
}

uint64_t pe_directory_offset(const struct pe_image *image, enum pe_directory_index index)
{
    return (uint64_t)image->image_base_offset - OPTIONAL_IMAGE_BASE + OPTIONAL_FIXED_BYTES +
           8 * (uint64_t)index;
}

int pe_parse(const void *bytes, size_t size_bytes, struct pe_image *out, struct pe_error *error)
{
    struct pe_image image = { .bytes = bytes, .size_bytes = size_bytes };

    if (size_bytes > PE_MAX_FILE_BYTES) {
        return pe_fail(error, PE_ERROR_TOO_LARGE, PE_MAX_FILE_BYTES,
                       "the file has %zu bytes; the limit is %d", size_bytes, PE_MAX_FILE_BYTES);
    }
    if (pe_check_headers(&image, error) != 0 || pe_check_imports(&image, error) != 0 ||
        pe_check_delay_imports(&image, error) != 0 || pe_check_exports(&image, error) != 0 ||
        pe_check_relocations(&image, error) != 0 || pe_check_load_config(&image, error) != 0 ||
        pe_check_functions(&image, error) != 0)
        return -ENOEXEC;
    *out = image;
    return 0;
}
