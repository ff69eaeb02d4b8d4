/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static void save_and_restore(struct world *world)
{
    XSTATE_SAVE outer, inner;
    ULONG64 enabled = RtlGetEnabledExtendedFeatures(~0ull);
    KIRQL irql;

    (void)world;
    assert_int_equal(enabled & 3, 3);
    assert_int_equal(RtlGetEnabledExtendedFeatures(2), 2);
    assert_int_equal(KeSaveExtendedProcessorState(1ull << 60, &outer), STATUS_INVALID_PARAMETER);
    assert_int_equal(KeSaveExtendedProcessorState(enabled, &outer), STATUS_SUCCESS);
    assert_int_equal(outer.XStateContext.Mask, enabled);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(KeSaveExtendedProcessorState(3, &inner), STATUS_SUCCESS);
    assert_int_equal(inner.Level, DISPATCH_LEVEL);
    KeRestoreExtendedProcessorState(&inner);
    KeLowerIrql(irql);
    assert_ptr_equal(outer.Thread, KeGetCurrentThread());
    KeRestoreExtendedProcessorState(&outer);
    assert_null(outer.Thread);
}

static void states_are_saved_of_features_that_are_enabled(void **state)
{
    (void)state;
    RUN(1, 1, save_and_restore);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_saved_of_features_that_are_enabled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
