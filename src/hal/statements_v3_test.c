/* SPDX-License-Identifier: MIT */
/* Statements of the documentation about version 3 of DMA_OPERATIONS, one test each;
 * docs/dma-statements.tsv says which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed_v3.h"
#include "hal/common_buffer.h"

enum { ROOM = 0x10 + 64 * 0x18 };

/* ---- Slots ----------------------------------------------------------------------------------- */

/* The IRQLs at which the pages allow each slot from GetDmaAdapterInfo on, in the order of the
 * structure. Where a page is silent, all. */
static const struct {
    KIRQL from, to;
} page_irqls[] = {
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* GetDmaAdapterInfo */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* GetDmaTransferInfo */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* InitializeDmaTransferContext */
    {PASSIVE_LEVEL, PASSIVE_LEVEL},   /* AllocateCommonBufferEx */
    {DISPATCH_LEVEL, DISPATCH_LEVEL}, /* AllocateAdapterChannelEx */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* ConfigureAdapterChannel */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* CancelAdapterChannel */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* MapTransferEx */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* GetScatterGatherListEx */
    {DISPATCH_LEVEL, DISPATCH_LEVEL}, /* BuildScatterGatherListEx */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* FlushAdapterBuffersEx */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* FreeAdapterObject */
    {PASSIVE_LEVEL, DISPATCH_LEVEL},  /* CancelMappedTransfer */
    {PASSIVE_LEVEL, PASSIVE_LEVEL},   /* AllocateDomainCommonBuffer */
    {PASSIVE_LEVEL, HIGH_LEVEL},      /* FlushDmaBuffer */
    {PASSIVE_LEVEL, PASSIVE_LEVEL},   /* JoinDmaDomain */
    {PASSIVE_LEVEL, PASSIVE_LEVEL},   /* LeaveDmaDomain */
    {PASSIVE_LEVEL, PASSIVE_LEVEL},   /* GetDmaDomain */
    {PASSIVE_LEVEL, PASSIVE_LEVEL},   /* AllocateCommonBufferWithBounds */
};

typedef uint64_t NTAPI any_operation(PDMA_ADAPTER, void *, void *, void *, void *, void *, void *,
                                     void *, void *, void *, void *, void *, void *, void *,
                                     void *);

/* With an adapter that was put they do nothing but look at the IRQL. */
static void slots_of_version_3_are_held_to_the_irql_of_their_pages(void **state)
{
    static const KIRQL levels[] = {PASSIVE_LEVEL, DISPATCH_LEVEL, HIGH_LEVEL};
    unsigned first = DMA_OPERATIONS_SIZE_V2 / sizeof(void *);
    static uint8_t zeros[512];
    void *z = zeros;

    (void)state;
    dma->PutDmaAdapter(a);
    ke_irql_lower(PASSIVE_LEVEL);
    for (unsigned slot = 0; slot < ARRAY_LEN(page_irqls); slot++) {
        any_operation *call = ((any_operation *const *)dma)[first + slot];

        for (unsigned i = 0; i < ARRAY_LEN(levels); i++) {
            bool good = levels[i] >= page_irqls[slot].from && levels[i] <= page_irqls[slot].to;

            if (levels[i] != PASSIVE_LEVEL)
                ke_irql_raise(levels[i]);
            call(a, z, z, z, z, z, z, z, z, z, z, z, z, z, z);
            if (levels[i] != PASSIVE_LEVEL)
                ke_irql_lower(PASSIVE_LEVEL);
            assert_int_equal(testbed_findings(&bed.base, VERIFY_call_irql), !good);
        }
    }
}

/* ---- Routines -------------------------------------------------------------------------------- */

struct seen {
    PDEVICE_OBJECT device;
    PIRP irp;
    void *given; /* registers or list */
    KIRQL irql;
    unsigned calls;
};

static IO_ALLOCATION_ACTION NTAPI see_channel(PDEVICE_OBJECT device, PIRP irp, PVOID base,
                                              PVOID driver_context)
{
    struct seen *seen = driver_context;

    *seen = (struct seen){device, irp, base, ke_irql(), seen->calls + 1};
    return DeallocateObject;
}

