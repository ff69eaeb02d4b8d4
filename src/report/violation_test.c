/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/report_test.h"

static void an_access_of_the_card_is_told_with_mapping_frame_calls_and_stake(void **state)
{
    struct bench bench;
    const char *summary;

    (void)state;
    bench_open(&bench);
    load_driver(&bench);
    TRACE(&bench.trace, dma_list, 1, 9, 0x30000000);
    TRACE(&bench.trace, frame_list, 4, 17, 0x30000000);
    TRACE(&bench.trace, dma_list, 1, 10, 0x30001000);
    TRACE(&bench.trace, bus_violation, 2, 0x80001000, 64, 1, 9, 1);
    TRACE(&bench.trace, bus_card, 5, 32, 1, 0, 0, 0);
    TRACE(&bench.trace, bus_mapping, 9, 2 << 8, 0x80000000, 0x80001fff, 0x40001234, 0x40001300);
    TRACE(&bench.trace, bus_stake, 5, 0x7000, 64, 0x62626947, 0x40001400, 0);
    TRACE(&bench.trace, finding, VERIFY_bus_after_release, 0x40001300, 0x80001000);
    TRACE(&bench.trace, finding, VERIFY_pool_leak, 0x40001500, 0x62626947, 100);
    summary = summary_of(&bench);
    expect_words(summary,
                 "grabber64 in slot 5 wrote 64 bytes at logical address 0x80001000; refused");
    expect_words(summary, "scatter/gather list of frame 17 of pin 4, for the card to write");
    expect_words(summary, "made by the call at grabber.sys+0x1234, released by the call at "
                          "grabber.sys+0x1300");
    expect_words(summary, "64 bytes of freed pool, tag Gibb, freed at grabber.sys+0x1400");
    assert_ptr_equal(strstr(strstr(summary, "      access") + 1, "      access"), NULL);
    bench_close(&bench);
}

/* What a wild process says must not lead anywhere. */
static void events_of_an_access_without_sense_are_survived(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    for (unsigned i = 0; i < 200; i++) {
        TRACE(&bench.trace, frame_list, UINT64_MAX, UINT64_MAX, UINT64_MAX);
        TRACE(&bench.trace, bus_mapping, UINT64_MAX, UINT64_MAX, UINT64_MAX, 0, UINT64_MAX);
        TRACE(&bench.trace, bus_violation, UINT64_MAX, UINT64_MAX, UINT64_MAX, 77, UINT64_MAX);
        TRACE(&bench.trace, bus_card, UINT64_MAX, 0, 5, 6, UINT64_MAX, 8);
        TRACE(&bench.trace, bus_mapping, UINT64_MAX, UINT64_MAX, 1, 2, 3, 4);
        TRACE(&bench.trace, bus_stake, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX);
        TRACE(&bench.trace, finding, VERIFY_bus_outside, i, UINT64_MAX);
    }
    expect_words(summary_of(&bench), "bytes of ?, physical");
    bench_close(&bench);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_access_of_the_card_is_told_with_mapping_frame_calls_and_stake),
        cmocka_unit_test(events_of_an_access_without_sense_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
