/* SPDX-License-Identifier: MIT */
/* For tests of devices: a machine of one card. Memory is an array at a bus address; of
 * interrupts the last state and the number are kept. */
#ifndef WEIR_HW_HW_TEST_H
#define WEIR_HW_HW_TEST_H

#include "sim/sim_test.h"

#include <errno.h>
#include <stdbool.h>

#include "base/base.h"
#include "hw/hw.h"

enum { BENCH_BASE = 0x10000000, BENCH_BYTES = 64 << 20, BENCH_MESSAGES = 32 };
#define BENCH_MESSAGE_ADDRESS 0xfee00000u

struct bench {
    struct world world;
    struct hw_device *device;
    uint8_t *memory;
    uint64_t dma_reads, dma_writes, dma_written_bytes;
    uint64_t allowed_from, allowed_to; /* the card may touch offsets in [from, to) */
    bool line;
    unsigned line_rises;
    unsigned messages[BENCH_MESSAGES];
    unsigned removals;
};

static bool bench_allows(const struct bench *bench, uint64_t la, uint64_t size_bytes)
{
    return la >= BENCH_BASE + bench->allowed_from && size_bytes <= BENCH_BYTES &&
           la + size_bytes <= BENCH_BASE + bench->allowed_to;
}

static inline int bench_dma_read(void *ctx, uint64_t la, void *to, uint64_t size_bytes)
{
    struct bench *bench = ctx;

    bench->dma_reads++;
    if (!bench_allows(bench, la, size_bytes))
        return -EFAULT;
    memcpy(to, bench->memory + (la - BENCH_BASE), size_bytes);
    return 0;
}

static inline int bench_dma_write(void *ctx, uint64_t la, const void *from, uint64_t size_bytes)
{
    struct bench *bench = ctx;

    bench->dma_writes++;
    if (!bench_allows(bench, la, size_bytes))
        return -EFAULT;
    bench->dma_written_bytes += size_bytes;
    memcpy(bench->memory + (la - BENCH_BASE), from, size_bytes);
    return 0;
}

static inline void *bench_dma_window(void *ctx, uint64_t la, uint64_t size_bytes)
{
    struct bench *bench = ctx;

    return bench_allows(bench, la, size_bytes) ? bench->memory + (la - BENCH_BASE) : NULL;
}

static inline void bench_line(void *ctx, bool asserted)
{
    struct bench *bench = ctx;

    bench->line_rises += asserted && !bench->line;
    bench->line = asserted;
}

static inline void bench_message(void *ctx, uint64_t address, uint32_t data)
{
    struct bench *bench = ctx;

    assert_int_equal(address, BENCH_MESSAGE_ADDRESS);
    assert_in_range(data, 0x40, 0x40 + BENCH_MESSAGES - 1);
    bench->messages[data - 0x40]++;
}

static inline void bench_removed(void *ctx, struct hw_device *device)
{
    struct bench *bench = ctx;

    assert_ptr_equal(device, bench->device);
    bench->removals++;
}

static const struct hw_host_ops bench_host = {
    bench_dma_read,
    bench_dma_write,
    bench_line,
    bench_message,
    bench_dma_window,
};

/* Attaches the device as hal does: decoding and bus mastering on, MSI off. */
static inline void bench_attach(struct bench *bench, struct hw_device *device)
{
    bench->device = device;
    device->host = &bench_host;
    device->host_ctx = bench;
    device->on_removed = bench_removed;
    device->removed_ctx = bench;
    assert_int_equal(hw_cfg_write(device, 0x04, 2, 0x0007), 0);
}

static inline void bench_open(struct bench *bench, uint64_t seed)
{
    memset(bench, 0, sizeof *bench);
    world_open(&bench->world, seed, 1);
    bench->memory = calloc(1, BENCH_BYTES);
    assert_non_null(bench->memory);
    bench->allowed_to = BENCH_BYTES;
}

static inline void bench_open_model(struct bench *bench, const char *name, const char *parameters)
{
    struct hw_model_error error;
    struct hw_device *device = NULL;
    int result;

    bench_open(bench, 1);
    result = hw_model_create(bench->world.sim, name, parameters, &device, &error);
    if (result != 0)
        fail_msg("%s", error.text);
    bench_attach(bench, device);
}

static inline void bench_close(struct bench *bench)
{
    hw_destroy(bench->device);
    free(bench->memory);
    world_close(&bench->world);
}

/* Switches MSI on with so many messages. */
static inline void bench_messages(struct bench *bench, unsigned count)
{
    uint32_t control = weir_count_trailing_zeros(count) << 4 | 1;

    assert_int_equal(hw_cfg_write(bench->device, 0x54, 4, BENCH_MESSAGE_ADDRESS), 0);
    assert_int_equal(hw_cfg_write(bench->device, 0x5c, 2, 0x40), 0);
    assert_int_equal(hw_cfg_write(bench->device, 0x52, 2, control), 0);
}

static inline uint32_t bench_read(struct bench *bench, uint64_t offset)
{
    return (uint32_t)hw_bar_read(bench->device, 0, offset, 4);
}

static inline void bench_write(struct bench *bench, uint64_t offset, uint32_t value)
{
    hw_bar_write(bench->device, 0, offset, 4, value);
}

#endif
