/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/plot_axis.h"

/* "0 20 40": all labels of the axis. */
static void check_labels(const struct axis *axis, const char *expected)
{
    char all[512] = "", label[AXIS_LABEL_BYTES];

    for (unsigned i = 0; i < axis->tick_count; i++) {
        size_t length = strlen(all);

        axis_label(axis, axis->tick[i], label);
        snprintf(all + length, sizeof all - length, "%s%s", i > 0 ? "|" : "", label);
    }
    assert_string_equal(all, expected);
}

static void near(double value, double expected)
{
    assert_true(fabs(value - expected) < 1e-9 * fmax(1, fabs(expected)));
}

static void a_linear_axis_includes_zero_and_ends_at_a_tick(void **state)
{
    struct plot_axis wish = {.label = "x"};
    struct axis axis;

    (void)state;
    axis_fit(&wish, 3, 97, 6, true, &axis);
    near(axis.low, 0);
    near(axis.high, 100);
    check_labels(&axis, "0|20|40|60|80|100");
    axis_fit(&wish, -7, 2, 6, true, &axis);
    check_labels(&axis, "-8|-6|-4|-2|0|2");
}

static void an_axis_that_does_not_snap_ends_where_the_data_end(void **state)
{
    struct plot_axis wish = {.label = "x"};
    struct axis axis;

    (void)state;
    axis_fit(&wish, 0, 63, 9, false, &axis);
    near(axis.high, 63);
    check_labels(&axis, "0|10|20|30|40|50|60");
}

static void given_ends_are_kept(void **state)
{
    struct plot_axis wish = {.label = "x", .low = 0.5, .high = 1.05};
    struct axis axis;

    (void)state;
    axis_fit(&wish, 0, 4, 6, true, &axis);
    near(axis.low, 0.5);
    near(axis.high, 1.05);
    check_labels(&axis, "0.5|0.6|0.7|0.8|0.9|1");
}

static void shares_show_as_per_cent(void **state)
{
    struct plot_axis wish = {.label = "x", .unit = PLOT_PERCENT};
    struct axis axis;

    (void)state;
    axis_fit(&wish, 0, 0.9, 6, true, &axis);
    check_labels(&axis, "0 %|20 %|40 %|60 %|80 %|100 %");
    axis_fit(&wish, 0, 0.012, 6, true, &axis);
    check_labels(&axis, "0 %|0.2 %|0.4 %|0.6 %|0.8 %|1 %|1.2 %");
}

static void counts_have_whole_ticks(void **state)
{
    struct plot_axis wish = {.label = "x", .unit = PLOT_COUNT};
    struct axis axis;

    (void)state;
    axis_fit(&wish, 0, 3, 9, false, &axis);
    check_labels(&axis, "0|1|2|3");
    axis_fit(&wish, 0, 60, 9, false, &axis);
    check_labels(&axis, "0|10|20|30|40|50|60");
}

static void bytes_have_binary_steps(void **state)
{
    struct plot_axis linear = {.label = "x", .unit = PLOT_BYTES};
    struct plot_axis logarithmic = {.label = "x", .unit = PLOT_BYTES, .scale = PLOT_LOG2};
    struct axis axis;

    (void)state;
    axis_fit(&linear, 0, 3 << 20, 6, true, &axis);
    check_labels(&axis, "0 B|512 KB|1 MB|1.5 MB|2 MB|2.5 MB|3 MB");
    axis_fit(&logarithmic, 64 << 10, 64 << 20, 6, true, &axis);
    check_labels(&axis, "64 KB|256 KB|1 MB|4 MB|16 MB|64 MB");
}

static void a_logarithmic_axis_has_its_decades_and_on_a_short_one_more(void **state)
{
    struct plot_axis wish = {.label = "x", .scale = PLOT_LOG10};
    struct axis axis;

    (void)state;
    axis_fit(&wish, 0.5, 30000, 8, true, &axis);
    check_labels(&axis, "0.1|1|10|100|1000|10k|100k");
    axis_fit(&wish, 2, 80, 8, true, &axis);
    check_labels(&axis, "1|2|5|10|20|50|100");
    near(axis_place(&axis, 10), 0.5);
}

static void one_value_still_has_an_axis(void **state)
{
    struct plot_axis linear = {.label = "x"};
    struct plot_axis logarithmic = {.label = "x", .scale = PLOT_LOG2};
    struct axis axis;

    (void)state;
    axis_fit(&linear, 0, 0, 6, true, &axis);
    near(axis_place(&axis, 0), 0);
    near(axis.high, 1);
    axis_fit(&logarithmic, 8, 8, 6, true, &axis);
    near(axis_place(&axis, 8), 0.5);
}

static void ticks_of_extreme_ranges_stay_few(void **state)
{
    struct plot_axis linear = {.label = "x"};
    struct plot_axis logarithmic = {.label = "x", .scale = PLOT_LOG2};
    struct axis axis;

    (void)state;
    axis_fit(&linear, -1e300, 1e300, 6, true, &axis);
    assert_in_range(axis.tick_count, 3, 12);
    axis_fit(&logarithmic, 1e-300, 1e300, 6, true, &axis);
    assert_in_range(axis.tick_count, 3, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linear_axis_includes_zero_and_ends_at_a_tick),
        cmocka_unit_test(an_axis_that_does_not_snap_ends_where_the_data_end),
        cmocka_unit_test(given_ends_are_kept),
        cmocka_unit_test(shares_show_as_per_cent),
        cmocka_unit_test(counts_have_whole_ticks),
        cmocka_unit_test(bytes_have_binary_steps),
        cmocka_unit_test(a_logarithmic_axis_has_its_decades_and_on_a_short_one_more),
        cmocka_unit_test(one_value_still_has_an_axis),
        cmocka_unit_test(ticks_of_extreme_ranges_stay_few),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