static void NTAPI see_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                           PVOID driver_context)
{
    struct seen *seen = driver_context;

    *seen = (struct seen){device, irp, list, ke_irql(), seen->calls + 1};
}

static void the_routines_of_version_3_get_device_irp_and_context(void **state)
{
    static uint8_t room[ROOM];
    struct context contexts[3];
    struct seen seen[3] = {0};
    DEVICE_OBJECT device = {0};
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    IRP irp;

    (void)state;
    device.CurrentIrp = &irp;
    for (unsigned i = 0; i < 3; i++)
        contexts[i] = fresh();
    assert_int_equal(dma->AllocateAdapterChannelEx(a, &device, &contexts[0], 2, 0, see_channel,
                                                   &seen[0], NULL),
                     STATUS_SUCCESS);
    assert_int_equal(dma->GetScatterGatherListEx(a, &device, &contexts[1], mdl, 0, PACKET, 0,
                                                 see_list, &seen[1], FALSE, NULL, NULL, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(dma->BuildScatterGatherListEx(a, &device, &contexts[2], mdl, 0, PACKET, 0,
                                                   see_list, &seen[2], FALSE, room, ROOM, NULL,
                                                   NULL, NULL),
                     STATUS_SUCCESS);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(seen[i].calls, 1);
        assert_ptr_equal(seen[i].device, &device);
        assert_ptr_equal(seen[i].irp, &irp);
        assert_non_null(seen[i].given);
        assert_int_equal(seen[i].irql, DISPATCH_LEVEL);
        if (i != 0)
            dma->PutScatterGatherList(a, seen[i].given, FALSE);
    }
    assert_ptr_equal(seen[2].given, room);
    expect_quiet();
}

/* What is not there and will not come is refused, whether the caller would wait or not. */
static void resources_that_cannot_be_had_are_refused(void **state)
{
    static uint8_t room[ROOM];
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);

    (void)state;
    for (ULONG flags = 0; flags <= SYNC; flags += SYNC) {
        struct context context = fresh();
        struct channel channel = {.answer = DeallocateObject};
        struct lists lists;

        assert_int_equal(sim_fault_arm(bed.base.sim, "map_registers", 1), 0);
        assert_int_equal(dma->AllocateAdapterChannelEx(a, NULL, &context, 2, flags, execute,
                                                       &channel, NULL),
                         STATUS_INSUFFICIENT_RESOURCES);
        assert_int_equal(sim_fault_arm(bed.base.sim, "map_registers", 1), 0);
        assert_int_equal(get(&context, mdl, 0, PACKET, flags, &lists, NULL),
                         STATUS_INSUFFICIENT_RESOURCES);
        assert_int_equal(sim_fault_arm(bed.base.sim, "map_registers", 1), 0);
        assert_int_equal(dma->BuildScatterGatherListEx(a, NULL, &context, mdl, 0, PACKET, flags,
                                                       keep_list, &lists, FALSE, room, ROOM, NULL,
                                                       NULL, NULL),
                         STATUS_INSUFFICIENT_RESOURCES);
        assert_int_equal(channel.calls + lists.calls, 0);
        assert_int_equal(bed.hal->figures.registers_in_use, 0);
    }
    expect_quiet();
}

