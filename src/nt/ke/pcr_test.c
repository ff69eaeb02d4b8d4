/* SPDX-License-Identifier: MIT */
/* What driver code reads through gs and shared user data is in trap_test.c; here is what lies
 * behind it. */
#include "ke/ke_test.h"
#include "ke/pcr.h"
#include "wdk/wdm_cpu.h"

static void regions_body(struct world *world WEIR_UNUSED)
{
    struct ke *ke = ke_current();
    for (unsigned cpu = 0; cpu < 4; cpu++) {
        KPCR *pcr = ke_pcr(ke, cpu);
        assert_true(sim_is_guest_visible((uint64_t)pcr));
        assert_ptr_equal(pcr->Self, pcr);
        assert_ptr_equal(pcr->CurrentPrcb, &pcr->Prcb);
        assert_int_equal(pcr->Prcb.Number, cpu);
        assert_int_equal(pcr->Prcb.LegacyNumber, cpu);
    }
    assert_ptr_equal(ke_pcr(ke, KeGetCurrentProcessorNumber())->Prcb.CurrentThread,
                     KeGetCurrentThread());
}

static void each_cpu_has_a_control_region_of_its_own(void **state)
{
    (void)state;
    RUN(1, 4, regions_body);
    RUN(2, 4, regions_body);
}

static uint64_t cookie;

static void cookie_body(struct world *world WEIR_UNUSED)
{
    cookie = ke_shared_data_read(ke_current(), offsetof(KUSER_SHARED_DATA, Cookie), 4);
}

static void the_cookie_follows_from_the_seed(void **state)
{
    uint64_t first;
    (void)state;
    RUN(1, 1, cookie_body);
    first = cookie;
    RUN(1, 1, cookie_body);
    assert_int_equal(cookie, first);
    RUN(2, 1, cookie_body);
    assert_int_not_equal(cookie, first);
}

static void reads_body(struct world *world WEIR_UNUSED)
{
    struct ke *ke = ke_current();
    sleep_ms(1000);
    uint64_t ticks = ke_shared_data_read(ke, 0x320, 8);
    uint64_t multiplier = ke_shared_data_read(ke, 4, 4);
    uint64_t milliseconds = ticks * multiplier >> 24;
    assert_true(milliseconds >= 980 && milliseconds <= 1016);
    assert_int_equal(ke_shared_data_read(ke, 0x0c, 4), ke_shared_data_read(ke, 0x10, 4));
    assert_int_equal(ke_shared_data_read(ke, 0x274 + PF_NX_ENABLED, 1), 1);
    assert_int_equal(ke_shared_data_read(ke, 0xfff, 8), 0);
}

static void times_agree_with_each_other(void **state)
{
    (void)state;
    RUN(1, 1, reads_body);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cpu_has_a_control_region_of_its_own),
        cmocka_unit_test(the_cookie_follows_from_the_seed),
        cmocka_unit_test(times_agree_with_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
