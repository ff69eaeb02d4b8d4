/* SPDX-License-Identifier: MIT */
/* What the rows of DMA's functions state: IRQL and first Windows of their documentation pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exports/exports.h"
#include "mm/testbed.h"

struct stated {
    const char *module, *name;
    KIRQL highest;
    enum ke_windows since;
};

static const struct stated pages[] = {
    {"ntoskrnl.exe", "IoGetDmaAdapter", PASSIVE_LEVEL, KE_WINDOWS_XP},
    {"ks.sys", "KsDeviceRegisterAdapterObject", PASSIVE_LEVEL, KE_WINDOWS_XP},
    {"ks.sys", "KsGetOuterUnknown", PASSIVE_LEVEL, KE_WINDOWS_XP},
    {"ks.sys", "KsPinGetLeadingEdgeStreamPointer", DISPATCH_LEVEL, KE_WINDOWS_XP},
    {"ks.sys", "KsStreamPointerAdvance", DISPATCH_LEVEL, KE_WINDOWS_XP},
    {"ks.sys", "KsStreamPointerAdvanceOffsets", DISPATCH_LEVEL, KE_WINDOWS_XP},
    {"ks.sys", "KsStreamPointerClone", DISPATCH_LEVEL, KE_WINDOWS_XP},
    {"ks.sys", "KsStreamPointerDelete", DISPATCH_LEVEL, KE_WINDOWS_XP},
    {"ks.sys", "KsStreamPointerLock", DISPATCH_LEVEL, KE_WINDOWS_XP},
    {"ks.sys", "KsStreamPointerUnlock", DISPATCH_LEVEL, KE_WINDOWS_XP},
    {"ks.sys", "KsPinAttemptProcessing", DISPATCH_LEVEL, KE_WINDOWS_XP},
};

static void dma_functions_have_the_irql_of_their_pages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        const struct exports_row *row = exports_find(pages[i].module, pages[i].name);

        assert_non_null(row);
        assert_int_equal(row->irql_from, PASSIVE_LEVEL);
        assert_int_equal(row->irql_to, pages[i].highest);
        assert_int_equal(row->state, EXPORTS_FULL);
    }
}

static void dma_functions_are_there_from_the_windows_of_their_pages_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        assert_true(exports_has(exports_find(pages[i].module, pages[i].name), pages[i].since));
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(dma_functions_have_the_irql_of_their_pages),
        TEST(dma_functions_are_there_from_the_windows_of_their_pages_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
