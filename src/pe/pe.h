/* SPDX-License-Identifier: MIT */
/* Door of pe: bytes of a driver file in, a checked image out.
 * An image is parsed once. pe_parse looks at everything that is read later (sections, imports,
 * exports, relocations, load configuration, unwind data), so what walks a parsed image afterwards
 * cannot fail. The image borrows the bytes it was parsed from; they must stay and must not change.
 * Nothing is allocated. Order: pe_parse, pe_map into zeroed memory of size_of_image bytes,
 * pe_relocate, then bind the imports (the caller writes the slots). Callable on any fiber at any
 * IRQL. Accepted: PE32+ native images for x64, the only kind a 64-bit Windows loads as a driver.
 * Refusals carry the offset in the file and a sentence, for the user who must find out what is
 * wrong with the file. Not here: files, where images are placed, protections, which functions
 * exist, unwinding (pe_unwind.h). */
#ifndef WEIR_PE_PE_H
#define WEIR_PE_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pe/pe_unwind.h"

enum {
    PE_MAX_SECTIONS = 96,          /* what the Windows loader allows: PE Format, COFF File Header */
    PE_MAX_IMPORT_MODULES = 256,   /* the rest are weir's own limits, far above any real driver */
    PE_MAX_IMPORT_FUNCTIONS = 16384,
    PE_MAX_NAME = 4096,            /* decorated C++ names get long */
    PE_MAX_EXPORTS = 65536,        /* ordinals are 16 bits wide */
    PE_MAX_FILE_BYTES = 256 << 20,
    PE_MAX_IMAGE_BYTES = 256 << 20,
    PE_SECTION_NAME = 8,
    PE_DIRECTORY_COUNT = 16,
};

enum pe_error_kind {
#define PE_ERROR(name, word) PE_ERROR_##name,
#include "pe/errors.tbl.h"
#undef PE_ERROR
    PE_ERROR_KIND_COUNT,
};

struct pe_error {
    uint64_t           file_offset;
    enum pe_error_kind kind;
    char               reason[160]; /* printable ASCII, whatever the file contains */
};

/* "truncated", "bad-import": stable words for --json. */
const char *pe_error_kind_word(enum pe_error_kind kind);

enum pe_directory_index {
    PE_DIRECTORY_EXPORT = 0,
    PE_DIRECTORY_IMPORT = 1,
    PE_DIRECTORY_RESOURCE = 2,
    PE_DIRECTORY_EXCEPTION = 3,
    PE_DIRECTORY_SECURITY = 4, /* the one whose rva is a file offset */
    PE_DIRECTORY_RELOCATION = 5,
    PE_DIRECTORY_DEBUG = 6,
    PE_DIRECTORY_LOAD_CONFIG = 10,
    PE_DIRECTORY_BOUND_IMPORT = 11, /* ignored: weir binds afresh */
    PE_DIRECTORY_IAT = 12,
    PE_DIRECTORY_DELAY_IMPORT = 13,
};

struct pe_directory {
    uint32_t rva;
    uint32_t size_bytes;
};

struct pe_section {
    char     name[PE_SECTION_NAME + 1]; /* printable */
    uint32_t rva;
    uint32_t virtual_size;    /* never 0 */
    uint32_t file_offset;
    uint32_t file_bytes;      /* how much of the file is mapped; the rest of the section is zero */
    uint32_t characteristics; /* as in the file */
    bool     discardable;     /* freed after DriverEntry: the flag, or the name INIT */
    bool     pageable;        /* the name begins with PAGE and the NOT_PAGED flag is clear */
    bool     readable;
    bool     writable;
    bool     executable;
};

/* RVAs of slots that the loader fills; 0 where the image has none or its structure is too short. */
struct pe_load_config {
    uint32_t size_bytes; /* 0: no load configuration */
    uint32_t security_cookie_rva;
    uint32_t guard_check_rva;
    uint32_t guard_dispatch_rva;
    uint32_t guard_xfg_check_rva;
    uint32_t guard_xfg_dispatch_rva;
    uint32_t guard_xfg_table_dispatch_rva;
    uint32_t guard_memcpy_rva;
    uint32_t guard_flags;
    uint32_t guard_function_table_rva;
    uint32_t guard_function_count;
    uint32_t guard_function_stride_bytes;
};

