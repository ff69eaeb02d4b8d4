/* SPDX-License-Identifier: MIT */
#include "hw/config.h"
#include "hw/hw_test.h"

struct plain {
    struct hw_device base;
};

static int plain_read(struct hw_device *device, unsigned bar, uint64_t offset, uint32_t size_bytes,
                      uint64_t *value)
{
    (void)device;
    (void)bar;
    (void)size_bytes;
    *value = offset;
    return 0;
}

static int plain_write(struct hw_device *device, unsigned bar, uint64_t offset, uint32_t size_bytes,
                       uint64_t value)
{
    (void)device;
    (void)bar;
    (void)offset;
    (void)size_bytes;
    (void)value;
    return 0;
}

static void plain_destroy(struct hw_device *device)
{
    (void)device;
}

static const struct hw_ops plain_ops = {
    .name = "plain",
    .bar_read = plain_read,
    .bar_write = plain_write,
    .destroy = plain_destroy,
};

static void plain_open(struct bench *bench, struct hw_device *device)
{
    static const struct config_identity identity = {0x5eed, 0x1234, 0x5eed, 7, 0x040000, 3};

    bench_open(bench, 1);
    memset(device, 0, sizeof *device);
    hw_device_init(device, bench->world.sim, &plain_ops, "plain");
    device->bar[0] = (struct hw_bar){.kind = HW_BAR_MEMORY64, .size_bytes = 0x10000};
    device->bar[2] = (struct hw_bar){.kind = HW_BAR_PORT, .size_bytes = 0x20};
    device->bar[3] =
        (struct hw_bar){.kind = HW_BAR_MEMORY32, .prefetchable = true, .size_bytes = 0x100000};
    device->has_line = true;
    device->messages = 4;
    device->pcie = true;
    config_init(device, &identity);
    bench_attach(bench, device);
}

static uint32_t get(struct hw_device *device, uint32_t offset, uint32_t size_bytes)
{
    uint32_t value = 0;

    assert_int_equal(hw_cfg_read(device, offset, size_bytes, &value), 0);
    return value;
}

static void set(struct hw_device *device, uint32_t offset, uint32_t size_bytes, uint32_t value)
{
    assert_int_equal(hw_cfg_write(device, offset, size_bytes, value), 0);
}

static void the_header_says_who_the_card_is(void **state)
{
    struct bench bench;
    struct hw_device device;

    (void)state;
    plain_open(&bench, &device);
    assert_int_equal(get(&device, 0, 4), 0x12345eed);
    assert_int_equal(get(&device, 8, 4), 0x04000003);
    assert_int_equal(get(&device, 0x2c, 4), 0x00075eed);
    assert_int_equal(get(&device, 0x3d, 1), 1);
    set(&device, 0, 4, 0);
    assert_int_equal(get(&device, 0, 2), 0x5eed);
    bench_close(&bench);
}

static void sizing_a_bar_gives_its_size(void **state)
{
    struct bench bench;
    struct hw_device device;

    (void)state;
    plain_open(&bench, &device);
    for (uint32_t offset = 0x10; offset < 0x28; offset += 4)
        set(&device, offset, 4, UINT32_MAX);
    assert_int_equal(get(&device, 0x10, 4), 0xffff0004);
    assert_int_equal(get(&device, 0x14, 4), 0xffffffff);
    assert_int_equal(get(&device, 0x18, 4), 0xffffffe1);
    assert_int_equal(get(&device, 0x1c, 4), 0xfff00008);
    assert_int_equal(get(&device, 0x20, 4), 0);
    bench_close(&bench);
}

static void writing_a_bar_moves_it(void **state)
{
    struct bench bench;
    struct hw_device device;

    (void)state;
    plain_open(&bench, &device);
    set(&device, 0x10, 4, 0xfe00ffff);
    set(&device, 0x14, 4, 0x12);
    assert_int_equal(device.bar[0].base, 0x12fe000000);
    set(&device, 0x18, 4, 0xc041);
    assert_int_equal(device.bar[2].base, 0xc040);
    bench_close(&bench);
}

