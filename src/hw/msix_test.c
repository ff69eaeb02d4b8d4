/* SPDX-License-Identifier: MIT */
#include "hw/hw_test.h"

#include "hw/msix.h"

enum { MSIX = 0xb0, ENABLE = 1 << 15, FUNCTION_MASK = 1 << 14, TABLE_BAR = 5, VECTORS = 5 };

static void open_card(struct bench *bench)
{
    bench_open_model(bench, "raw", "msix=5,bar0=4K");
    assert_int_equal(bench->device->msix_bar, TABLE_BAR + 1);
}

static uint32_t control_of(struct bench *bench)
{
    uint32_t control = 0;

    assert_int_equal(hw_cfg_read(bench->device, MSIX + 2, 2, &control), 0);
    return control;
}

static void set_control(struct bench *bench, uint32_t bits)
{
    assert_int_equal(hw_cfg_write(bench->device, MSIX + 2, 2, bits), 0);
}

static void put_entry(struct bench *bench, unsigned n, uint32_t data, uint32_t control)
{
    hw_bar_write(bench->device, TABLE_BAR, n * 16, 4, BENCH_MESSAGE_ADDRESS);
    hw_bar_write(bench->device, TABLE_BAR, n * 16 + 4, 4, 0);
    hw_bar_write(bench->device, TABLE_BAR, n * 16 + 8, 4, data);
    hw_bar_write(bench->device, TABLE_BAR, n * 16 + 12, 4, control);
}

static uint64_t pending_of(struct bench *bench)
{
    return hw_bar_read(bench->device, TABLE_BAR, MSIX_PENDING_OFFSET, 8);
}

static void the_capability_tells_size_and_places(void **state)
{
    struct bench bench;
    uint32_t value = 0;

    (void)state;
    open_card(&bench);
    assert_int_equal(hw_cfg_read(bench.device, MSIX, 1, &value), 0);
    assert_int_equal(value, 0x11);
    assert_int_equal(control_of(&bench), VECTORS - 1);
    assert_int_equal(hw_cfg_read(bench.device, MSIX + 4, 4, &value), 0);
    assert_int_equal(value, TABLE_BAR);
    assert_int_equal(hw_cfg_read(bench.device, MSIX + 8, 4, &value), 0);
    assert_int_equal(value, MSIX_PENDING_OFFSET | TABLE_BAR);
    set_control(&bench, 0xffff);
    assert_int_equal(control_of(&bench), ENABLE | FUNCTION_MASK | (VECTORS - 1));
    assert_int_equal(hw_cfg_write(bench.device, MSIX + 4, 4, 0), 0); /* not writable */
    assert_int_equal(hw_cfg_read(bench.device, MSIX + 4, 4, &value), 0);
    assert_int_equal(value, TABLE_BAR);
    bench_close(&bench);
}

static void each_message_has_an_address_and_data_of_its_own(void **state)
{
    struct bench bench;

    (void)state;
    open_card(&bench);
    put_entry(&bench, 0, 0x47, 0);
    put_entry(&bench, 3, 0x41, 0);
    assert_int_equal(hw_bar_read(bench.device, TABLE_BAR, 3 * 16 + 8, 4), 0x41);
    hw_message(bench.device, 3); /* it is off yet */
    assert_int_equal(hw_messages_on(bench.device), 0);
    set_control(&bench, ENABLE);
    assert_int_equal(hw_messages_on(bench.device), VECTORS);
    hw_message(bench.device, 3);
    hw_message(bench.device, 0);
    assert_int_equal(bench.messages[1], 1);
    assert_int_equal(bench.messages[7], 1);
    assert_int_equal(pending_of(&bench), 0);
    bench_close(&bench);
}

static void a_masked_message_is_pending_until_it_may_go(void **state)
{
    struct bench bench;

    (void)state;
    open_card(&bench);
    set_control(&bench, ENABLE);
    put_entry(&bench, 2, 0x42, 1);
    hw_message(bench.device, 2);
    hw_message(bench.device, 2); /* two are one */
    assert_int_equal(bench.messages[2], 0);
    assert_int_equal(pending_of(&bench), 1 << 2);
    put_entry(&bench, 2, 0x42, 0);
    assert_int_equal(bench.messages[2], 1);
    assert_int_equal(pending_of(&bench), 0);
    set_control(&bench, ENABLE | FUNCTION_MASK);
    hw_message(bench.device, 2);
    assert_int_equal(bench.messages[2], 1);
    set_control(&bench, ENABLE);
    assert_int_equal(bench.messages[2], 2);
    bench_close(&bench);
}

static void the_table_is_no_memory_of_the_cards(void **state)
{
    struct bench bench;

    (void)state;
    open_card(&bench);
    assert_int_equal(hw_bar_read(bench.device, TABLE_BAR, 12, 4), 1); /* masked after power-on */
    hw_bar_write(bench.device, TABLE_BAR, VECTORS * 16, 4, 0x1234); /* behind the last entry */
    assert_int_equal(hw_bar_read(bench.device, TABLE_BAR, VECTORS * 16, 4), 0);
    hw_bar_write(bench.device, TABLE_BAR, 8, 2, 0x55); /* no whole dword */
    assert_int_equal(hw_bar_read(bench.device, TABLE_BAR, 8, 4), 0);
    hw_bar_write(bench.device, TABLE_BAR, 8, 8, UINT64_C(0x100000043));
    assert_int_equal(hw_bar_read(bench.device, TABLE_BAR, 8, 8), UINT64_C(0x100000043));
    hw_bar_write(bench.device, TABLE_BAR, MSIX_PENDING_OFFSET, 4, 1); /* read only */
    assert_int_equal(pending_of(&bench), 0);
    hw_reset(bench.device);
    assert_int_equal(hw_cfg_write(bench.device, 0x04, 2, 0x0007), 0);
    bench_close(&bench);
}

static void counts_that_cannot_be_are_refused(void **state)
{
    static const char *const given[] = {
        "msix=33", "msix=2,messages=2",
        "msix=1,bar0=4K:64,bar2=4K:64,bar4=4K:64"};
    static const char *const words[] = {"0 to 32", "MSI or MSI-X", "no BAR is left"};
    struct bench bench;

    (void)state;
    bench_open(&bench, 1);
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        struct hw_model_error error = {0};
        struct hw_device *device;

        assert_int_not_equal(hw_model_create(bench.world.sim, "raw", given[i], &device, &error), 0);
        if (strstr(error.text, words[i]) == NULL)
            fail_msg("%s", error.text);
    }
    free(bench.memory);
    world_close(&bench.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_capability_tells_size_and_places),
        cmocka_unit_test(each_message_has_an_address_and_data_of_its_own),
        cmocka_unit_test(a_masked_message_is_pending_until_it_may_go),
        cmocka_unit_test(the_table_is_no_memory_of_the_cards),
        cmocka_unit_test(counts_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
