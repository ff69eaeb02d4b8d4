/* SPDX-License-Identifier: MIT */
/* Statements of the documentation about the functions behind DMA_OPERATIONS, one test each;
 * docs/dma-statements.tsv says which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed.h"

enum { MIB = 1 << 20, PACKET = 50000, PAGE = 4096 };

static struct hal_bed bed;

static const DMA_OPERATIONS *operations(PDMA_ADAPTER adapter)
{
    return hal_bed_operations(&bed, adapter);
}

static void start_with(const struct hal_config *config, uint64_t low_memory_bytes)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB, .low_memory_bytes = low_memory_bytes};

    hal_bed_start(&bed, &mm, config);
}

static int start(void **state)
{
    struct hal_config config = {0};

    (void)state;
    start_with(&config, 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    hal_bed_stop(&bed);
    return 0;
}

static unsigned findings(enum verify_rule rule)
{
    return testbed_findings(&bed.base, rule);
}

static PDMA_ADAPTER narrow_adapter(void)
{
    ULONG registers;

    return hal_bed_adapter(&bed, false, true, PACKET, &registers);
}

/* ---- Adapters -------------------------------------------------------------------------------- */

static void an_adapter_that_was_put_is_not_used_any_more(void **state)
{
    PDMA_ADAPTER a = narrow_adapter();
    const DMA_OPERATIONS *table = operations(a);
    PHYSICAL_ADDRESS la;

    (void)state;
    table->PutDmaAdapter(a);
    assert_int_equal(findings(VERIFY_adapter_leftover), 0); /* nothing was left */
    assert_int_equal(findings(VERIFY_adapter_dead), 0);
    assert_null(table->AllocateCommonBuffer(a, PAGE, &la, TRUE));
    assert_int_equal(findings(VERIFY_adapter_dead), 1);
    table->PutDmaAdapter(a);
    assert_int_equal(findings(VERIFY_adapter_dead), 1);
}

static IO_ALLOCATION_ACTION NTAPI keep_registers(PDEVICE_OBJECT device, PIRP irp, PVOID base,
                                                 PVOID context)
{
    (void)device;
    (void)irp;
    *(PVOID *)context = base;
    return DeallocateObjectKeepRegisters;
}

static PVOID registers_of(PDMA_ADAPTER a, ULONG count)
{
    PVOID base = NULL;
    KIRQL irql = ke_irql();

    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(operations(a)->AllocateAdapterChannel(a, NULL, count, keep_registers, &base),
                     STATUS_SUCCESS);
    ke_irql_lower(irql);
    assert_non_null(base);
    return base;
}

static void map_and_flush(PDMA_ADAPTER a, PMDL mdl, PVOID base, ULONG skip, ULONG bytes)
{
    PUCHAR va = (PUCHAR)MmGetMdlVirtualAddress(mdl) + skip;

    for (ULONG done = 0, length; done < bytes; done += length) {
        length = bytes - done;
        operations(a)->MapTransfer(a, mdl, base, va + done, &length, FALSE);
        assert_int_not_equal(length, 0);
        assert_true(operations(a)->FlushAdapterBuffers(a, mdl, base, va + done, length, FALSE));
    }
}

static void put_and_counter_mapping_and_flushing_work_at_passive_and_at_dispatch_level(void **state)
{
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);

    (void)state;
    for (KIRQL irql = PASSIVE_LEVEL; irql <= DISPATCH_LEVEL; irql += DISPATCH_LEVEL) {
        PDMA_ADAPTER a = narrow_adapter();
        PVOID base = registers_of(a, 14);

        if (irql == DISPATCH_LEVEL)
            ke_irql_raise(irql);
        map_and_flush(a, mdl, base, 0, PACKET);
        assert_int_equal(operations(a)->ReadDmaCounter(a), 0);
        if (irql < DISPATCH_LEVEL)
            ke_irql_raise(DISPATCH_LEVEL);
        operations(a)->FreeMapRegisters(a, base, 14);
        ke_irql_lower(irql);
        operations(a)->PutDmaAdapter(a);
        ke_irql_lower(PASSIVE_LEVEL);
    }
    assert_int_equal(findings(VERIFY_call_irql), 0);
}

