/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "report/incidents.h"
#include "trace/incidents.h"

static void tell(struct report_incidents *incidents, uint16_t type, uint64_t time_ns, uint64_t arg0,
                 uint64_t arg1, uint64_t arg2, size_t errors)
{
    const struct trace_event event = {.type = type, .time_ns = time_ns,
                                      .arg = {arg0, arg1, arg2}};

    report_incident_event(incidents, &event, errors);
}

static bool says(const struct report_incidents *incidents, size_t errors, const char *what)
{
    struct text text;
    bool found;

    text_init(&text);
    report_incidents_text(incidents, errors, &text);
    found = strstr(text_get(&text), what) != NULL;
    text_fini(&text);
    return found;
}

static void an_incident_is_told_with_its_time_and_what_was_missed(void **state)
{
    struct report_incidents incidents = {0};

    (void)state;
    tell(&incidents, TRACE_incident, 2000000000, 1, INCIDENT_power, 60, 0);
    tell(&incidents, TRACE_incident_over, 2100000000, 1, 0, 0, 0);
    tell(&incidents, TRACE_incident_frame, 2133000000, 1, 3, 0, 0);
    assert_true(says(&incidents, 0,
                     "  power after 60 frames, at 2.000 s: over after 0.100 s, next frame after "
                     "0.133 s, 3 missed, 0 errors\n"));
}

static void errors_belong_to_the_incident_before_them(void **state)
{
    struct report_incidents incidents = {0};

    (void)state;
    tell(&incidents, TRACE_incident, 1, 0, INCIDENT_pause, 10, 1);
    tell(&incidents, TRACE_incident, 2, 1, INCIDENT_stop, 20, 3);
    assert_true(says(&incidents, 7, "pause after 10 frames, at 0.000 s: never over, 2 errors"));
    assert_true(says(&incidents, 7, "stop after 20 frames, at 0.000 s: never over, 4 errors"));
}

static void a_refusal_is_told_with_its_status(void **state)
{
    struct report_incidents incidents = {0};

    (void)state;
    tell(&incidents, TRACE_incident, 1, 0, INCIDENT_rebalance, 10, 0);
    tell(&incidents, TRACE_incident_over, 2, 0, 0xC0000001, 0, 0);
    assert_true(says(&incidents, 0, "refused by the driver, status 0xc0000001, 0 errors"));
}

/* Events come from a process that may have gone wild. */
static void wild_events_are_taken_or_left(void **state)
{
    struct report_incidents incidents = {0};

    (void)state;
    tell(&incidents, TRACE_incident_over, 1, 77, 0, 0, 0);
    tell(&incidents, TRACE_incident_frame, 1, UINT64_MAX, 0, 0, 0);
    assert_int_equal(incidents.count, 0);
    for (uint64_t i = 0; i < INCIDENTS_MAX + 5; i++)
        tell(&incidents, TRACE_incident, 1, i, UINT64_MAX, UINT64_MAX, 0);
    assert_int_equal(incidents.count, INCIDENTS_MAX);
    assert_true(says(&incidents, 0, "unknown after"));
}

static void programs_read_the_same(void **state)
{
    struct report_incidents incidents = {0};
    json_t *array;

    (void)state;
    tell(&incidents, TRACE_incident, 5, 0, INCIDENT_reopen, 10, 0);
    tell(&incidents, TRACE_incident_over, 7, 0, 0, 0, 0);
    array = report_incidents_array(&incidents, 0);
    assert_int_equal(json_array_size(array), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(array, 0), "kind")),
                        "reopen");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(array, 0), "over_ns")), 7);
    assert_true(json_is_null(json_object_get(json_array_get(array, 0), "frames_missed")));
    json_decref(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_is_told_with_its_time_and_what_was_missed),
        cmocka_unit_test(errors_belong_to_the_incident_before_them),
        cmocka_unit_test(a_refusal_is_told_with_its_status),
        cmocka_unit_test(wild_events_are_taken_or_left),
        cmocka_unit_test(programs_read_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
