/* SPDX-License-Identifier: MIT */
#include "support/pe_builder.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_IMPORTS = 32,
    DESCRIPTOR_BYTES = 20,
    FUNCTION_BYTES = 12,
    DIRECTORY_EXCEPTION = 3,
};

static const struct {
    const char *name;
    uint32_t    rva;
    uint32_t    virtual_size;
    uint32_t    offset;
    uint32_t    raw_bytes;
    uint32_t    flags;
} layout[PE_BUILD_SECTION_COUNT] = {
    [PE_BUILD_TEXT] = { ".text", 0x1000, 0x800, 0x400, 0x800, 0x68000020 },
    [PE_BUILD_PAGE] = { "PAGE", 0x2000, 0x100, 0xC00, 0x200, 0x60000020 },
    [PE_BUILD_RDATA] = { ".rdata", 0x3000, 0xA00, 0xE00, 0xA00, 0x48000040 },
    [PE_BUILD_DATA] = { ".data", 0x4000, 0x900, 0x1800, 0x200, 0xC8000040 },
    [PE_BUILD_PDATA] = { ".pdata", 0x5000, 0x200, 0x1A00, 0x200, 0x48000040 },
    [PE_BUILD_INIT] = { "INIT", 0x6000, 0x800, 0x1C00, 0x800, 0x62000020 },
    [PE_BUILD_RELOC] = { ".reloc", 0x7000, 0x40, 0x2400, 0x200, 0x42000040 },
};

uint32_t pe_build_offset(uint32_t rva)
{
    if (rva < PE_BUILD_HEADER_BYTES)
        return rva;
    for (size_t i = 0; i < PE_BUILD_SECTION_COUNT; i++) {
        if (rva >= layout[i].rva && rva < layout[i].rva + layout[i].raw_bytes)
            return layout[i].offset + (rva - layout[i].rva);
    }
    assert(!"an RVA that the file backs");
    return 0;
}

void pe_build_put_bytes(struct pe_build *build, uint32_t offset, const void *bytes, size_t count)
{
    assert(offset <= sizeof(build->bytes) && count <= sizeof(build->bytes) - offset);
    memcpy(build->bytes + offset, bytes, count);
}

void pe_build_put8(struct pe_build *build, uint32_t offset, uint8_t value)
{
    pe_build_put_bytes(build, offset, &value, 1);
}

void pe_build_put16(struct pe_build *build, uint32_t offset, uint16_t value)
{
    pe_build_put8(build, offset, (uint8_t)value);
    pe_build_put8(build, offset + 1, (uint8_t)(value >> 8));
}

void pe_build_put32(struct pe_build *build, uint32_t offset, uint32_t value)
{
    pe_build_put16(build, offset, (uint16_t)value);
    pe_build_put16(build, offset + 2, (uint16_t)(value >> 16));
}

void pe_build_put64(struct pe_build *build, uint32_t offset, uint64_t value)
{
    pe_build_put32(build, offset, (uint32_t)value);
    pe_build_put32(build, offset + 4, (uint32_t)(value >> 32));
}