/* The IRQLs at which the pages allow each slot, in the order of the structure. */
static const struct {
    KIRQL from, to;
} page_irqls[] = {
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* PutDmaAdapter */
    {PASSIVE_LEVEL, PASSIVE_LEVEL},   /* AllocateCommonBuffer */
    {PASSIVE_LEVEL, PASSIVE_LEVEL},   /* FreeCommonBuffer */
    {DISPATCH_LEVEL, DISPATCH_LEVEL}, /* AllocateAdapterChannel */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* FlushAdapterBuffers */
    {DISPATCH_LEVEL, DISPATCH_LEVEL}, /* FreeAdapterChannel */
    {DISPATCH_LEVEL, DISPATCH_LEVEL}, /* FreeMapRegisters */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* MapTransfer */
    {PASSIVE_LEVEL, PASSIVE_LEVEL},   /* GetDmaAlignment */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* ReadDmaCounter */
    {DISPATCH_LEVEL, DISPATCH_LEVEL}, /* GetScatterGatherList */
    {DISPATCH_LEVEL, DISPATCH_LEVEL}, /* PutScatterGatherList */
    {PASSIVE_LEVEL, HIGH_LEVEL},      /* CalculateScatterGatherList */
    {DISPATCH_LEVEL, DISPATCH_LEVEL}, /* BuildScatterGatherList */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* BuildMdlFromScatterGatherList */
};

typedef uint64_t NTAPI any_operation(PDMA_ADAPTER, void *, void *, void *, void *, void *, void *,
                                     void *, void *, void *, void *, void *, void *, void *,
                                     void *);

/* With an adapter that was put they do nothing but look at the IRQL. */
static void slots_are_held_to_the_irql_of_their_pages(void **state)
{
    static const KIRQL levels[] = {PASSIVE_LEVEL, DISPATCH_LEVEL, HIGH_LEVEL};
    static uint8_t zeros[512];
    PDMA_ADAPTER a = narrow_adapter();
    const DMA_OPERATIONS *table = operations(a);
    void *z = zeros;

    (void)state;
    table->PutDmaAdapter(a);
    for (unsigned slot = 0; slot < ARRAY_LEN(page_irqls); slot++) {
        any_operation *call = ((any_operation *const *)table)[1 + slot];

        for (unsigned i = 0; i < ARRAY_LEN(levels); i++) {
            bool good = levels[i] >= page_irqls[slot].from && levels[i] <= page_irqls[slot].to;

            if (levels[i] != PASSIVE_LEVEL)
                ke_irql_raise(levels[i]);
            call(a, z, z, z, z, z, z, z, z, z, z, z, z, z, z);
            if (levels[i] != PASSIVE_LEVEL)
                ke_irql_lower(PASSIVE_LEVEL);
            assert_int_equal(findings(VERIFY_call_irql), !good);
        }
    }
}

/* ---- Common buffers -------------------------------------------------------------------------- */

static void caching_of_common_buffers_is_not_asked_about(void **state)
{
    PDMA_ADAPTER a = narrow_adapter();

    (void)state;
    for (unsigned cached = 0; cached < 2; cached++) {
        PHYSICAL_ADDRESS la;
        PVOID va = operations(a)->AllocateCommonBuffer(a, PAGE, &la, cached != 0);

        assert_non_null(va);
        operations(a)->FreeCommonBuffer(a, PAGE, la, va, cached == 0);
    }
    operations(a)->PutDmaAdapter(a);
    assert_int_equal(findings(VERIFY_common_buffer_free), 0);
}