static void the_capability_list_ends_after_pm_msi_and_pcie(void **state)
{
    struct bench bench;
    struct hw_device device;
    uint32_t at;

    (void)state;
    plain_open(&bench, &device);
    assert_true(get(&device, 6, 2) & STATUS_CAPABILITIES);
    at = get(&device, 0x34, 1);
    assert_int_equal(get(&device, at, 1), 1);
    at = get(&device, at + 1, 1);
    assert_int_equal(get(&device, at, 1), 5);
    assert_int_equal(get(&device, at + 2, 2), 0x0084); /* 64 bits, four messages */
    at = get(&device, at + 1, 1);
    assert_int_equal(get(&device, at, 1), 0x10);
    assert_int_equal(get(&device, at + 1, 1), 0);
    bench_close(&bench);
}

static void messages_fold_when_fewer_are_granted(void **state)
{
    struct bench bench;
    struct hw_device device;

    (void)state;
    plain_open(&bench, &device);
    hw_message(&device, 0);
    assert_int_equal(bench.messages[0], 0);
    assert_int_equal(hw_messages_on(&device), 0);
    bench_messages(&bench, 2);
    assert_int_equal(hw_messages_on(&device), 2);
    hw_message(&device, 3);
    assert_int_equal(bench.messages[1], 1);
    bench_messages(&bench, 8);
    assert_int_equal(hw_messages_on(&device), 4);
    hw_message(&device, 3);
    assert_int_equal(bench.messages[3], 1);
    set(&device, 4, 2, 3); /* no bus mastering, no messages */
    hw_message(&device, 3);
    assert_int_equal(bench.messages[3], 1);
    bench_close(&bench);
}

static void the_line_stays_low_while_config_space_says_so(void **state)
{
    struct bench bench;
    struct hw_device device;

    (void)state;
    plain_open(&bench, &device);
    hw_line(&device, true);
    assert_true(bench.line);
    assert_true(get(&device, 6, 2) & STATUS_LINE);
    set(&device, 4, 2, 0x0407);
    assert_false(bench.line);
    set(&device, 4, 2, 0x0007);
    assert_true(bench.line);
    bench_messages(&bench, 1);
    assert_false(bench.line);
    set(&device, 0x52, 2, 0);
    assert_true(bench.line);
    hw_line(&device, false);
    assert_false(bench.line);
    bench_close(&bench);
}

static void accesses_that_pci_has_not_are_refused(void **state)
{
    struct bench bench;
    struct hw_device device;
    uint32_t value = 5;

    (void)state;
    plain_open(&bench, &device);
    assert_int_equal(hw_cfg_read(&device, 2, 4, &value), -EINVAL);
    assert_int_equal(hw_cfg_read(&device, 0, 8, &value), -EINVAL);
    assert_int_equal(hw_cfg_read(&device, 4096, 4, &value), -EINVAL);
    assert_int_equal(value, 5);
    device.pcie = false;
    assert_int_equal(hw_cfg_write(&device, 256, 4, 0), -EINVAL);
    bench_close(&bench);
}

static void a_reset_clears_what_was_programmed(void **state)
{
    struct bench bench;
    struct hw_device device;

    (void)state;
    plain_open(&bench, &device);
    bench_messages(&bench, 4);
    set(&device, 0x1c, 4, 0xf0000000);
    hw_reset(&device);
    assert_int_equal(get(&device, 4, 2), 0);
    assert_int_equal(get(&device, 0x1c, 4), 8);
    assert_int_equal(device.bar[3].base, 0);
    assert_int_equal(hw_messages_on(&device), 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_says_who_the_card_is),
        cmocka_unit_test(sizing_a_bar_gives_its_size),
        cmocka_unit_test(writing_a_bar_moves_it),
        cmocka_unit_test(the_capability_list_ends_after_pm_msi_and_pcie),
        cmocka_unit_test(messages_fold_when_fewer_are_granted),
        cmocka_unit_test(the_line_stays_low_while_config_space_says_so),
        cmocka_unit_test(accesses_that_pci_has_not_are_refused),
        cmocka_unit_test(a_reset_clears_what_was_programmed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
