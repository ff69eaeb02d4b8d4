/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/locks_options.h"

/* ---- Bench: words as the shell would hand them over ------------------------------------------ */

enum { WORDS_MAX = 32 };
static struct locks_options options;
static char line_copy[512];

static int parse_words(const char *line)
{
    static char locks[] = "locks", driver[] = "d.sys";
    char *argv[WORDS_MAX + 1] = {locks, driver};
    int argc = 2;

    snprintf(line_copy, sizeof line_copy, "%s", line);
    for (char *word = strtok(line_copy, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(argc < WORDS_MAX);
        argv[argc++] = word;
    }
    return locks_options_parse(argc, argv, &options);
}

static void expect_good(const char *line)
{
    if (parse_words(line) != 0)
        fail_msg("%s: refused", line);
}

static void expect_bad(const char *line)
{
    if (parse_words(line) != CLI_USAGE)
        fail_msg("%s: taken", line);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static void defaults_are_the_documented_ones(void **state)
{
    (void)state;
    expect_good("");
    assert_int_equal(options.seed_first, 1);
    assert_int_equal(options.seed_last, 8);
    assert_int_equal(options.buffer_count, 0); /* found by trying */
    assert_int_equal(options.run.stream.frames, 60);
    assert_true(options.target > 0.00999);
    assert_true(options.target < 0.01001);
    assert_int_equal(options.column_count, 3);
    assert_string_equal(options.columns[0].name, "grabber64");
    assert_int_equal(options.columns[2].way, LOCKS_REMAP);
}

static void buffers_are_numbers_and_ranges_in_any_order(void **state)
{
    static const unsigned wanted[] = {1, 2, 3, 8, 64};

    (void)state;
    expect_good("--buffers 64,1..3,2,8");
    assert_int_equal(options.buffer_count, ARRAY_LEN(wanted));
    for (unsigned i = 0; i < ARRAY_LEN(wanted); i++)
        assert_int_equal(options.buffers[i], wanted[i]);
    expect_bad("--buffers 3..1");
    expect_bad("--buffers 1,");
    expect_bad("--buffers ..3");
    expect_bad("--buffers 1025");
}

static void seeds_are_a_number_or_a_range(void **state)
{
    (void)state;
    expect_good("--seeds 3");
    assert_int_equal(options.seed_first, 1);
    assert_int_equal(options.seed_last, 3);
    expect_good("--seeds 0..0");
    assert_int_equal(options.seed_first, 0);
    assert_int_equal(options.seed_last, 0);
    expect_good("--seed 7");
    assert_int_equal(options.seed_first, 7);
    assert_int_equal(options.seed_last, 7);
    expect_bad("--seeds 0");
    expect_bad("--seeds 5..4");
    expect_bad("--seeds 1..9223372036854775807 --buffers 1");
}

static void a_target_is_in_per_cent_with_or_without_the_sign(void **state)
{
    (void)state;
    expect_good("--target 0.5%");
    assert_true(options.target > 0.00499);
    assert_true(options.target < 0.00501);
    expect_good("--target 20");
    assert_true(options.target > 0.1999);
    assert_true(options.target < 0.2001);
    expect_bad("--target 0");
    expect_bad("--target 100");
    expect_bad("--target %");
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static void a_run_is_what_the_column_asks_for(void **state)
{
    struct options run;

    (void)state;
    expect_good("--card grabber32,bandwidth=133M --low-memory 8M --buffers 4 --seeds 2");
    assert_int_equal(locks_run_count(&options), 3 * 2);
    locks_run_options(&options, 1, 4, 2, &run);
    assert_string_equal(run.card, "grabber32");
    assert_string_equal(run.card_parameters, "bandwidth=133M,payload=none");
    assert_true(run.force_bounce);
    assert_int_equal(run.iommu, HAL_IOMMU_OFF);
    assert_int_equal(run.pins[0].buffers, 4);
    assert_int_equal(run.seed, 2);
    assert_int_equal(run.low_memory_bytes, 8 << 20);
    locks_run_options(&options, 2, 4, 2, &run);
    assert_false(run.force_bounce);
    assert_int_equal(run.iommu, HAL_IOMMU_REMAP);
}

static void a_payload_that_was_asked_for_stays(void **state)
{
    struct options run;

    (void)state;
    expect_good("--card grabber32,payload=full --ways plain");
    locks_run_options(&options, 0, 1, 1, &run);
    assert_string_equal(run.card_parameters, "payload=full");
    expect_good("--card mine.so --ways plain");
    locks_run_options(&options, 0, 1, 1, &run);
    assert_string_equal(run.card_parameters, "");
}

static void what_is_fixed_is_not_varied(void **state)
{
    (void)state;
    expect_good("--iommu strict");
    assert_int_equal(options.column_count, 1);
    assert_string_equal(options.columns[0].name, "grabber64, strict IOMMU");
    expect_good("--card none");
    assert_int_equal(options.column_count, 1);
    expect_good("--card grabber32 --card grabber64");
    assert_int_equal(options.column_count, 2);
    expect_bad("--card grabber32 --card grabber64 --card none --iommu remap");
    expect_bad("--force-bounce --ways plain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(buffers_are_numbers_and_ranges_in_any_order),
        cmocka_unit_test(seeds_are_a_number_or_a_range),
        cmocka_unit_test(a_target_is_in_per_cent_with_or_without_the_sign),
        cmocka_unit_test(a_run_is_what_the_column_asks_for),
        cmocka_unit_test(a_payload_that_was_asked_for_stays),
        cmocka_unit_test(what_is_fixed_is_not_varied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