static void a_common_buffer_is_contiguous_for_driver_and_device(void **state)
{
    static uint8_t bytes[10 * PAGE];
    PDMA_ADAPTER a = narrow_adapter();
    PHYSICAL_ADDRESS la;
    uint8_t *va = operations(a)->AllocateCommonBuffer(a, sizeof bytes, &la, TRUE);

    (void)state;
    assert_non_null(va);
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / PAGE);
    assert_int_equal(
        hw_dma_write(&bed.card.device, (uint64_t)la.QuadPart, bytes, sizeof bytes), 0);
    assert_memory_equal(va, bytes, sizeof bytes);
    assert_int_equal(findings(VERIFY_bus_outside), 0);
    operations(a)->FreeCommonBuffer(a, sizeof bytes, la, va, TRUE);
    operations(a)->PutDmaAdapter(a);
}

static void a_common_buffer_takes_whole_pages(void **state)
{
    static const ULONG lengths[] = {1, PAGE, PAGE + 1};
    static const unsigned pages[] = {1, 1, 2};
    PDMA_ADAPTER a = narrow_adapter();

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(lengths); i++) {
        uint64_t before = mm_low_free_pages(bed.base.mm);
        PHYSICAL_ADDRESS la;
        PVOID va = operations(a)->AllocateCommonBuffer(a, lengths[i], &la, TRUE);

        assert_non_null(va);
        assert_int_equal(before - mm_low_free_pages(bed.base.mm), pages[i]);
        operations(a)->FreeCommonBuffer(a, lengths[i], la, va, TRUE);
        assert_int_equal(mm_low_free_pages(bed.base.mm), before);
    }
    operations(a)->PutDmaAdapter(a);
}

static void common_memory_runs_out_piece_by_piece_and_comes_back(void **state)
{
    enum { BUFFERS = 40, LARGE = 256 << 10 };
    struct hal_config config = {0};
    PHYSICAL_ADDRESS la[BUFFERS], page_la;
    PVOID va[BUFFERS];
    unsigned count = 0;
    PDMA_ADAPTER a;
    PVOID page;

    (void)state;
    stop(NULL);
    start_with(&config, 4 * MIB + PAGE);
    a = narrow_adapter();
    while (count < BUFFERS &&
           (va[count] = operations(a)->AllocateCommonBuffer(a, LARGE, &la[count], TRUE)) != NULL)
        count++;
    assert_in_range(count, 4 * MIB / LARGE, BUFFERS - 1);
    page = operations(a)->AllocateCommonBuffer(a, PAGE, &page_la, TRUE);
    assert_non_null(page); /* what is left is enough for a page */
    operations(a)->FreeCommonBuffer(a, PAGE, page_la, page, TRUE);
    for (unsigned i = 0; i < count; i++)
        operations(a)->FreeCommonBuffer(a, LARGE, la[i], va[i], TRUE);
    assert_int_equal(bed.hal->figures.common_buffers_live, 0);
    va[0] = operations(a)->AllocateCommonBuffer(a, LARGE, &la[0], TRUE);
    assert_non_null(va[0]);
    operations(a)->FreeCommonBuffer(a, LARGE, la[0], va[0], TRUE);
    operations(a)->PutDmaAdapter(a);
}

static void beyond_its_length_a_common_buffer_is_not_the_cards(void **state)
{
    PDMA_ADAPTER a = narrow_adapter();
    PHYSICAL_ADDRESS la;
    PVOID va = operations(a)->AllocateCommonBuffer(a, PAGE + 100, &la, TRUE);
    uint32_t word = 1;

    (void)state;
    hw_dma_write(&bed.card.device, (uint64_t)la.QuadPart + PAGE + 96, &word, sizeof word);
    assert_int_equal(findings(VERIFY_bus_outside), 0);
    hw_dma_write(&bed.card.device, (uint64_t)la.QuadPart + PAGE + 97, &word, sizeof word);
    assert_int_equal(findings(VERIFY_bus_past_end), 1);
    operations(a)->FreeCommonBuffer(a, PAGE + 100, la, va, TRUE);
    operations(a)->PutDmaAdapter(a);
}

