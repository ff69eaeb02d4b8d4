/* SPDX-License-Identifier: MIT */
/* Random transfers over random chains, by lists and by MapTransferEx, on every kind of adapter:
 * whatever way the bytes take, each ends where the chain has it, and nothing else changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed_v3.h"

enum { MDLS_MAX = 4, MDL_BYTES_MAX = 12000, CHAIN_BYTES = MDLS_MAX * MDL_BYTES_MAX, ROUNDS = 60 };

static struct sim_rng rng;

struct chain {
    PMDL mdls[MDLS_MAX];
    uint64_t vas[MDLS_MAX];
    uint64_t size_bytes;
    unsigned count;
};

static uint64_t between(uint64_t low, uint64_t high)
{
    return low + sim_rng_below(&rng, high - low + 1);
}

static struct chain make_chain(void)
{
    struct chain chain = {.count = (unsigned)between(1, MDLS_MAX)};

    for (unsigned i = 0; i < chain.count; i++) {
        ULONG size_bytes = (ULONG)between(1, MDL_BYTES_MAX);

        chain.mdls[i] = hal_bed_buffer(&bed, size_bytes, (uint32_t)between(0, 4095), &chain.vas[i]);
        chain.size_bytes += size_bytes;
        if (i != 0)
            chain.mdls[i - 1]->Next = chain.mdls[i];
    }
    return chain;
}

/* All of the chain's bytes in order. */
static void copy_chain(const struct chain *chain, uint8_t *bytes, bool to_chain)
{
    for (unsigned i = 0; i < chain->count; i++) {
        ULONG size_bytes = chain->mdls[i]->ByteCount;

        if (to_chain)
            assert_true(mm_copy_to_va(bed.base.mm, chain->vas[i], bytes, size_bytes));
        else
            assert_true(mm_copy_from_va(bed.base.mm, bytes, chain->vas[i], size_bytes));
        bytes += size_bytes;
    }
}

static void by_list(struct chain *chain, uint64_t offset, ULONG length)
{
    struct context context = fresh();
    struct lists lists;

    assert_int_equal(get(&context, chain->mdls[0], offset, length, 0, &lists, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(lists.calls, 1);
    assert_int_equal(total(lists.list), length);
    card_writes(lists.list, 0);
    dma->PutScatterGatherList(a, lists.list, FALSE);
}

/* With a list and registers that suffice for some of it, again and again. */
static void by_pieces(struct chain *chain, uint64_t offset, ULONG length, bool scatter_gather)
{
    static uint8_t room[0x10 + 64 * 0x18];
    ULONG elements = (ULONG)between(1, 8);
    ULONG count = scatter_gather ? (ULONG)between(2, registers) : registers;
    PVOID base = allocate_now(count);
    ULONG done = 0;

    while (done != length) {
        ULONG piece = length - done;

        assert_int_equal(dma->MapTransferEx(a, chain->mdls[0], base, offset + done, 0, &piece,
                                            FALSE, (PSCATTER_GATHER_LIST)room,
                                            0x10 + elements * 0x18, NULL, NULL),
                         STATUS_SUCCESS);
        assert_in_range(piece, 1, length - done);
        assert_int_equal(total((PSCATTER_GATHER_LIST)room), piece);
        card_writes((PSCATTER_GATHER_LIST)room, done);
        assert_int_equal(dma->FlushAdapterBuffersEx(a, chain->mdls[0], base, offset + done, piece,
                                                    FALSE),
                         STATUS_SUCCESS);
        done += piece;
    }
    dma->FreeAdapterChannel(a);
}

static void transfer_some(bool scatter_gather)
{
    static uint8_t before[CHAIN_BYTES], found[CHAIN_BYTES];
    struct chain chain = make_chain();
    uint64_t offset = between(0, chain.size_bytes - 1);
    ULONG length = (ULONG)between(1, chain.size_bytes - offset);

    for (uint64_t i = 0; i < chain.size_bytes; i++)
        before[i] = (uint8_t)sim_rng_u64(&rng);
    copy_chain(&chain, before, true);
    if (between(0, 1))
        by_list(&chain, offset, length);
    else
        by_pieces(&chain, offset, length, scatter_gather);
    copy_chain(&chain, found, false);
    for (uint64_t i = 0; i < length; i++)
        before[offset + i] = (uint8_t)(i * 7 + i / 251);
    assert_memory_equal(found, before, chain.size_bytes);
}

static void random_transfers_end_where_the_chain_has_them(void **state)
{
    (void)state;
    sim_rng_init(&rng, 11, "test");
    for (unsigned kind = 0; kind < 24; kind++) {
        static const enum hal_iommu iommus[] = {HAL_IOMMU_OFF, HAL_IOMMU_REMAP, HAL_IOMMU_STRICT};
        struct hal_config config = {.iommu = iommus[kind % 3], .force_bounce = kind / 3 % 2};
        bool scatter_gather = kind / 6 % 2;

        restart(&config, kind / 12 ? 64 : 32, scatter_gather);
        a = hal_bed_adapter_v3(&bed, kind / 12 ? 64 : 32, scatter_gather, 4 * CHAIN_BYTES,
                               &registers);
        for (unsigned round = 0; round < ROUNDS; round++)
            transfer_some(scatter_gather);
        assert_int_equal(bed.hal->figures.registers_in_use, 0);
        assert_int_equal(bed.hal->figures.lists_live, 0);
        expect_quiet();
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_transfers_end_where_the_chain_has_them, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
