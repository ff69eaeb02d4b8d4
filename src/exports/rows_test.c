/* SPDX-License-Identifier: MIT */
/* What the rows of DMA's functions state: IRQL and first Windows of their documentation pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

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

enum { KS_EXPORTS = 237 }; /* names in the import library of ks.sys for x64 */

static void every_name_that_ks_exports_is_known(void **state)
{
    const struct exports_row *row;
    unsigned count = 0;

    (void)state;
    for (unsigned i = 0; (row = exports_at(i)) != NULL; i++)
        count += strcmp(row->module, "ks.sys") == 0;
    assert_int_equal(count, KS_EXPORTS);
    assert_non_null(exports_find("ks.sys", "??0CBaseUnknown@@QEAA@PEAUIUnknown@@@Z"));
}

static void no_name_has_two_rows(void **state)
{
    const struct exports_row *row;

    (void)state;
    for (unsigned i = 0; (row = exports_at(i)) != NULL; i++)
        assert_true(exports_find(row->module, row->name) == row);
}

static void what_is_missing_of_a_partial_function_is_said(void **state)
{
    const struct exports_row *row;

    (void)state;
    for (unsigned i = 0; (row = exports_at(i)) != NULL; i++) {
        if ((row->state == EXPORTS_PARTIAL) != (exports_lacks(row) != NULL))
            fail_msg("%s: partial.tbl.h does not say what it lacks", row->name);
    }
}

static const char *const partials[] = {
#define PARTIAL(name, lacks) #name,
#include "exports/partial.tbl.h"
#undef PARTIAL
};

static void nothing_is_said_to_lack_what_it_has(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof partials / sizeof partials[0]; i++) {
        bool partial = false;
        const struct exports_row *row;

        for (unsigned k = 0; (row = exports_at(k)) != NULL; k++)
            partial |= strcmp(row->name, partials[i]) == 0 && row->state == EXPORTS_PARTIAL;
        if (!partial)
            fail_msg("%s: its row is not PARTIAL", partials[i]);
    }
}

static void a_stub_may_stand_for_what_weir_lacks_and_for_nothing_else(void **state)
{
    (void)state;
    assert_string_equal(exports_stub_hides("KeSetTimer")->name, "KeSetTimer");
    assert_string_equal(exports_stub_hides("ntoskrnl.exe!KeSetTimer")->name, "KeSetTimer");
    assert_string_equal(exports_stub_hides("HAL.DLL!KeSetTimer")->name, "KeSetTimer");
    assert_string_equal(exports_stub_hides("NtBuildNumber")->name, "NtBuildNumber");
    assert_null(exports_stub_hides("ks.sys!KeSetTimer"));
    assert_null(exports_stub_hides("ndis.sys!KeSetTimer"));
    assert_null(exports_stub_hides("KeNobodyHasWrittenThis"));
    assert_null(exports_stub_hides("HalFlushCommonBuffer")); /* a row, and nothing behind it */
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(dma_functions_have_the_irql_of_their_pages),
        TEST(dma_functions_are_there_from_the_windows_of_their_pages_on),
        TEST(every_name_that_ks_exports_is_known),
        TEST(no_name_has_two_rows),
        TEST(what_is_missing_of_a_partial_function_is_said),
        TEST(nothing_is_said_to_lack_what_it_has),
        TEST(a_stub_may_stand_for_what_weir_lacks_and_for_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
