/* SPDX-License-Identifier: MIT */
/* For the tests of hal: mm's testbed, a HAL, and a card with two BARs, a line and four messages.
 * Include after cmocka.h. */
#ifndef WEIR_HAL_TESTBED_H
#define WEIR_HAL_TESTBED_H

#include "hal/adapter.h"
#include "hal/operations.h"
#include "hw/config.h"
#include "mm/testbed.h"

#define GIB (UINT64_C(1) << 30)

struct test_card {
    struct hw_device device;
    uint64_t registers[16];
};

struct hal_bed {
    struct testbed base;
    struct hal *hal;
    struct test_card card;
    struct hal_slot *slot;
};

static inline int test_bar_read(struct hw_device *device, unsigned bar, uint64_t offset,
                                uint32_t size_bytes, uint64_t *value)
{
    (void)bar;
    (void)size_bytes;
    *value = ((struct test_card *)device)->registers[offset / 8 % 16];
    return 0;
}

static inline int test_bar_write(struct hw_device *device, unsigned bar, uint64_t offset,
                                 uint32_t size_bytes, uint64_t value)
{
    (void)bar;
    (void)size_bytes;
    ((struct test_card *)device)->registers[offset / 8 % 16] = value;
    return 0;
}

static inline void test_destroy(struct hw_device *device)
{
    (void)device;
}

static inline void test_card_init(struct test_card *card, struct sim *sim)
{
    static const struct hw_ops ops = {.name = "test",
                                      .bar_read = test_bar_read,
                                      .bar_write = test_bar_write,
                                      .destroy = test_destroy};
    static const struct config_identity identity = {.vendor = 0x1234, .device = 0x5678};

    memset(card, 0, sizeof *card);
    hw_device_init(&card->device, sim, &ops, "test");
    card->device.bar[0] = (struct hw_bar){.kind = HW_BAR_MEMORY32, .size_bytes = 0x10000};
    card->device.bar[1] = (struct hw_bar){.kind = HW_BAR_PORT, .size_bytes = 0x20};
    card->device.bar[2] = (struct hw_bar){.kind = HW_BAR_MEMORY64, .size_bytes = 0x100000};
    card->device.has_line = true;
    card->device.messages = 4;
    card->device.pcie = true;
    config_init(&card->device, &identity);
}

static inline void hal_bed_start_on(struct hal_bed *bed, enum ke_windows windows,
                                    const struct mm_config *mm, const struct hal_config *config)
{
    testbed_start_as(&bed->base, 5, windows, mm);
    assert_int_equal(hal_create(bed->base.ke, bed->base.mm, config, &bed->hal), 0);
    test_card_init(&bed->card, bed->base.sim);
    assert_int_equal(hal_attach(bed->hal, &bed->card.device, &bed->slot), 0);
    assert_int_equal(hal_slot_enable(bed->slot), STATUS_SUCCESS);
}

static inline void hal_bed_start(struct hal_bed *bed, const struct mm_config *mm,
                                 const struct hal_config *config)
{
    hal_bed_start_on(bed, KE_WINDOWS_10, mm, config);
}

static inline void hal_bed_stop(struct hal_bed *bed)
{
    hal_destroy(bed->hal);
    testbed_stop(&bed->base);
}

/* An adapter for the card: 64 or 32 bits. */
static inline PDMA_ADAPTER hal_bed_adapter(struct hal_bed *bed, bool wide, bool scatter_gather,
                                           ULONG maximum_length, PULONG registers)
{
    DEVICE_DESCRIPTION description = {
        .Version = 2,
        .Master = TRUE,
        .ScatterGather = scatter_gather,
        .Dma32BitAddresses = TRUE,
        .Dma64BitAddresses = wide,
        .InterfaceType = PCIBus,
        .MaximumLength = maximum_length,
    };
    PDMA_ADAPTER adapter = hal_get_adapter(bed->slot, &description, registers);

    assert_non_null(adapter);
    return adapter;
}

/* An adapter whose description is of version 3, with addresses that many bits wide. */
static inline PDMA_ADAPTER hal_bed_adapter_v3(struct hal_bed *bed, ULONG width, bool scatter_gather,
                                              ULONG maximum_length, PULONG registers)
{
    DEVICE_DESCRIPTION description = {
        .Version = 3,
        .Master = TRUE,
        .ScatterGather = scatter_gather,
        .InterfaceType = PCIBus,
        .MaximumLength = maximum_length,
        .DmaAddressWidth = width,
    };
    PDMA_ADAPTER adapter = hal_get_adapter(bed->slot, &description, registers);

    assert_non_null(adapter);
    return adapter;
}

/* The adapter's operations as host code can call them: the functions behind the thunks in its
 * table. */
static inline const DMA_OPERATIONS *hal_bed_operations(struct hal_bed *bed, PDMA_ADAPTER adapter)
{
    static DMA_OPERATIONS operations;
    const void *const *from = (const void *const *)adapter->DmaOperations;
    const void **to = (const void **)&operations;

    memset(&operations, 0, sizeof operations);
    operations.Size = adapter->DmaOperations->Size;
    for (unsigned i = 1; i < operations.Size / sizeof *to; i++) {
        to[i] = sim_thunk_host_fn(bed->base.sim, KE_ARG(from[i]), NULL);
        assert_non_null(to[i]);
    }
    return &operations;
}

/* A locked client buffer. */
static inline PMDL hal_bed_buffer(struct hal_bed *bed, ULONG size_bytes, uint32_t offset,
                                  uint64_t *va)
{
    PMDL mdl;

    assert_int_equal(mm_user_allocate(bed->base.mm, size_bytes, offset, va), 0);
    mdl = IoAllocateMdl((PVOID)*va, size_bytes, FALSE, FALSE, NULL);
    assert_non_null(mdl);
    MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    return mdl;
}

#endif
