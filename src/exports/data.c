/* SPDX-License-Identifier: MIT */
/* Exported variables. An import of one is not a function: the slot in the driver's import table
 * holds the variable's address. They live together on one page at a seeded address.
 *
 * MmHighestUserAddress and its like are pointers to the values; here they say what weir's windows
 * are, so a driver that compares addresses with them gets true answers. UNDOC: object types
 * (IoFileObjectType ...) are opaque; each points at its own distinct word. */
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "exports/internal.h"
#include "host/host.h"
#include "mm/mm.h"

struct variable {
    const char *name;
    uint64_t (*value)(struct exports *exports, uint64_t page_va, unsigned index);
};

enum { SLOT_BYTES = 16, OPAQUE_AREA = 2048 };

static uint64_t build_number(struct exports *exports, uint64_t page_va, unsigned index)
{
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof version};

    (void)exports;
    (void)page_va;
    (void)index;
    if (!NT_SUCCESS(RtlGetVersion(&version)))
        return 0;
    return 0xF0000000u | version.dwBuildNumber; /* a free build: the top bits say so */
}

static uint64_t one(struct exports *exports, uint64_t page_va, unsigned index)
{
    (void)exports;
    (void)page_va;
    (void)index;
    return 1;
}

static uint64_t zero(struct exports *exports, uint64_t page_va, unsigned index)
{
    (void)exports;
    (void)page_va;
    (void)index;
    return 0;
}

static uint64_t cpus(struct exports *exports, uint64_t page_va, unsigned index)
{
    (void)page_va;
    (void)index;
    (void)exports;
    return KeQueryActiveProcessorCount(NULL);
}

static uint64_t highest_user(struct exports *exports, uint64_t page_va, unsigned index)
{
    (void)exports;
    (void)page_va;
    (void)index;
    return SIM_USER_WINDOW_END - 0x10001;
}

static uint64_t user_probe(struct exports *exports, uint64_t page_va, unsigned index)
{
    (void)exports;
    (void)page_va;
    (void)index;
    return SIM_USER_WINDOW_END - 0x10000;
}

static uint64_t system_start(struct exports *exports, uint64_t page_va, unsigned index)
{
    (void)exports;
    (void)page_va;
    (void)index;
    return SIM_SYSTEM_WINDOW_BASE;
}

static uint64_t opaque(struct exports *exports, uint64_t page_va, unsigned index)
{
    (void)exports;
    return page_va + OPAQUE_AREA + (uint64_t)index * SLOT_BYTES;
}

static const struct variable variables[] = {
    {"NtBuildNumber", build_number},
    {"Mm64BitPhysicalAddress", one},
    {"KeNumberProcessors", cpus},
    {"MmHighestUserAddress", highest_user},
    {"MmUserProbeAddress", user_probe},
    {"MmSystemRangeStart", system_start},
    {"KdDebuggerEnabled", zero},
    {"KdDebuggerNotPresent", one},
    {"InitSafeBootMode", zero},
    {"IoFileObjectType", opaque},
    {"IoDeviceObjectType", opaque},
    {"IoDriverObjectType", opaque},
    {"PsThreadType", opaque},
    {"PsProcessType", opaque},
    {"ExEventObjectType", opaque},
    {"ExSemaphoreObjectType", opaque},
};
enum { VARIABLES = sizeof variables / sizeof variables[0] };

static int make_page(struct exports *exports)
{
    uint64_t va;
    int result = mm_image_allocate(mm_of(exports->ke), MM_PAGE_SIZE, &va);

    if (result != 0)
        return result;
    for (unsigned i = 0; i < VARIABLES; i++) {
        uint64_t value = variables[i].value(exports, va, i);

        memcpy((void *)(uintptr_t)(va + (uint64_t)i * SLOT_BYTES), &value, sizeof value);
    }
    exports->data_va = va;
    return 0;
}

int exports_bind_data(struct exports *exports, const struct exports_row *row, uint64_t *out_va)
{
    int result;

    if (exports->data_va == 0) {
        result = make_page(exports);
        if (result != 0)
            return result;
    }
    for (unsigned i = 0; i < VARIABLES; i++) {
        if (strcmp(variables[i].name, row->name) == 0) {
            *out_va = exports->data_va + (uint64_t)i * SLOT_BYTES;
            return 0;
        }
    }
    return -ENOENT;
}
