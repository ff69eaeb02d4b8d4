/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verify/verify.h"

static struct trace_event finding_event(uint64_t rule, uint64_t caller, uint64_t argument)
{
    struct trace_event event = {.type = TRACE_finding, .time_ns = 7, .sequence = 3};

    event.arg[0] = rule;
    event.arg[1] = caller;
    event.arg[2] = argument;
    return event;
}

static void test_equal_findings_are_counted_once(void **state)
{
    struct verify *verify = verify_create();
    struct trace_event event = finding_event(VERIFY_pool_leak, 0x1000, 5);

    (void)state;
    verify_event(verify, &event);
    verify_event(verify, &event);
    event.arg[1] = 0x2000;
    verify_event(verify, &event);
    assert_int_equal(verify_count(verify), 2);
    assert_int_equal(verify_at(verify, 0)->count, 2);
    assert_int_equal(verify_at(verify, 1)->count, 1);
    assert_null(verify_at(verify, 2));
    verify_destroy(verify);
}

static void test_advice_is_no_error(void **state)
{
    struct verify *verify = verify_create();
    struct trace_event event = finding_event(VERIFY_legacy_registration, 0x1000, 0);

    (void)state;
    verify_event(verify, &event);
    assert_int_equal(verify_count(verify), 1);
    assert_int_equal(verify_errors(verify), 0);
    event = finding_event(VERIFY_clone_leak, 0x1000, 0);
    verify_event(verify, &event);
    assert_int_equal(verify_errors(verify), 1);
    verify_destroy(verify);
}

static void test_an_unknown_rule_is_ignored(void **state)
{
    struct verify *verify = verify_create();
    struct trace_event event = finding_event(VERIFY_RULE_COUNT, 0x1000, 0);

    (void)state;
    verify_event(verify, &event);
    assert_int_equal(verify_count(verify), 0);
    verify_destroy(verify);
}

static void test_distinct_findings_beyond_the_limit_are_counted_as_dropped(void **state)
{
    struct verify *verify = verify_create();

    (void)state;
    for (uint64_t i = 0; i < 1005; i++) {
        struct trace_event event = finding_event(VERIFY_call_irql, i + 1, 0);

        verify_event(verify, &event);
    }
    assert_int_equal(verify_count(verify), 1000);
    assert_int_equal(verify_dropped(verify), 5);
    verify_destroy(verify);
}

static void test_text_carries_arguments_and_is_cut_to_size(void **state)
{
    struct verify_finding finding = {.rule = VERIFY_pool_leak, .arg = {0x41, 12}};
    char text[128], little[10];

    (void)state;
    verify_text(&finding, text, sizeof text);
    assert_string_equal(text, "pool block not freed at unload: tag 0x41, 12 bytes");
    verify_text(&finding, little, sizeof little);
    assert_string_equal(little, "pool bloc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_findings_are_counted_once),
        cmocka_unit_test(test_advice_is_no_error),
        cmocka_unit_test(test_an_unknown_rule_is_ignored),
        cmocka_unit_test(test_distinct_findings_beyond_the_limit_are_counted_as_dropped),
        cmocka_unit_test(test_text_carries_arguments_and_is_cut_to_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