/* Where addresses are translated, the processor's are not the device's. */
static void the_physical_address_of_a_common_buffer_is_not_for_the_device(void **state)
{
    struct hal_config config = {.iommu = HAL_IOMMU_REMAP};
    uint32_t word = 0x55AA;
    PHYSICAL_ADDRESS la;
    PDMA_ADAPTER a;
    uint32_t *va;

    (void)state;
    stop(NULL);
    start_with(&config, 0);
    a = narrow_adapter();
    va = operations(a)->AllocateCommonBuffer(a, PAGE, &la, TRUE);
    *va = 7;
    assert_int_not_equal(MmGetPhysicalAddress(va).QuadPart, la.QuadPart);
    assert_int_equal(hw_dma_read(&bed.card.device, (uint64_t)la.QuadPart, &word, 4), 0);
    assert_int_equal(word, 7);
    assert_int_equal(findings(VERIFY_bus_outside), 0);
    word = 8;
    hw_dma_write(&bed.card.device, (uint64_t)MmGetPhysicalAddress(va).QuadPart, &word, 4);
    assert_int_equal(*va, 7);
    assert_int_equal(findings(VERIFY_bus_outside), 1);
    operations(a)->FreeCommonBuffer(a, PAGE, la, va, TRUE);
    operations(a)->PutDmaAdapter(a);
}

static void freeing_another_adapters_buffer_is_a_finding(void **state)
{
    PDMA_ADAPTER a = narrow_adapter();
    PDMA_ADAPTER other = narrow_adapter();
    PHYSICAL_ADDRESS la;
    PVOID va = operations(a)->AllocateCommonBuffer(a, PAGE, &la, TRUE);

    (void)state;
    operations(other)->FreeCommonBuffer(other, PAGE, la, va, TRUE);
    assert_int_equal(findings(VERIFY_common_buffer_free), 1);
    operations(a)->FreeCommonBuffer(a, PAGE, la, va, TRUE);
    assert_int_equal(findings(VERIFY_common_buffer_free), 0);
    operations(other)->PutDmaAdapter(other);
    operations(a)->PutDmaAdapter(a);
}

static void freeing_with_another_address_is_a_finding(void **state)
{
    PDMA_ADAPTER a = narrow_adapter();
    PHYSICAL_ADDRESS la, wrong;
    PUCHAR va = operations(a)->AllocateCommonBuffer(a, 2 * PAGE, &la, TRUE);

    (void)state;
    operations(a)->FreeCommonBuffer(a, 2 * PAGE, la, va + PAGE, TRUE);
    assert_int_equal(findings(VERIFY_common_buffer_free), 1);
    wrong.QuadPart = la.QuadPart + PAGE;
    operations(a)->FreeCommonBuffer(a, 2 * PAGE, wrong, va, TRUE);
    assert_int_equal(findings(VERIFY_common_buffer_free), 1);
    operations(a)->PutDmaAdapter(a);
}

/* ---- Channels -------------------------------------------------------------------------------- */

struct seen {
    PDEVICE_OBJECT device;
    PIRP irp;
    PVOID base;
    PSCATTER_GATHER_LIST list;
    KIRQL irql;
    unsigned calls;
    IO_ALLOCATION_ACTION answer;
};

static IO_ALLOCATION_ACTION NTAPI see_channel(PDEVICE_OBJECT device, PIRP irp, PVOID base,
                                              PVOID context)
{
    struct seen *seen = context;

    *seen = (struct seen){device, irp, base, NULL, ke_irql(), seen->calls + 1, seen->answer};
    return seen->answer;
}

static void NTAPI see_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                           PVOID context)
{
    struct seen *seen = context;

    *seen = (struct seen){device, irp, NULL, list, ke_irql(), seen->calls + 1, 0};
}

static void the_routine_of_a_channel_gets_device_irp_base_and_context(void **state)
{
    PDMA_ADAPTER a = narrow_adapter();
    DEVICE_OBJECT device = {0};
    IRP irp;
    struct seen seen = {.answer = DeallocateObject};

    (void)state;
    device.CurrentIrp = &irp;
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(operations(a)->AllocateAdapterChannel(a, &device, 3, see_channel, &seen),
                     STATUS_SUCCESS);
    assert_int_equal(seen.calls, 1);
    assert_ptr_equal(seen.device, &device);
    assert_ptr_equal(seen.irp, &irp);
    assert_non_null(seen.base);
    assert_int_equal(seen.irql, DISPATCH_LEVEL);
    operations(a)->PutDmaAdapter(a);
}