/* A built list waits, is synchronous and needs its parameters as a list that was got does. */
static void a_built_list_keeps_the_rules_of_one_that_is_got(void **state)
{
    struct hal_config config = {.map_registers_cap = 14};
    static uint8_t first_room[ROOM], second_room[ROOM];
    struct context contexts[3];
    struct lists first = {0}, second = {0}, third = {0};
    PVOID out = NULL;
    uint64_t va;
    PMDL mdl;

    (void)state;
    restart(&config, 32, true);
    mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    for (unsigned i = 0; i < 3; i++)
        contexts[i] = fresh();
#define BUILD(context, flags, routine, lists, room, out)                                           \
    dma->BuildScatterGatherListEx(a, NULL, context, mdl, 0, PACKET, flags, routine, lists, FALSE,  \
                                  room, ROOM, NULL, NULL, out)
    assert_int_equal(BUILD(&contexts[0], 0, NULL, NULL, first_room, &out),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BUILD(&contexts[0], SYNC, NULL, NULL, first_room, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BUILD(NULL, 0, keep_list, &first, first_room, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BUILD(&contexts[0], 0, keep_list, &first, first_room, NULL), STATUS_SUCCESS);
    assert_int_equal(first.calls, 1);
    assert_int_equal(BUILD(&contexts[1], SYNC, keep_list, &third, second_room, NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(BUILD(&contexts[1], 0, keep_list, &second, second_room, NULL), STATUS_SUCCESS);
    assert_int_equal(second.calls + third.calls, 0);
    assert_int_equal(dma->CancelAdapterChannel(a, NULL, &contexts[1]), TRUE);
    dma->PutScatterGatherList(a, first.list, FALSE);
    assert_int_equal(second.calls, 0);
    assert_int_equal(BUILD(&contexts[2], SYNC, NULL, NULL, first_room, &out), STATUS_SUCCESS);
    assert_ptr_equal(out, first_room);
    dma->FreeAdapterObject(a, DeallocateObject);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
#undef BUILD
    expect_quiet();
}

/* ---- Transfers ------------------------------------------------------------------------------- */

/* Steps of the calling pattern; what is left out is named. */
static void transfer(bool flushed, bool freed)
{
    DMA_TRANSFER_INFO info = {.Version = DMA_TRANSFER_INFO_VERSION1};
    static uint8_t room[ROOM];
    struct context context = fresh();
    struct channel channel;
    ULONG length = PACKET;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 30, &va);

    assert_int_equal(dma->GetDmaTransferInfo(a, mdl, 0, PACKET, FALSE, &info), STATUS_SUCCESS);
    assert_true(info.V1.ScatterGatherListSize <= ROOM);
    assert_int_equal(allocate(&context, info.V1.MapRegisterCount, &channel, KeepObject),
                     STATUS_SUCCESS);
    assert_int_equal(dma->MapTransferEx(a, mdl, channel.base, 0, 0, &length, FALSE,
                                        (PSCATTER_GATHER_LIST)room,
                                        info.V1.ScatterGatherListSize, NULL, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(length, PACKET); /* what the information said suffices */
    card_writes((PSCATTER_GATHER_LIST)room, 0);
    if (flushed)
        assert_int_equal(dma->FlushAdapterBuffersEx(a, mdl, channel.base, 0, PACKET, FALSE),
                         STATUS_SUCCESS);
    if (flushed)
        client_sees(va, 0, PACKET);
    if (freed)
        dma->FreeAdapterChannel(a);
}

static void the_calling_pattern_moves_a_buffer_and_its_steps_are_missed(void **state)
{
    struct hal_config config = {0};

    (void)state;
    transfer(true, true);
    dma->PutDmaAdapter(a);
    expect_quiet();
    restart(&config, 32, true);
    transfer(false, true);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_not_flushed), 1);
    restart(&config, 32, true);
    transfer(true, false);
    dma->PutDmaAdapter(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_leftover), 1);
}

static void data_for_the_device_is_taken_when_it_is_mapped(void **state)
{
    struct hal_config config = {.force_bounce = true};
    static uint8_t room[ROOM];
    PSCATTER_GATHER_LIST list = (PSCATTER_GATHER_LIST)room;
    uint32_t word = 0x11223344;
    ULONG length = 4096;
    uint64_t va;
    PVOID base;
    PMDL mdl;

    (void)state;
    restart(&config, 64, true);
    mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    base = allocate_now(1);
    assert_true(mm_copy_to_va(bed.base.mm, va, &word, sizeof word));
    assert_int_equal(dma->MapTransferEx(a, mdl, base, 0, 0, &length, TRUE, list, ROOM, NULL, NULL),
                     STATUS_SUCCESS);
    word = 0;
    assert_int_equal(hw_dma_read(&bed.card.device, (uint64_t)list->Elements[0].Address.QuadPart,
                                 &word, sizeof word),
                     0);
    assert_int_equal(word, 0x11223344);
    assert_int_equal(dma->FlushAdapterBuffersEx(a, mdl, base, 0, length, TRUE), STATUS_SUCCESS);
    dma->FreeAdapterChannel(a);
    expect_quiet();
}

static void without_registers_nothing_is_mapped(void **state)
{
    struct hal_config config = {.force_bounce = true};
    static uint8_t room[ROOM];
    ULONG length = 4096;
    uint64_t va;
    PVOID base;
    PMDL mdl;

    (void)state;
    restart(&config, 64, true);
    mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    base = allocate_now(0);
    assert_int_equal(dma->MapTransferEx(a, mdl, base, 0, 0, &length, FALSE,
                                        (PSCATTER_GATHER_LIST)room, ROOM, NULL, NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(length, 4096);
    dma->FreeAdapterChannel(a);
}

/* ---- Common buffers -------------------------------------------------------------------------- */

static void caching_and_node_of_a_common_buffer_are_wishes(void **state)
{
    PHYSICAL_ADDRESS la;

    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    for (unsigned cached = 0; cached < 2; cached++) {
        for (ULONG node = 0; node < 2; node++) {
            PVOID va = dma->AllocateCommonBufferEx(a, NULL, 4096, &la, cached != 0, node);

            if (node == 0)
                assert_non_null(va);
            if (va != NULL)
                dma->FreeCommonBuffer(a, 4096, la, va, cached != 0);
        }
    }
    expect_quiet();
    ke_irql_raise(DISPATCH_LEVEL);
}

static void a_domain_buffer_keeps_its_bounds_and_its_kind(void **state)
{
    struct hal_config config = {.iommu = HAL_IOMMU_STRICT};
    PHYSICAL_ADDRESS maximum = {.QuadPart = 1 << 30}, la;
    MEMORY_CACHING_TYPE cached = MmCached, combined = MmWriteCombined;
    HANDLE domain;
    PVOID va = NULL;

    (void)state;
    restart(&config, 64, true);
    ke_irql_lower(PASSIVE_LEVEL);
    domain = dma->GetDmaDomain(a);
    assert_int_equal(dma->AllocateDomainCommonBuffer(a, domain, &maximum, 5000, 0, &cached, 0, &la,
                                                     &va),
                     STATUS_SUCCESS);
    assert_non_null(va);
    assert_true((uint64_t)la.QuadPart + 5000 <= (uint64_t)maximum.QuadPart);
    dma->FreeCommonBuffer(a, 5000, la, va, TRUE);
    assert_int_not_equal(dma->AllocateDomainCommonBuffer(a, domain, NULL, 5000, 0, &combined, 0,
                                                         &la, &va),
                         STATUS_SUCCESS);
    assert_int_equal(dma->AllocateDomainCommonBuffer(a, domain, NULL, 5000,
                                                     DOMAIN_COMMON_BUFFER_LARGE_PAGE, NULL, 0, &la,
                                                     &va),
                     STATUS_SUCCESS);
    dma->FreeCommonBuffer(a, 5000, la, va, TRUE);
    expect_quiet();
    ke_irql_raise(DISPATCH_LEVEL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(slots_of_version_3_are_held_to_the_irql_of_their_pages),
        TEST(the_routines_of_version_3_get_device_irp_and_context),
        TEST(resources_that_cannot_be_had_are_refused),
        TEST(a_built_list_keeps_the_rules_of_one_that_is_got),
        TEST(the_calling_pattern_moves_a_buffer_and_its_steps_are_missed),
        TEST(data_for_the_device_is_taken_when_it_is_mapped),
        TEST(without_registers_nothing_is_mapped),
        TEST(caching_and_node_of_a_common_buffer_are_wishes),
        TEST(a_domain_buffer_keeps_its_bounds_and_its_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
