/* SPDX-License-Identifier: MIT */
/* Builds a small valid driver image in memory, for tests: every part a driver can have, at fixed
 * places, so that a malformed image is this one with one field changed, and a misbehaving driver
 * is this one with other code. Written from the PE format, not from src/pe, so that the two check
 * each other. Owns nothing outside the struct. A wrong use (too much code, an unknown import)
 * asserts. */
#ifndef WEIR_TESTS_PE_BUILDER_H
#define WEIR_TESTS_PE_BUILDER_H

#include <stddef.h>
#include <stdint.h>

/* File offsets of the header fields worth breaking. */
enum {
    PE_BUILD_AT_LFANEW = 0x3C,
    PE_BUILD_AT_SIGNATURE = 0x80,
    PE_BUILD_AT_MACHINE = 0x84,
    PE_BUILD_AT_SECTION_COUNT = 0x86,
    PE_BUILD_AT_OPTIONAL_BYTES = 0x94,
    PE_BUILD_AT_CHARACTERISTICS = 0x96,
    PE_BUILD_AT_OPTIONAL = 0x98,
    PE_BUILD_AT_MAGIC = 0x98,
    PE_BUILD_AT_ENTRY = 0x98 + 16,
    PE_BUILD_AT_IMAGE_BASE = 0x98 + 24,
    PE_BUILD_AT_SECTION_ALIGNMENT = 0x98 + 32,
    PE_BUILD_AT_FILE_ALIGNMENT = 0x98 + 36,
    PE_BUILD_AT_SIZE_OF_IMAGE = 0x98 + 56,
    PE_BUILD_AT_SIZE_OF_HEADERS = 0x98 + 60,
    PE_BUILD_AT_CHECKSUM = 0x98 + 64,
    PE_BUILD_AT_SUBSYSTEM = 0x98 + 68,
    PE_BUILD_AT_DIRECTORY_COUNT = 0x98 + 108,
    PE_BUILD_AT_DIRECTORIES = 0x98 + 112,
    PE_BUILD_AT_SECTIONS = 0x98 + 240,
};

/* index: export 0, import 1, exception 3, security 4, relocation 5, load config 10, delay import
 * 13. */
#define PE_BUILD_AT_DIRECTORY(index) (PE_BUILD_AT_DIRECTORIES + 8 * (index))
#define PE_BUILD_AT_SECTION(index)   (PE_BUILD_AT_SECTIONS + 40 * (index))

/* Fields of a section header. */
enum {
    PE_BUILD_SECTION_VIRTUAL_SIZE = 8,
    PE_BUILD_SECTION_RVA = 12,
    PE_BUILD_SECTION_RAW_BYTES = 16,
    PE_BUILD_SECTION_RAW_OFFSET = 20,
    PE_BUILD_SECTION_FLAGS = 36,
};

enum pe_build_section {
    PE_BUILD_TEXT,
    PE_BUILD_PAGE,
    PE_BUILD_RDATA,
    PE_BUILD_DATA,
    PE_BUILD_PDATA,
    PE_BUILD_INIT,
    PE_BUILD_RELOC,
    PE_BUILD_SECTION_COUNT,
};

