/* SPDX-License-Identifier: MIT */
/* What the files of pe share: reading by RVA, failing with an offset, and the checks each part
 * does for pe_parse. The pe_check_* functions are called in the order in which they stand here and
 * fill in the image as they go. */
#ifndef WEIR_PE_INTERNAL_H
#define WEIR_PE_INTERNAL_H

#include "base/base.h"
#include "pe/pe.h"

enum {
    PE_PAGE = 4096,
    PE_RUNTIME_FUNCTION_BYTES = 12,
};

static inline uint16_t pe_u16(const uint8_t *from)
{
    return (uint16_t)(from[0] | from[1] << 8);
}

static inline uint32_t pe_u32(const uint8_t *from)
{
    return pe_u16(from) | (uint32_t)pe_u16(from + 2) << 16;
}

static inline uint64_t pe_u64(const uint8_t *from)
{
    return pe_u32(from) | (uint64_t)pe_u32(from + 4) << 32;
}

/* Fills *error and returns -ENOEXEC. What is not printable in the result becomes '?'. */
WEIR_COLD int pe_fail(struct pe_error *error, enum pe_error_kind kind, uint64_t file_offset,
                      const char *format, ...) WEIR_PRINTF(4, 5);

/* What a file without a PE header is, in words. */
const char *pe_sniff(const uint8_t *bytes, size_t size_bytes);

/* size bytes at rva, NULL unless they come from the file in one piece. */
const uint8_t *pe_at(const struct pe_image *image, uint32_t rva, uint64_t size);

/* A cursor over the file at rva that ends where the section's bytes end; its offset is the file
 * offset. */
bool pe_cursor_at(const struct pe_image *image, uint32_t rva, struct cursor *out);

/* true when [rva, rva + size) lies in one section's memory, whether or not the file backs it. */
bool pe_is_in_section(const struct pe_image *image, uint32_t rva, uint64_t size);

/* Where the directory is described: the offset to report when what it points at cannot be read. */
uint64_t pe_directory_offset(const struct pe_image *image, enum pe_directory_index index);

/* Reads a name at rva: 1 to PE_MAX_NAME printable characters and a NUL. NULL otherwise. */
const char *pe_name_at(const struct pe_image *image, uint32_t rva);

int pe_check_headers(struct pe_image *image, struct pe_error *error);
int pe_check_sections(struct pe_image *image, uint64_t table_offset, struct pe_error *error);
int pe_check_imports(struct pe_image *image, struct pe_error *error);
int pe_check_delay_imports(const struct pe_image *image, struct pe_error *error);
int pe_check_exports(const struct pe_image *image, struct pe_error *error);
int pe_check_relocations(struct pe_image *image, struct pe_error *error);
int pe_check_load_config(struct pe_image *image, struct pe_error *error);
int pe_check_functions(struct pe_image *image, struct pe_error *error);

#endif