struct pe_image {
    const uint8_t        *bytes; /* borrowed */
    size_t                size_bytes;
    uint64_t              preferred_base;
    uint32_t              size_of_image;
    uint32_t              size_of_headers;
    uint32_t              entry_rva;
    uint32_t              section_alignment;
    uint32_t              timestamp;
    uint32_t              checksum;        /* as in the file; see pe_image_checksum */
    uint32_t              checksum_offset; /* in the file */
    uint32_t              image_base_offset;
    uint16_t              characteristics;
    uint16_t              dll_characteristics;
    /* SectionAlignment below a page: RVA equals file offset, and the image is one readable,
     * writable, executable region whatever its sections say. */
    bool                  is_flat;
    uint16_t              section_count;
    struct pe_section     sections[PE_MAX_SECTIONS]; /* by rising RVA, without gaps */
    struct pe_directory   directories[PE_DIRECTORY_COUNT];
    struct pe_load_config load_config;
    uint32_t              pdata_rva;
    uint32_t              pdata_count;
    uint32_t              relocation_count; /* DIR64 only */
    uint32_t              import_count;
};

/* 0, or -ENOEXEC with *error filled in and *out untouched. */
int pe_parse(const void *bytes, size_t size_bytes, struct pe_image *out, struct pe_error *error);

/* The section that holds rva, NULL for headers and for what lies outside. */
const struct pe_section *pe_section_at(const struct pe_image *image, uint32_t rva);

/* File offset of rva when [rva, rva + size) comes from the file in one piece. */
bool pe_file_offset(const struct pe_image *image, uint32_t rva, uint64_t size, uint64_t *out);

/* What the checksum field should hold. Windows checks it for every driver; 0 in the file means
 * "not set". */
uint32_t pe_image_checksum(const struct pe_image *image);

/* mapped is size_of_image bytes, all zero. */
void pe_map(const struct pe_image *image, void *mapped);

/* Moves a freshly mapped image from its preferred base to new_base, header field included. */
void pe_relocate(const struct pe_image *image, void *mapped, uint64_t new_base);

/* What pe_unwind.h needs to know about an image that is mapped at base. Take bytes from a copy of
 * the image, or from memory that stays readable: INIT is unmapped after DriverEntry. */
void pe_view_init(struct pe_image_view *view, const struct pe_image *image, const void *mapped,
                  uint64_t base);

/* Imports: for each module, for each function. Bound addresses are ignored, delay imports refused
 * by pe_parse. */
struct pe_module {
    const char *name;
    uint32_t    lookup_rva;
    uint32_t    iat_rva;
};

struct pe_module_iter {
    const struct pe_image *image;
    uint32_t               descriptor_rva;
};

struct pe_import {
    const char *name; /* NULL: by ordinal */
    uint16_t    hint;
    uint16_t    ordinal;
    uint32_t    slot_rva; /* eight bytes that receive the address */
    uint64_t    file_offset;
};

struct pe_import_iter {
    const struct pe_image *image;
    uint32_t               lookup_rva;
    uint32_t               slot_rva;
};

struct pe_module_iter pe_modules(const struct pe_image *image);
bool pe_module_next(struct pe_module_iter *iter, struct pe_module *out);
struct pe_import_iter pe_imports(const struct pe_image *image, const struct pe_module *module);
bool pe_import_next(struct pe_import_iter *iter, struct pe_import *out);

/* Exports. forwarder is "module.name" or "module.#ordinal" when the export lives elsewhere, then
 * rva is 0. */
struct pe_export {
    const char *name; /* NULL when it was found by ordinal */
    const char *forwarder;
    uint32_t    rva;
    uint32_t    ordinal;
    uint64_t    file_offset;
};

struct pe_export_iter {
    const struct pe_image *image;
    uint32_t               index;
};

/* Named exports in the order of the file's name table. */
struct pe_export_iter pe_exports(const struct pe_image *image);
bool pe_export_next(struct pe_export_iter *iter, struct pe_export *out);

/* 0; -ENOENT when there is none; -ENOEXEC with *error when it is a forwarder, which weir does not
 * follow. */
int pe_export_find(const struct pe_image *image, const char *name, struct pe_export *out,
                   struct pe_error *error);
int pe_export_find_ordinal(const struct pe_image *image, uint32_t ordinal, struct pe_export *out,
                           struct pe_error *error);

/* Base relocations of type DIR64, in file order. */
struct pe_relocation_iter {
    const struct pe_image *image;
    uint64_t               offset;
    uint64_t               block_end;
    uint64_t               end;
    uint32_t               page_rva;
};

struct pe_relocation_iter pe_relocations(const struct pe_image *image);
bool pe_relocation_next(struct pe_relocation_iter *iter, uint32_t *rva);

#endif