static void a_channel_that_can_never_start_is_refused(void **state)
{
    PDMA_ADAPTER a = narrow_adapter();
    struct seen seen = {.answer = DeallocateObject};

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(sim_fault_arm(bed.base.sim, "map_registers", 1), 0);
    assert_int_equal(operations(a)->AllocateAdapterChannel(a, NULL, 3, see_channel, &seen),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(operations(a)->AllocateAdapterChannel(a, NULL, 3, see_channel, &seen),
                     STATUS_SUCCESS);
    assert_int_equal(seen.calls, 1);
    operations(a)->PutDmaAdapter(a);
}

static IO_ALLOCATION_ACTION NTAPI ask_again(PDEVICE_OBJECT device, PIRP irp, PVOID base,
                                            PVOID context)
{
    static struct seen second = {.answer = DeallocateObject};
    PDMA_ADAPTER a = context;

    (void)irp;
    (void)base;
    operations(a)->AllocateAdapterChannel(a, device, 1, see_channel, &second);
    return DeallocateObject;
}

static void a_channel_is_not_asked_for_from_within_its_routine(void **state)
{
    PDMA_ADAPTER a = narrow_adapter();
    DEVICE_OBJECT device = {0};
    struct seen seen = {.answer = DeallocateObject};

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    for (unsigned i = 0; i < 2; i++)
        operations(a)->AllocateAdapterChannel(a, &device, 1, see_channel, &seen);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(findings(VERIFY_channel_twice), 0);
    operations(a)->AllocateAdapterChannel(a, &device, 1, ask_again, a);
    assert_int_equal(findings(VERIFY_channel_twice), 1);
    operations(a)->PutDmaAdapter(a);
}

static void freeing_the_channel_frees_its_registers_and_wants_them_flushed(void **state)
{
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    PDMA_ADAPTER a = narrow_adapter();
    struct seen seen = {.answer = KeepObject};
    ULONG length = PAGE;

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    for (unsigned flushed = 0; flushed < 2; flushed++) {
        operations(a)->AllocateAdapterChannel(a, NULL, 5, see_channel, &seen);
        assert_int_equal(bed.hal->figures.registers_in_use, 5);
        operations(a)->MapTransfer(a, mdl, seen.base, (PVOID)va, &length, FALSE);
        if (flushed)
            operations(a)->FlushAdapterBuffers(a, mdl, seen.base, (PVOID)va, length, FALSE);
        operations(a)->FreeAdapterChannel(a);
        assert_int_equal(bed.hal->figures.registers_in_use, 0);
        assert_int_equal(findings(VERIFY_not_flushed), !flushed);
    }
    operations(a)->PutDmaAdapter(a);
}

static void freeing_other_numbers_of_registers_is_a_finding(void **state)
{
    PDMA_ADAPTER a = narrow_adapter();
    PVOID base = registers_of(a, 5);

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    operations(a)->FreeMapRegisters(a, base, 4);
    assert_int_equal(findings(VERIFY_registers_free), 1);
    ke_irql_lower(PASSIVE_LEVEL);
    base = registers_of(a, 5);
    ke_irql_raise(DISPATCH_LEVEL);
    operations(a)->FreeMapRegisters(a, base, 5);
    assert_int_equal(findings(VERIFY_registers_free), 0);
    operations(a)->PutDmaAdapter(a);
}

static void mapping_an_unlocked_buffer_or_without_registers_is_a_finding(void **state)
{
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    PMDL loose = IoAllocateMdl((PVOID)va, PAGE, FALSE, FALSE, NULL);
    PDMA_ADAPTER a = narrow_adapter();
    PVOID base = registers_of(a, 5);
    ULONG length = 100;

    (void)state;
    assert_int_equal(
        operations(a)->MapTransfer(a, loose, base, (PVOID)va, &length, FALSE).QuadPart, 0);
    assert_int_equal(findings(VERIFY_dma_buffer), 1);
    length = 100;
    assert_int_equal(
        operations(a)->MapTransfer(a, mdl, NULL, (PVOID)va, &length, FALSE).QuadPart, 0);
    assert_int_equal(findings(VERIFY_registers_unknown), 1);
    map_and_flush(a, mdl, base, 0, 100);
    assert_int_equal(findings(VERIFY_dma_buffer), 0);
    ke_irql_raise(DISPATCH_LEVEL);
    operations(a)->FreeMapRegisters(a, base, 5);
    operations(a)->PutDmaAdapter(a);
}

/* Two operations for one buffer, with their own begin and length. */
static void a_split_transfer_is_mapped_and_flushed_part_by_part(void **state)
{
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 77, &va);
    PDMA_ADAPTER a = narrow_adapter();
    PVOID base = registers_of(a, 8);

    (void)state;
    map_and_flush(a, mdl, base, 0, PACKET / 2);
    map_and_flush(a, mdl, base, PACKET / 2, PACKET - PACKET / 2);
    assert_int_equal(findings(VERIFY_flush_not_mapped), 0);
    ke_irql_raise(DISPATCH_LEVEL);
    operations(a)->FreeMapRegisters(a, base, 8);
    assert_int_equal(findings(VERIFY_not_flushed), 0);
    operations(a)->PutDmaAdapter(a);
}

