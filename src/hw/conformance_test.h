/* SPDX-License-Identifier: MIT */
/* What holds for every device, whoever plays it: one list, run against each back end. open gives a
 * bench with the device attached (decoding and bus mastering on, MSI off). */
#ifndef WEIR_HW_CONFORMANCE_TEST_H
#define WEIR_HW_CONFORMANCE_TEST_H

#include "hw/hw_test.h"

typedef void conformance_open_fn(struct bench *bench);

static inline unsigned conformance_bar(const struct hw_device *device)
{
    unsigned bar = 0;

    while (bar + 1 < HW_BARS && device->bar[bar].kind == HW_BAR_NONE)
        bar++;
    return bar;
}

static inline void conform_identity_is_not_all_ones(struct bench *bench)
{
    uint32_t value = 0;

    assert_int_equal(hw_cfg_read(bench->device, 0, 4, &value), 0);
    assert_int_not_equal(value & 0xffff, 0xffff);
    assert_int_not_equal(value & 0xffff, 0);
}

static inline void conform_bars_size_themselves(struct bench *bench)
{
    for (unsigned i = 0; i < HW_BARS; i++) {
        const struct hw_bar *bar = &bench->device->bar[i];
        uint32_t value = 0;

        if (bar->kind == HW_BAR_NONE)
            continue;
        assert_int_equal(hw_cfg_write(bench->device, 0x10 + 4 * i, 4, UINT32_MAX), 0);
        assert_int_equal(hw_cfg_read(bench->device, 0x10 + 4 * i, 4, &value), 0);
        value &= bar->kind == HW_BAR_PORT ? ~3u : ~15u;
        if (bar->size_bytes <= UINT32_MAX)
            assert_int_equal(value, (uint32_t) ~(bar->size_bytes - 1));
    }
}

static inline void conform_nothing_answers_with_decoding_off(struct bench *bench)
{
    unsigned bar = conformance_bar(bench->device);

    assert_int_equal(hw_cfg_write(bench->device, 4, 2, 0x0004), 0);
    assert_int_equal(hw_bar_read(bench->device, bar, 0, 4), UINT32_MAX);
    hw_bar_write(bench->device, bar, 0, 4, 0);
}

static inline void conform_no_dma_without_bus_mastering(struct bench *bench)
{
    uint32_t value = 0;

    assert_int_equal(hw_dma_read(bench->device, BENCH_BASE, &value, sizeof value), 0);
    assert_int_equal(value, 0);
    assert_int_equal(hw_cfg_write(bench->device, 4, 2, 0x0003), 0);
    assert_int_equal(hw_dma_write(bench->device, BENCH_BASE, &value, sizeof value), -EPERM);
    assert_null(hw_dma_window(bench->device, BENCH_BASE, sizeof value));
    assert_int_equal(hw_dma_read(bench->device, BENCH_BASE, &value, sizeof value), -EPERM);
    assert_int_equal(value, UINT32_MAX);
}

static inline void conform_a_master_abort_reads_as_ones(struct bench *bench)
{
    uint32_t value = 0;

    assert_int_equal(hw_dma_read(bench->device, 0x1000, &value, sizeof value), -EFAULT);
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(hw_dma_write(bench->device, 0x1000, &value, sizeof value), -EFAULT);
    assert_null(hw_dma_window(bench->device, 0x1000, sizeof value));
    assert_non_null(hw_dma_window(bench->device, BENCH_BASE, sizeof value));
}

static inline void conform_a_removed_card_is_silent(struct bench *bench)
{
    unsigned bar = conformance_bar(bench->device);
    uint32_t value = 0;

    hw_line(bench->device, true);
    hw_remove(bench->device);
    hw_remove(bench->device);
    assert_int_equal(bench->removals, 1);
    assert_false(bench->line);
    assert_int_equal(hw_bar_read(bench->device, bar, 0, 4), UINT32_MAX);
    hw_bar_write(bench->device, bar, 0, 4, 1);
    assert_int_equal(hw_cfg_read(bench->device, 0, 2, &value), 0);
    assert_int_equal(value, 0xffff);
    assert_int_equal(hw_dma_write(bench->device, BENCH_BASE, &value, sizeof value), -ENODEV);
    hw_line(bench->device, true);
    assert_false(bench->line);
    hw_reset(bench->device);
    hw_power(bench->device, 3);
}

static inline void conform_below_d0_nothing_answers(struct bench *bench)
{
    unsigned bar = conformance_bar(bench->device);
    uint32_t value = 0;

    hw_power(bench->device, 3);
    assert_int_equal(hw_bar_read(bench->device, bar, 0, 4), UINT32_MAX);
    assert_int_equal(hw_dma_write(bench->device, BENCH_BASE, &value, sizeof value), -EPERM);
    assert_int_equal(hw_cfg_read(bench->device, 0, 2, &value), 0);
    assert_int_not_equal(value, 0xffff);
    hw_power(bench->device, 0);
    assert_int_equal(hw_dma_write(bench->device, BENCH_BASE, &value, sizeof value), 0);
}

static inline void conform_odd_accesses_read_as_ones(struct bench *bench)
{
    assert_int_equal(hw_bar_read(bench->device, conformance_bar(bench->device), 2, 4), UINT32_MAX);
}

static inline void conform_a_device_without_host_does_nothing(struct bench *bench)
{
    uint32_t value = 0;

    bench->device->host = NULL;
    assert_int_equal(hw_dma_write(bench->device, BENCH_BASE, &value, sizeof value), -ENODEV);
    hw_line(bench->device, true);
    hw_message(bench->device, 0);
    assert_false(bench->line);
}

static inline void conformance_run(conformance_open_fn *open)
{
    static void (*const list[])(struct bench * bench) = {
        conform_identity_is_not_all_ones,           conform_bars_size_themselves,
        conform_nothing_answers_with_decoding_off,  conform_no_dma_without_bus_mastering,
        conform_a_master_abort_reads_as_ones,       conform_a_removed_card_is_silent,
        conform_below_d0_nothing_answers,           conform_odd_accesses_read_as_ones,
        conform_a_device_without_host_does_nothing,
    };

    for (size_t i = 0; i < ARRAY_LEN(list); i++) {
        struct bench bench;

        open(&bench);
        list[i](&bench);
        bench_close(&bench);
    }
}

#endif
