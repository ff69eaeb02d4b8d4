/* SPDX-License-Identifier: MIT */
/* The conformance list against the smallest device there is, without a model. */
#include "hw/config.h"
#include "hw/conformance_test.h"

struct smallest {
    struct hw_device base;
    uint64_t word;
};

static int smallest_read(struct hw_device *device, unsigned bar, uint64_t offset,
                         uint32_t size_bytes, uint64_t *value)
{
    struct smallest *smallest = container_of(device, struct smallest, base);

    (void)bar;
    (void)offset;
    (void)size_bytes;
    *value = smallest->word;
    return 0;
}

static int smallest_write(struct hw_device *device, unsigned bar, uint64_t offset,
                          uint32_t size_bytes, uint64_t value)
{
    struct smallest *smallest = container_of(device, struct smallest, base);

    (void)bar;
    (void)offset;
    (void)size_bytes;
    smallest->word = value;
    return 0;
}

static void smallest_destroy(struct hw_device *device)
{
    free(container_of(device, struct smallest, base));
}

static const struct hw_ops smallest_ops = {
    .name = "smallest",
    .bar_read = smallest_read,
    .bar_write = smallest_write,
    .destroy = smallest_destroy,
};

static void smallest_open(struct bench *bench)
{
    static const struct config_identity identity = {.vendor = 0x5eed, .device = 1};
    struct smallest *smallest = calloc(1, sizeof *smallest);

    assert_non_null(smallest);
    bench_open(bench, 1);
    hw_device_init(&smallest->base, bench->world.sim, &smallest_ops, "smallest");
    smallest->base.has_line = true;
    smallest->base.bar[1] = (struct hw_bar){.kind = HW_BAR_MEMORY32, .size_bytes = 16};
    config_init(&smallest->base, &identity);
    bench_attach(bench, &smallest->base);
}

static void a_device_without_a_model_conforms(void **state)
{
    (void)state;
    conformance_run(smallest_open);
}

static void registers_keep_what_is_written_by_size(void **state)
{
    struct bench bench;

    (void)state;
    smallest_open(&bench);
    hw_bar_write(bench.device, 1, 0, 1, 0x1234);
    assert_int_equal(hw_bar_read(bench.device, 1, 0, 4), 0x34);
    hw_bar_write(bench.device, 1, 8, 8, 0x1122334455667788);
    assert_int_equal(hw_bar_read(bench.device, 1, 8, 8), 0x1122334455667788);
    assert_int_equal(hw_bar_read(bench.device, 1, 8, 2), 0x7788);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_without_a_model_conforms),
        cmocka_unit_test(registers_keep_what_is_written_by_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