static void flushing_another_address_is_a_finding(void **state)
{
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    PDMA_ADAPTER a = narrow_adapter();
    PVOID base = registers_of(a, 8);
    ULONG length = PAGE;

    (void)state;
    operations(a)->MapTransfer(a, mdl, base, (PVOID)va, &length, FALSE);
    operations(a)->FlushAdapterBuffers(a, mdl, base, (PVOID)(va + 8 * PAGE), PAGE, FALSE);
    assert_int_equal(findings(VERIFY_flush_not_mapped), 1);
    operations(a)->FlushAdapterBuffers(a, mdl, base, (PVOID)(va + 16), length - 16, FALSE);
    assert_int_equal(findings(VERIFY_flush_not_mapped), 1);
    length = PAGE;
    operations(a)->MapTransfer(a, mdl, base, (PVOID)va, &length, FALSE);
    assert_true(operations(a)->FlushAdapterBuffers(a, mdl, base, (PVOID)va, length, FALSE));
    assert_int_equal(findings(VERIFY_flush_not_mapped), 0);
    ke_irql_raise(DISPATCH_LEVEL);
    operations(a)->FreeMapRegisters(a, base, 8);
    operations(a)->PutDmaAdapter(a);
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static NTSTATUS get(PDMA_ADAPTER a, PDEVICE_OBJECT device, PMDL mdl, struct seen *seen)
{
    *seen = (struct seen){0};
    return operations(a)->GetScatterGatherList(a, device, mdl, MmGetMdlVirtualAddress(mdl),
                                               mdl->ByteCount, see_list, seen, FALSE);
}

static NTSTATUS build(PDMA_ADAPTER a, PDEVICE_OBJECT device, PMDL mdl, struct seen *seen,
                      void *buffer, ULONG buffer_bytes)
{
    *seen = (struct seen){0};
    return operations(a)->BuildScatterGatherList(a, device, mdl, MmGetMdlVirtualAddress(mdl),
                                                 mdl->ByteCount, see_list, seen, FALSE, buffer,
                                                 buffer_bytes);
}

static void the_routine_of_a_list_gets_device_irp_list_and_context(void **state)
{
    uint8_t buffer[1000];
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    PDMA_ADAPTER a = narrow_adapter();
    DEVICE_OBJECT device = {0};
    IRP irp;
    struct seen seen;

    (void)state;
    device.CurrentIrp = &irp;
    ke_irql_raise(DISPATCH_LEVEL);
    for (unsigned built = 0; built < 2; built++) {
        struct seen channel = {.answer = DeallocateObject};

        assert_int_equal(built ? build(a, &device, mdl, &seen, buffer, sizeof buffer)
                               : get(a, &device, mdl, &seen),
                         STATUS_SUCCESS);
        assert_int_equal(seen.calls, 1);
        assert_ptr_equal(seen.device, &device);
        assert_ptr_equal(seen.irp, &irp);
        assert_int_equal(seen.irql, DISPATCH_LEVEL);
        assert_true(seen.list->NumberOfElements > 1);
        assert_int_equal(bed.hal->figures.registers_in_use, 13);
        operations(a)->AllocateAdapterChannel(a, &device, 1, see_channel, &channel);
        assert_int_equal(channel.calls, 1); /* the list holds no channel */
        operations(a)->PutScatterGatherList(a, seen.list, FALSE);
        assert_int_equal(bed.hal->figures.registers_in_use, 0);
    }
    operations(a)->PutDmaAdapter(a);
}

static void many_lists_of_a_device_object_wait_and_live_together(void **state)
{
    enum { LISTS = 10 };
    struct hal_config config = {.map_registers_cap = 30};
    DEVICE_OBJECT device = {0};
    struct seen seen[LISTS];
    unsigned called = 0;
    PDMA_ADAPTER a;
    uint64_t va;
    PMDL mdl;

    (void)state;
    stop(NULL);
    start_with(&config, 0);
    mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    a = narrow_adapter();
    ke_irql_raise(DISPATCH_LEVEL);
    for (unsigned i = 0; i < LISTS; i++)
        assert_int_equal(get(a, &device, mdl, &seen[i]), STATUS_SUCCESS);
    for (unsigned i = 0; i < LISTS; i++)
        called += seen[i].calls;
    assert_int_equal(called, 2); /* of 13 registers each */
    assert_ptr_not_equal(seen[0].list, seen[1].list);
    for (unsigned i = 0; i < LISTS; i++) {
        assert_int_equal(seen[i].calls, 1);
        operations(a)->PutScatterGatherList(a, seen[i].list, FALSE);
    }
    assert_int_equal(bed.hal->figures.lists_live, 0);
    operations(a)->PutDmaAdapter(a);
    assert_int_equal(findings(VERIFY_list_not_put), 0);
}

static void a_calculated_size_is_enough_to_build(void **state)
{
    static uint8_t buffer[2000];
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 4000, &va);
    PDMA_ADAPTER a = narrow_adapter();
    ULONG size, worst, registers;
    struct seen seen;

    (void)state;
    assert_int_equal(operations(a)->CalculateScatterGatherList(a, mdl, (PVOID)va, PACKET, &size,
                                                               &registers),
                     STATUS_SUCCESS);
    assert_int_equal(operations(a)->CalculateScatterGatherList(a, NULL, (PVOID)va, PACKET, &worst,
                                                               NULL),
                     STATUS_SUCCESS);
    assert_in_range(size, 1, worst);
    assert_in_range(worst, size, sizeof buffer);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(build(a, NULL, mdl, &seen, buffer, size), STATUS_SUCCESS);
    assert_ptr_equal(seen.list, buffer);
    assert_in_range(bed.hal->figures.registers_in_use, 1, registers);
    operations(a)->PutScatterGatherList(a, seen.list, FALSE);
    operations(a)->PutDmaAdapter(a);
}

