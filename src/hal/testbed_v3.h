/* SPDX-License-Identifier: MIT */
/* For the tests of version 3: an adapter of that version at DISPATCH_LEVEL on Windows 11, and what
 * its callbacks got. Include after cmocka.h. */
#ifndef WEIR_HAL_TESTBED_V3_H
#define WEIR_HAL_TESTBED_V3_H

#include "hal/testbed.h"

enum { PACKET = 50000, SYNC = DMA_SYNCHRONOUS_CALLBACK };

static struct hal_bed bed;
static PDMA_ADAPTER a;
static const DMA_OPERATIONS *dma;
static ULONG registers;

static inline void start_with(const struct hal_config *config, ULONG width, bool scatter_gather)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB};

    hal_bed_start_on(&bed, KE_WINDOWS_11, &mm, config);
    a = hal_bed_adapter_v3(&bed, width, scatter_gather, PACKET, &registers);
    dma = hal_bed_operations(&bed, a);
    ke_irql_raise(DISPATCH_LEVEL);
}

static inline int start(void **state)
{
    struct hal_config config = {0};

    (void)state;
    start_with(&config, 32, true);
    return 0;
}

static inline int stop(void **state)
{
    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    hal_bed_stop(&bed);
    return 0;
}

static inline void restart(const struct hal_config *config, ULONG width, bool scatter_gather)
{
    stop(NULL);
    start_with(config, width, scatter_gather);
}

/* No finding since the last look. */
static inline void expect_quiet(void)
{
    struct trace_event event;

    assert_int_equal(testbed_events(&bed.base, TRACE_finding, &event), 0);
}

struct context {
    uint64_t words[DMA_TRANSFER_CONTEXT_SIZE_V1 / 8];
};

static inline struct context fresh(void)
{
    struct context context;

    assert_int_equal(dma->InitializeDmaTransferContext(a, &context), STATUS_SUCCESS);
    return context;
}

struct channel {
    IO_ALLOCATION_ACTION answer;
    PVOID base;
    unsigned calls;
};

static inline IO_ALLOCATION_ACTION NTAPI execute(PDEVICE_OBJECT device, PIRP irp, PVOID base,
                                          PVOID driver_context)
{
    struct channel *channel = driver_context;

    (void)device;
    (void)irp;
    assert_int_equal(ke_irql(), DISPATCH_LEVEL);
    channel->base = base;
    channel->calls++;
    return channel->answer;
}

static inline NTSTATUS allocate(struct context *context, ULONG count, struct channel *channel,
                         IO_ALLOCATION_ACTION answer)
{
    *channel = (struct channel){.answer = answer};
    return dma->AllocateAdapterChannelEx(a, NULL, context, count, 0, execute, channel, NULL);
}

static inline PVOID allocate_now(ULONG count)
{
    struct context context = fresh();
    PVOID base = NULL;

    assert_int_equal(
        dma->AllocateAdapterChannelEx(a, NULL, &context, count, SYNC, NULL, NULL, &base),
        STATUS_SUCCESS);
    assert_non_null(base);
    return base;
}

struct lists {
    PSCATTER_GATHER_LIST list;
    unsigned calls;
};

static inline void NTAPI keep_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                            PVOID driver_context)
{
    struct lists *lists = driver_context;

    (void)device;
    (void)irp;
    lists->list = list;
    lists->calls++;
}

static inline NTSTATUS get(struct context *context, PMDL mdl, uint64_t offset, ULONG length,
                           ULONG flags, struct lists *lists, PSCATTER_GATHER_LIST *out)
{
    if (lists != NULL)
        *lists = (struct lists){0};
    return dma->GetScatterGatherListEx(a, NULL, context, mdl, offset, length, flags,
                                       lists != NULL ? keep_list : NULL, lists, FALSE, NULL, NULL,
                                       out);
}

static inline uint64_t total(const SCATTER_GATHER_LIST *list)
{
    uint64_t bytes = 0;

    for (ULONG i = 0; i < list->NumberOfElements; i++)
        bytes += list->Elements[i].Length;
    return bytes;
}

/* The card writes its pattern from a position of the transfer on. */
static inline void card_writes(const SCATTER_GATHER_LIST *list, uint64_t from)
{
    static uint8_t bytes[1 << 20];

    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        const SCATTER_GATHER_ELEMENT *element = &list->Elements[i];

        assert_in_range(element->Length, 1, sizeof bytes);
        for (ULONG at = 0; at < element->Length; at++, from++)
            bytes[at] = (uint8_t)(from * 7 + from / 251);
        assert_int_equal(hw_dma_write(&bed.card.device, (uint64_t)element->Address.QuadPart, bytes,
                                      element->Length),
                         0);
    }
}

static inline void client_sees(uint64_t va, uint64_t from, uint64_t size_bytes)
{
    static uint8_t bytes[PACKET];

    assert_true(mm_copy_from_va(bed.base.mm, bytes, va, size_bytes));
    for (uint64_t i = 0; i < size_bytes; i++)
        assert_int_equal(bytes[i], (uint8_t)((from + i) * 7 + (from + i) / 251));
}

/* For a bus master it is never called. */
static inline void NTAPI completed(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                            DMA_COMPLETION_STATUS status)
{
    (void)adapter;
    (void)device;
    (void)context;
    (void)status;
    fail();
}

#endif