uint32_t pe_build_get32(const struct pe_build *build, uint32_t offset)
{
    const uint8_t *from = build->bytes + offset;

    assert(offset <= sizeof(build->bytes) - 4);
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static void put32_at(struct pe_build *build, uint32_t rva, uint32_t value)
{
    pe_build_put32(build, pe_build_offset(rva), value);
}

static void put64_at(struct pe_build *build, uint32_t rva, uint64_t value)
{
    pe_build_put64(build, pe_build_offset(rva), value);
}

static void put_string_at(struct pe_build *build, uint32_t rva, const char *string)
{
    pe_build_put_bytes(build, pe_build_offset(rva), string, strlen(string) + 1);
}

static void put_directory(struct pe_build *build, uint32_t index, uint32_t rva, uint32_t size)
{
    pe_build_put32(build, PE_BUILD_AT_DIRECTORY(index), rva);
    pe_build_put32(build, PE_BUILD_AT_DIRECTORY(index) + 4, size);
}

static void put_headers(struct pe_build *build)
{
    uint32_t optional = PE_BUILD_AT_OPTIONAL;

    pe_build_put_bytes(build, 0, "MZ", 2);
    pe_build_put32(build, PE_BUILD_AT_LFANEW, PE_BUILD_AT_SIGNATURE);
    pe_build_put_bytes(build, PE_BUILD_AT_SIGNATURE, "PE\0\0", 4);
    pe_build_put16(build, PE_BUILD_AT_MACHINE, 0x8664);
    pe_build_put16(build, PE_BUILD_AT_SECTION_COUNT, PE_BUILD_SECTION_COUNT);
    pe_build_put32(build, PE_BUILD_AT_SIGNATURE + 8, 0x5F000000); /* time stamp */
    pe_build_put16(build, PE_BUILD_AT_OPTIONAL_BYTES, 240);
    pe_build_put16(build, PE_BUILD_AT_CHARACTERISTICS, 0x0022); /* executable, large addresses */
    pe_build_put16(build, PE_BUILD_AT_MAGIC, 0x20B);
    pe_build_put32(build, PE_BUILD_AT_ENTRY, PE_BUILD_ENTRY_RVA);
    pe_build_put64(build, PE_BUILD_AT_IMAGE_BASE, PE_BUILD_IMAGE_BASE);
    pe_build_put32(build, PE_BUILD_AT_SECTION_ALIGNMENT, 0x1000);
    pe_build_put32(build, PE_BUILD_AT_FILE_ALIGNMENT, 0x200);
    pe_build_put16(build, optional + 40, 10); /* operating system 10.0 */
    pe_build_put16(build, optional + 48, 10); /* subsystem 10.0 */
    pe_build_put32(build, PE_BUILD_AT_SIZE_OF_IMAGE, PE_BUILD_IMAGE_BYTES);
    pe_build_put32(build, PE_BUILD_AT_SIZE_OF_HEADERS, PE_BUILD_HEADER_BYTES);
    pe_build_put16(build, PE_BUILD_AT_SUBSYSTEM, 1);
    pe_build_put16(build, optional + 70, 0x4160); /* DYNAMIC_BASE, NX_COMPAT, GUARD_CF */
    pe_build_put32(build, PE_BUILD_AT_DIRECTORY_COUNT, 16);
}

static void put_sections(struct pe_build *build)
{
    for (uint32_t i = 0; i < PE_BUILD_SECTION_COUNT; i++) {
        uint32_t at = PE_BUILD_AT_SECTION(i);

        pe_build_put_bytes(build, at, layout[i].name, strlen(layout[i].name));
        pe_build_put32(build, at + PE_BUILD_SECTION_VIRTUAL_SIZE, layout[i].virtual_size);
        pe_build_put32(build, at + PE_BUILD_SECTION_RVA, layout[i].rva);
        pe_build_put32(build, at + PE_BUILD_SECTION_RAW_BYTES, layout[i].raw_bytes);
        pe_build_put32(build, at + PE_BUILD_SECTION_RAW_OFFSET, layout[i].offset);
        pe_build_put32(build, at + PE_BUILD_SECTION_FLAGS, layout[i].flags);
    }
}

/* One hint and name in the name area; returns its RVA and moves on to an even place. */
static uint32_t put_name(struct pe_build *build, uint32_t *next_rva, uint16_t hint,
                         const char *name)
{
    uint32_t rva = *next_rva;

    pe_build_put16(build, pe_build_offset(rva), hint);
    put_string_at(build, rva + 2, name);
    *next_rva = (rva + 2 + (uint32_t)strlen(name) + 1 + 1) & ~1u;
    return rva;
}

static void put_descriptor(struct pe_build *build, uint32_t index, uint32_t first_slot,
                           uint32_t name_rva)
{
    uint32_t rva = PE_BUILD_IMPORT_RVA + DESCRIPTOR_BYTES * index;

    put32_at(build, rva, PE_BUILD_LOOKUP_RVA + 8 * first_slot);
    put32_at(build, rva + 12, name_rva);
    put32_at(build, rva + 16, PE_BUILD_IAT_RVA + 8 * first_slot);
}

static void put_imports(struct pe_build *build, const struct pe_build_import *imports, size_t count)
{
    uint32_t names_rva = PE_BUILD_NAMES_RVA;
    uint32_t modules = 0;
    uint32_t slot = 0;

    assert(count <= MAX_IMPORTS);
    for (size_t i = 0; i < count; i++, slot++) {
        uint64_t thunk = UINT64_C(1) << 63 | imports[i].ordinal;

        if (i == 0 || strcmp(imports[i].module, imports[i - 1].module) != 0) {
            uint32_t module_rva = put_name(build, &names_rva, 0, imports[i].module);

            slot += i != 0; /* the empty entry that ends the module before */
            put_descriptor(build, modules++, slot, module_rva + 2);
        }
        if (imports[i].name != NULL)
            thunk = put_name(build, &names_rva, imports[i].ordinal, imports[i].name);
        put64_at(build, PE_BUILD_LOOKUP_RVA + 8 * slot, thunk);
        put64_at(build, PE_BUILD_IAT_RVA + 8 * slot, thunk);
    }
    put_directory(build, 1, PE_BUILD_IMPORT_RVA, DESCRIPTOR_BYTES * (modules + 1));
    put_directory(build, 12, PE_BUILD_IAT_RVA, 8 * (slot + 1));
}

static void put_exports(struct pe_build *build)
{
    uint32_t rva = PE_BUILD_EXPORT_RVA;
    uint32_t strings = rva + 0x60;

    put32_at(build, rva + 12, strings);
    put32_at(build, rva + 16, 1); /* ordinal base */
    put32_at(build, rva + 20, 3);
    put32_at(build, rva + 24, 2);
    put32_at(build, rva + 28, PE_BUILD_EXPORT_ADDRESSES_RVA);
    put32_at(build, rva + 32, PE_BUILD_EXPORT_NAMES_RVA);
    put32_at(build, rva + 36, PE_BUILD_EXPORT_NAME_ORDINALS_RVA);
    put_string_at(build, strings, "built.sys");
    put_string_at(build, strings + 0x10, "DllInitialize");
    put_string_at(build, strings + 0x20, "Moved");
    put_string_at(build, strings + 0x30, "hal.Moved");
    put32_at(build, PE_BUILD_EXPORT_ADDRESSES_RVA, PE_BUILD_ENTRY_RVA);
    put32_at(build, PE_BUILD_EXPORT_ADDRESSES_RVA + 4, strings + 0x30);
    put32_at(build, PE_BUILD_EXPORT_ADDRESSES_RVA + 8, PE_BUILD_PAGE_RVA);
    put32_at(build, PE_BUILD_EXPORT_NAMES_RVA, strings + 0x10);
    put32_at(build, PE_BUILD_EXPORT_NAMES_RVA + 4, strings + 0x20);
    put32_at(build, PE_BUILD_EXPORT_NAME_ORDINALS_RVA, 0x00010000); /* 0, 1 */
    put_directory(build, 0, rva, PE_BUILD_EXPORT_BYTES);
}

static void put_load_config(struct pe_build *build)
{
    uint32_t rva = PE_BUILD_LOAD_CONFIG_RVA;

    put32_at(build, rva, PE_BUILD_LOAD_CONFIG_BYTES);
    put64_at(build, rva + 0x58, PE_BUILD_IMAGE_BASE + PE_BUILD_COOKIE_RVA);
    put64_at(build, rva + 0x70, PE_BUILD_IMAGE_BASE + PE_BUILD_GUARD_CHECK_SLOT_RVA);
    put64_at(build, rva + 0x78, PE_BUILD_IMAGE_BASE + PE_BUILD_GUARD_DISPATCH_SLOT_RVA);
    put32_at(build, rva + 0x90, 0x100); /* instrumented */
    put64_at(build, PE_BUILD_GUARD_CHECK_SLOT_RVA,
             PE_BUILD_IMAGE_BASE + PE_BUILD_GUARD_CHECK_RVA);
    put64_at(build, PE_BUILD_GUARD_DISPATCH_SLOT_RVA,
             PE_BUILD_IMAGE_BASE + PE_BUILD_GUARD_DISPATCH_RVA);
    put_directory(build, 10, rva, PE_BUILD_LOAD_CONFIG_BYTES);
}

static void put_data(struct pe_build *build)
{
    put64_at(build, PE_BUILD_COOKIE_RVA, PE_BUILD_DEFAULT_COOKIE);
    put64_at(build, PE_BUILD_POINTERS_RVA, PE_BUILD_IMAGE_BASE + PE_BUILD_ENTRY_RVA);
    put64_at(build, PE_BUILD_POINTERS_RVA + 8, PE_BUILD_IMAGE_BASE + PE_BUILD_COOKIE_RVA);
}

static void put_relocations(struct pe_build *build)
{
    static const uint16_t blocks[] = {
        0x3000, 0, 20, 0, 0xA258, 0xA270, 0xA278, 0xA340, 0xA348, 0x0000,
        0x4000, 0, 12, 0, 0xA008, 0xA010,
    };
    uint32_t offset = pe_build_offset(PE_BUILD_RELOC_RVA);

    for (uint32_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
        pe_build_put16(build, offset + 2 * i, blocks[i]);
    put_directory(build, 5, PE_BUILD_RELOC_RVA, sizeof(blocks));
}

/* The entry first, with no unwind codes: the default code moves no stack.
 * Then the function at PE_BUILD_FRAMED_RVA:
 * push rbx; sub rsp, 20h; nop...; add rsp, 20h; pop rbx; ret. */
static void put_functions(struct pe_build *build)
{
    static const uint8_t code[] = { 0x53, 0x48, 0x83, 0xEC, 0x20, 0x90, 0x90, 0x90,
                                    0x90, 0x90, 0x48, 0x83, 0xC4, 0x20, 0x5B, 0xC3 };
    static const uint8_t info[] = { 0x19, 5, 2, 0, 5, 0x32, 1, 0x30,
                                    (uint8_t)PE_BUILD_HANDLER_RVA, PE_BUILD_HANDLER_RVA >> 8, 0, 0,
                                    1, 0, 0, 0 };
    uint8_t chained[] = { 0x21, 0, 0, 0, 0x00, 0x14, 0, 0, 0x10, 0x14, 0, 0, 0, 0, 0, 0 };
    static const uint8_t frameless[] = { 1, 0, 0, 0, 0, 0, 0, 0 };
    uint32_t rva;

    pe_build_function(build, PE_BUILD_ENTRY_RVA, PE_BUILD_FRAMED_RVA, frameless,
                      sizeof(frameless));
    pe_build_put_bytes(build, pe_build_offset(PE_BUILD_FRAMED_RVA), code, sizeof(code));
    rva = pe_build_function(build, PE_BUILD_FRAMED_RVA, PE_BUILD_FRAMED_RVA + 16, info,
                            sizeof(info));
    chained[12] = (uint8_t)rva;
    chained[13] = (uint8_t)(rva >> 8);
    pe_build_put_bytes(build, pe_build_offset(PE_BUILD_CHAINED_RVA), "\x90\x90\x90\x90", 4);
    pe_build_function(build, PE_BUILD_CHAINED_RVA, PE_BUILD_CHAINED_RVA + 8, chained,
                      sizeof(chained));
}

static void put_code(struct pe_build *build, const struct pe_build_options *options)
{
    static const uint8_t success[] = { 0x31, 0xC0, 0xC3 };
    const uint8_t *code = success;
    size_t count = sizeof(success);

    if (options != NULL && options->entry_code != NULL) {
        code = options->entry_code;
        count = options->entry_bytes;
    }
    assert(count <= PE_BUILD_ENTRY_MAX_BYTES);
    pe_build_put_bytes(build, pe_build_offset(PE_BUILD_ENTRY_RVA), code, count);
    pe_build_put_bytes(build, pe_build_offset(PE_BUILD_HANDLER_RVA), success, sizeof(success));
    pe_build_put_bytes(build, pe_build_offset(PE_BUILD_GUARD_CHECK_RVA), "\xC3", 1);
    pe_build_put_bytes(build, pe_build_offset(PE_BUILD_GUARD_DISPATCH_RVA), "\xFF\xE0", 2);
    pe_build_put_bytes(build, pe_build_offset(PE_BUILD_PAGE_RVA), success, sizeof(success));
}

void pe_build(struct pe_build *build, const struct pe_build_options *options)
{
    static const struct pe_build_import imports[] = {
        { "ntoskrnl.exe", "DbgPrint", 1 },
        { "ntoskrnl.exe", "IoGetDmaAdapter", 2 },
        { "ntoskrnl.exe", NULL, 7 },
        { "HAL.dll", "KeQueryPerformanceCounter", 3 },
    };
    bool own_imports = options != NULL && options->imports != NULL;

    memset(build, 0, sizeof(*build));
    put_headers(build);
    put_sections(build);
    if (own_imports)
        put_imports(build, options->imports, options->import_count);
    else
        put_imports(build, imports, sizeof(imports) / sizeof(imports[0]));
    put_code(build, options);
    put_exports(build);
    put_load_config(build);
    put_data(build);
    put_relocations(build);
    put_functions(build);
}

uint32_t pe_build_function(struct pe_build *build, uint32_t begin_rva, uint32_t end_rva,
                           const void *unwind_info, size_t count)
{
    uint32_t entry = PE_BUILD_PDATA_RVA + FUNCTION_BYTES * build->function_count;
    uint32_t info_rva = PE_BUILD_XDATA_RVA + build->xdata_used;

    pe_build_put_bytes(build, pe_build_offset(info_rva), unwind_info, count);
    put32_at(build, entry, begin_rva);
    put32_at(build, entry + 4, end_rva);
    put32_at(build, entry + 8, info_rva);
    build->xdata_used += ((uint32_t)count + 3) & ~3u;
    build->function_count++;
    put_directory(build, DIRECTORY_EXCEPTION, PE_BUILD_PDATA_RVA,
                  FUNCTION_BYTES * build->function_count);
    return info_rva;
}

uint32_t pe_build_slot(const struct pe_build *build, const char *name)
{
    for (uint32_t slot = 0; slot < 2 * MAX_IMPORTS; slot++) {
        uint32_t at = pe_build_offset(PE_BUILD_LOOKUP_RVA + 8 * slot);
        uint32_t name_rva = pe_build_get32(build, at);

        if (name_rva == 0 || pe_build_get32(build, at + 4) != 0)
            continue;
        if (strcmp((const char *)build->bytes + pe_build_offset(name_rva + 2), name) == 0)
            return PE_BUILD_IAT_RVA + 8 * slot;
    }
    assert(!"a function that was imported");
    return 0;
}

void pe_build_entry_calls(struct pe_build *build, const char *import)
{
    static const uint8_t code[] = {
        0x48, 0x83, 0xEC, 0x28,             /* sub rsp, 28h */
        0xFF, 0x15, 0,    0,    0, 0,       /* call [slot] */
        0x48, 0x83, 0xC4, 0x28,             /* add rsp, 28h */
        0xC3,
    };
    static const uint8_t unwind_info[] = { 1, 4, 1, 0, 4, 0x42, 0, 0 };
    uint32_t offset = pe_build_offset(PE_BUILD_ENTRY_RVA);

    pe_build_put_bytes(build, pe_build_offset(PE_BUILD_XDATA_RVA), unwind_info,
                       sizeof(unwind_info));
    pe_build_put_bytes(build, offset, code, sizeof(code));
    pe_build_put32(build, offset + 6, pe_build_slot(build, import) - (PE_BUILD_ENTRY_RVA + 10));
}

int pe_build_write(const struct pe_build *build, const char *path, size_t count)
{
    FILE *file = fopen(path, "wb");
    int error = 0;

    assert(count <= sizeof(build->bytes));
    if (file == NULL)
        return -errno;
    if (fwrite(build->bytes, 1, count, file) != count)
        error = -EIO;
    if (fclose(file) != 0 && error == 0)
        error = -errno;
    return error;
}