static void calculating_works_at_any_irql(void **state)
{
    PDMA_ADAPTER a = narrow_adapter();
    ULONG size, registers;

    (void)state;
    ke_irql_raise(HIGH_LEVEL);
    assert_int_equal(
        operations(a)->CalculateScatterGatherList(a, NULL, NULL, PACKET, &size, &registers),
        STATUS_SUCCESS);
    ke_irql_lower(PASSIVE_LEVEL);
    assert_int_equal(findings(VERIFY_call_irql), 0);
    operations(a)->PutDmaAdapter(a);
}

static void building_asks_for_no_more_registers_than_granted(void **state)
{
    static uint8_t buffer[2000];
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, 2 * PACKET, 0, &va);
    PDMA_ADAPTER a = narrow_adapter();
    struct seen seen;

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(build(a, NULL, mdl, &seen, buffer, sizeof buffer),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(findings(VERIFY_too_many_registers), 1);
    operations(a)->PutDmaAdapter(a);
}

static void building_needs_no_memory_for_the_list(void **state)
{
    static uint8_t buffer[2000];
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    PDMA_ADAPTER a = narrow_adapter();
    struct seen seen;

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(sim_fault_arm(bed.base.sim, "pool", 1), 0);
    assert_int_equal(get(a, NULL, mdl, &seen), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(sim_fault_arm(bed.base.sim, "pool", 1), 0);
    assert_int_equal(build(a, NULL, mdl, &seen, buffer, sizeof buffer), STATUS_SUCCESS);
    assert_int_equal(sim_fault_arm(bed.base.sim, "pool", 0), 0);
    operations(a)->PutScatterGatherList(a, seen.list, FALSE);
    operations(a)->PutDmaAdapter(a);
}

static void an_mdl_of_a_list_needs_memory(void **state)
{
    struct hal_config config = {.force_bounce = true};
    PMDL mdl, target = NULL;
    struct seen seen;
    uint64_t va;
    PDMA_ADAPTER a;

    (void)state;
    stop(NULL);
    start_with(&config, 0);
    mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    a = narrow_adapter();
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(get(a, NULL, mdl, &seen), STATUS_SUCCESS);
    assert_int_equal(sim_fault_arm(bed.base.sim, "mdl", 1), 0);
    assert_int_equal(operations(a)->BuildMdlFromScatterGatherList(a, seen.list, mdl, &target),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_null(target);
    assert_int_equal(operations(a)->BuildMdlFromScatterGatherList(a, seen.list, mdl, &target),
                     STATUS_SUCCESS);
    assert_non_null(target);
    operations(a)->PutScatterGatherList(a, seen.list, FALSE);
    operations(a)->PutDmaAdapter(a);
}

static void flushing_caches_changes_nothing(void **state)
{
    uint32_t word = 0x12345678, found = 0;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);

    (void)state;
    assert_true(mm_copy_to_va(bed.base.mm, va, &word, sizeof word));
    KeFlushIoBuffers(mdl, TRUE, TRUE);
    KeFlushIoBuffers(mdl, FALSE, TRUE);
    assert_true(mm_copy_from_va(bed.base.mm, &found, va, sizeof found));
    assert_int_equal(found, word);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(an_adapter_that_was_put_is_not_used_any_more),
        TEST(put_and_counter_mapping_and_flushing_work_at_passive_and_at_dispatch_level),
        TEST(slots_are_held_to_the_irql_of_their_pages),
        TEST(caching_of_common_buffers_is_not_asked_about),
        TEST(a_common_buffer_is_contiguous_for_driver_and_device),
        TEST(a_common_buffer_takes_whole_pages),
        TEST(common_memory_runs_out_piece_by_piece_and_comes_back),
        TEST(beyond_its_length_a_common_buffer_is_not_the_cards),
        TEST(the_physical_address_of_a_common_buffer_is_not_for_the_device),
        TEST(freeing_another_adapters_buffer_is_a_finding),
        TEST(freeing_with_another_address_is_a_finding),
        TEST(the_routine_of_a_channel_gets_device_irp_base_and_context),
        TEST(a_channel_that_can_never_start_is_refused),
        TEST(a_channel_is_not_asked_for_from_within_its_routine),
        TEST(freeing_the_channel_frees_its_registers_and_wants_them_flushed),
        TEST(freeing_other_numbers_of_registers_is_a_finding),
        TEST(mapping_an_unlocked_buffer_or_without_registers_is_a_finding),
        TEST(a_split_transfer_is_mapped_and_flushed_part_by_part),
        TEST(flushing_another_address_is_a_finding),
        TEST(the_routine_of_a_list_gets_device_irp_list_and_context),
        TEST(many_lists_of_a_device_object_wait_and_live_together),
        TEST(a_calculated_size_is_enough_to_build),
        TEST(calculating_works_at_any_irql),
        TEST(building_asks_for_no_more_registers_than_granted),
        TEST(building_needs_no_memory_for_the_list),
        TEST(an_mdl_of_a_list_needs_memory),
        TEST(flushing_caches_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