/* What stands where, as RVA. */
enum {
    PE_BUILD_HEADER_BYTES = 0x400,
    PE_BUILD_ENTRY_RVA = 0x1000,       /* `xor eax, eax; ret` unless options say otherwise */
    PE_BUILD_ENTRY_MAX_BYTES = 0x400,
    PE_BUILD_FRAMED_RVA = 0x1400,      /* function with unwind data and a handler, to 0x1410 */
    PE_BUILD_CHAINED_RVA = 0x1420,     /* a part of it, chained to it, to 0x1428 */
    PE_BUILD_FREE_CODE_RVA = 0x1500,   /* to be used by tests, up to 0x1700 */
    PE_BUILD_HANDLER_RVA = 0x1700,
    PE_BUILD_GUARD_CHECK_RVA = 0x1710,
    PE_BUILD_GUARD_DISPATCH_RVA = 0x1718,
    PE_BUILD_PAGE_RVA = 0x2000,
    PE_BUILD_IAT_RVA = 0x3000,
    PE_BUILD_LOAD_CONFIG_RVA = 0x3200,
    PE_BUILD_LOAD_CONFIG_BYTES = 0x140,
    PE_BUILD_GUARD_CHECK_SLOT_RVA = 0x3340,
    PE_BUILD_GUARD_DISPATCH_SLOT_RVA = 0x3348,
    PE_BUILD_EXPORT_RVA = 0x3380,
    PE_BUILD_EXPORT_BYTES = 0x180,
    PE_BUILD_EXPORT_ADDRESSES_RVA = 0x33A8, /* three: DllInitialize, a forwarder, a nameless one */
    PE_BUILD_EXPORT_NAMES_RVA = 0x33C0,
    PE_BUILD_EXPORT_NAME_ORDINALS_RVA = 0x33D0,
    PE_BUILD_XDATA_RVA = 0x3500,
    PE_BUILD_COOKIE_RVA = 0x4000,
    PE_BUILD_POINTERS_RVA = 0x4008,    /* two relocated pointers: entry, cookie */
    PE_BUILD_PDATA_RVA = 0x5000,
    PE_BUILD_IMPORT_RVA = 0x6000,      /* descriptors */
    PE_BUILD_LOOKUP_RVA = 0x6100,      /* lookup tables, parallel to the IAT */
    PE_BUILD_NAMES_RVA = 0x6300,
    PE_BUILD_RELOC_RVA = 0x7000,
    PE_BUILD_IMAGE_BYTES = 0x8000,
    PE_BUILD_FILE_BYTES = 0x2600,
};

#define PE_BUILD_IMAGE_BASE     UINT64_C(0x140000000)
#define PE_BUILD_DEFAULT_COOKIE UINT64_C(0x00002B992DDFA232)

struct pe_build_import {
    const char *module;  /* entries of one module stand together */
    const char *name;    /* NULL: by ordinal */
    uint16_t    ordinal; /* or the hint */
};

struct pe_build_options {
    const uint8_t                *entry_code; /* NULL: the default */
    size_t                        entry_bytes;
    const struct pe_build_import *imports;    /* NULL: a few of ntoskrnl.exe and HAL.dll */
    size_t                        import_count;
};

struct pe_build {
    uint8_t  bytes[PE_BUILD_FILE_BYTES];
    uint32_t function_count;
    uint32_t xdata_used;
};

/* options may be NULL. */
void pe_build(struct pe_build *build, const struct pe_build_options *options);

/* File offset of what will be at rva. */
uint32_t pe_build_offset(uint32_t rva);

void pe_build_put8(struct pe_build *build, uint32_t offset, uint8_t value);
void pe_build_put16(struct pe_build *build, uint32_t offset, uint16_t value);
void pe_build_put32(struct pe_build *build, uint32_t offset, uint32_t value);
void pe_build_put64(struct pe_build *build, uint32_t offset, uint64_t value);
void pe_build_put_bytes(struct pe_build *build, uint32_t offset, const void *bytes, size_t count);
uint32_t pe_build_get32(const struct pe_build *build, uint32_t offset);

/* Appends a RUNTIME_FUNCTION with its UNWIND_INFO; begin_rva above all earlier ones. Returns the
 * info's RVA. */
uint32_t pe_build_function(struct pe_build *build, uint32_t begin_rva, uint32_t end_rva,
                           const void *unwind_info, size_t count);

/* Slot of the imported function, by name. */
uint32_t pe_build_slot(const struct pe_build *build, const char *name);

/* Replaces the entry code by one that calls the imported function with no arguments and returns
 * its result. */
void pe_build_entry_calls(struct pe_build *build, const char *import);

/* 0 or -errno. */
int pe_build_write(const struct pe_build *build, const char *path, size_t count);

#endif
