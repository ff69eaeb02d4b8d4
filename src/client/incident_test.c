/* SPDX-License-Identifier: MIT */
/* When incidents come due. What they do to a stream is told by the tests of the command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>

#include "base/base.h"
#include "client/incident.h"

static const struct client_incident both_kinds[] = {
    {.kind = INCIDENT_pause, .frames = 10},
    {.kind = INCIDENT_stop, .by_time = true, .time_ns = 500},
    {.kind = INCIDENT_power, .frames = 10},
};

static struct client_schedule schedule_of(const struct client_incident *incidents, unsigned count)
{
    const struct client_request request = {.incidents = incidents, .incident_count = count};
    struct client_schedule schedule;

    client_schedule_init(&schedule, &request);
    return schedule;
}

static void nothing_is_due_without_a_schedule(void **state)
{
    struct client_schedule schedule = schedule_of(NULL, 0);

    (void)state;
    assert_int_equal(client_schedule_due(&schedule, UINT64_MAX, UINT64_MAX), UINT_MAX);
    assert_true(client_schedule_wait_ns(&schedule, 0) == UINT64_MAX);
}

static void an_incident_is_due_once_its_frame_or_time_has_come(void **state)
{
    struct client_schedule schedule = schedule_of(both_kinds, ARRAY_LEN(both_kinds));

    (void)state;
    assert_int_equal(client_schedule_due(&schedule, 9, 499), UINT_MAX);
    assert_int_equal(client_schedule_due(&schedule, 9, 500), 1);
    assert_int_equal(client_schedule_due(&schedule, 10, 499), 0);
    assert_int_equal(client_schedule_due(&schedule, 11, 501), 0);
}

static void each_happens_once_and_the_first_named_goes_first(void **state)
{
    struct client_schedule schedule = schedule_of(both_kinds, ARRAY_LEN(both_kinds));

    (void)state;
    schedule.happened = 1;
    assert_int_equal(client_schedule_due(&schedule, 10, 500), 1);
    schedule.happened = 3;
    assert_int_equal(client_schedule_due(&schedule, 10, 500), 2);
    schedule.happened = 7;
    assert_int_equal(client_schedule_due(&schedule, 10, 500), UINT_MAX);
}

static void only_what_comes_by_time_shortens_a_wait(void **state)
{
    struct client_schedule schedule = schedule_of(both_kinds, ARRAY_LEN(both_kinds));

    (void)state;
    assert_int_equal(client_schedule_wait_ns(&schedule, 100), 400);
    assert_int_equal(client_schedule_wait_ns(&schedule, 600), 0);
    schedule.happened = 2;
    assert_true(client_schedule_wait_ns(&schedule, 100) == UINT64_MAX);
}

static void nothing_happens_to_a_device_that_is_gone(void **state)
{
    struct client_schedule schedule = schedule_of(both_kinds, ARRAY_LEN(both_kinds));

    (void)state;
    schedule.gone = true;
    assert_int_equal(client_schedule_due(&schedule, 10, 500), UINT_MAX);
    assert_true(client_schedule_wait_ns(&schedule, 0) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_due_without_a_schedule),
        cmocka_unit_test(an_incident_is_due_once_its_frame_or_time_has_come),
        cmocka_unit_test(each_happens_once_and_the_first_named_goes_first),
        cmocka_unit_test(only_what_comes_by_time_shortens_a_wait),
        cmocka_unit_test(nothing_happens_to_a_device_that_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
