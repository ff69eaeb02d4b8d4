/* SPDX-License-Identifier: MIT */
/* Cards from shared objects: the example of docs/writing-a-card.md, and what is refused. */
#include "hw/conformance_test.h"

#include <stdio.h>

static const char *in_build(const char *name)
{
    static char path[4096];
    const char *build = getenv("WEIR_BUILD");

    snprintf(path, sizeof path, "%s/models/%s", build != NULL ? build : ".", name);
    return path;
}

static void example_open(struct bench *bench)
{
    bench_open_model(bench, in_build("example.so"), "period=2000");
}

static void a_card_from_a_shared_object_conforms(void **state)
{
    (void)state;
    conformance_run(example_open);
}

static void its_registers_and_parameters_are_there(void **state)
{
    struct bench bench;

    (void)state;
    example_open(&bench);
    assert_string_equal(bench.device->name, "example");
    assert_int_equal(bench_read(&bench, 0), 0x69636b21);
    assert_int_equal(bench_read(&bench, 0x0c), 2000);
    bench_close(&bench);
}

static const char *refusal(const char *path)
{
    static struct hw_model_error error;
    struct hw_device *device = NULL;
    struct bench bench;

    bench_open(&bench, 1);
    assert_int_not_equal(hw_model_create(bench.world.sim, path, NULL, &device, &error), 0);
    assert_null(device);
    bench_close(&bench);
    return error.text;
}

static void a_card_for_another_interface_is_refused_by_name(void **state)
{
    (void)state;
    assert_non_null(
        strstr(refusal(in_build("mismatch.so")),
               "mismatch.so: made for card interface version 2, this weir has version 1"));
}

static void what_is_no_card_is_refused(void **state)
{
    (void)state;
    assert_non_null(strstr(refusal(in_build("libweir_models.a")), "card cannot be loaded"));
    assert_non_null(strstr(refusal("/lib/x86_64-linux-gnu/libm.so.6"), "not a card model"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_from_a_shared_object_conforms),
        cmocka_unit_test(its_registers_and_parameters_are_there),
        cmocka_unit_test(a_card_for_another_interface_is_refused_by_name),
        cmocka_unit_test(what_is_no_card_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
