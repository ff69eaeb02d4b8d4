/* SPDX-License-Identifier: MIT */
/* Mapping tables of frames that a seed makes up, against the model: lists made up as well, and
 * lists that the HAL builds from made-up pages, direct, bounced, mixed and remapped, out of one MDL
 * or a chain. Every case stands for itself: WEIR_CASES says how many there are, WEIR_FIRST_CASE
 * where to begin (a failure names its case). */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hal/testbed.h"
#include "ks/mapping_split.h"

#include "ks/mapping_model.h"

enum { CASES = 1500, ELEMENTS_MAX = 24, STRIDE_MAX = 96, MARK = 0xa5 };

static struct model_frame frame;
static uint64_t current_case;

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

typedef void property(struct sim_rng *rng);

static void for_all_cases(const char *stream, property *holds)
{
    uint64_t first = setting("WEIR_FIRST_CASE", 1);
    uint64_t end = first + setting("WEIR_CASES", CASES);

    for (current_case = first; current_case != end; current_case++) {
        struct sim_rng rng;

        sim_rng_init(&rng, current_case, stream);
        holds(&rng);
    }
    current_case = 0;
}

static int tell_case(void **state)
{
    (void)state;
    if (current_case != 0)
        fprintf(stderr, "failed in case %" PRIu64 "\n", current_case);
    current_case = 0;
    return 0;
}

static uint32_t between(struct sim_rng *rng, uint32_t least, uint32_t most)
{
    return least + (uint32_t)sim_rng_below(rng, most - least + 1);
}

static bool one_in(struct sim_rng *rng, uint32_t n)
{
    return sim_rng_below(rng, n) == 0;
}

/* The limits that drivers use, and odd ones. */
static uint32_t pick_limit(struct sim_rng *rng)
{
    static const uint32_t usual[] = {0, 4096, 1 << 20, MAXULONG, 65536, 4095, 4097};

    if (one_in(rng, 3))
        return between(rng, 1, 9000);
    return usual[sim_rng_below(rng, ARRAY_LEN(usual))];
}

static uint32_t pick_stride(struct sim_rng *rng)
{
    return one_in(rng, 2) ? (uint32_t)sizeof(KSMAPPING)
                          : between(rng, sizeof(KSMAPPING), STRIDE_MAX);
}

/* ---- The table ------------------------------------------------------------------------------- */

/* The driver's part of each entry begins as zero, and nothing is written behind the table. */
static void expect_clean(const uint8_t *table, uint32_t count, uint32_t bound, uint32_t stride)
{
    static const uint8_t zeros[STRIDE_MAX];
    uint8_t marks[STRIDE_MAX];

    memset(marks, MARK, sizeof marks);
    for (uint32_t i = 0; i < count; i++)
        assert_true(memcmp(table + (size_t)i * stride + sizeof(KSMAPPING), zeros,
                           stride - sizeof(KSMAPPING)) == 0);
    assert_memory_equal(table + (size_t)bound * stride, marks, sizeof marks);
}

/* Splits the list and compares with the frame in the model; the caller frees the table. */
static uint8_t *split_and_compare(const SCATTER_GATHER_LIST *list, uint32_t limit, uint32_t stride,
                                  uint32_t *count)
{
    uint32_t bound = ks_mapping_split_bound(list, limit, frame.size_bytes);
    size_t bytes = (size_t)bound * stride + STRIDE_MAX;
    uint8_t *table = malloc(bytes);

    assert_non_null(table);
    memset(table, MARK, bytes);
    *count = ks_mapping_split(list, limit, stride, table, bound);
    assert_true(*count <= bound);
    assert_int_equal(*count, model_expect_table(&frame, limit, table, stride));
    expect_clean(table, *count, bound, stride);
    return table;
}

/* ---- Lists made up --------------------------------------------------------------------------- */

static void add_bytes(uint64_t la, uint32_t size_bytes)
{
    assert_true(frame.size_bytes + size_bytes <= MODEL_BYTES_MAX);
    for (uint32_t i = 0; i < size_bytes; i++)
        frame.bytes[frame.size_bytes++] = (struct model_byte){la + i, i == 0};
}

static uint32_t pick_length(struct sim_rng *rng)
{
    static const uint32_t most[] = {3, 64, 4096, 20000};
    uint32_t room = MODEL_BYTES_MAX - frame.size_bytes;
    uint32_t length = between(rng, 1, most[sim_rng_below(rng, ARRAY_LEN(most))]);

    return length < room ? length : room;
}

static void make_up_list(struct sim_rng *rng, SCATTER_GATHER_LIST *list)
{
    uint64_t end_la = 0;

    frame.size_bytes = 0;
    list->NumberOfElements = between(rng, 0, ELEMENTS_MAX);
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        uint64_t la = one_in(rng, 4) ? end_la : sim_rng_below(rng, UINT64_C(1) << 40);
        uint32_t length = pick_length(rng);

        if (length == 0) {
            list->NumberOfElements = i;
            return;
        }
        list->Elements[i].Address.QuadPart = (LONGLONG)la;
        list->Elements[i].Length = length;
        add_bytes(la, length);
        end_la = la + length;
    }
}

static uint64_t highest_la(void)
{
    uint64_t highest = 0;

    for (uint32_t i = 0; i < frame.size_bytes; i++)
        highest = frame.bytes[i].la > highest ? frame.bytes[i].la : highest;
    return highest;
}

static void made_up_list_is_cut_right(struct sim_rng *rng)
{
    static uint8_t memory[sizeof(SCATTER_GATHER_LIST) +
                          ELEMENTS_MAX * sizeof(SCATTER_GATHER_ELEMENT)]
        __attribute__((aligned(16)));
    SCATTER_GATHER_LIST *list = (void *)memory;
    uint32_t count;

    make_up_list(rng, list);
    free(split_and_compare(list, pick_limit(rng), pick_stride(rng), &count));
    assert_int_equal(ks_mapping_split_highest(list), highest_la());
}

static void any_list_is_cut_as_the_model_says(void **state)
{
    (void)state;
    for_all_cases("split", made_up_list_is_cut_right);
}

/* ---- Lists of the HAL ------------------------------------------------------------------------ */

enum { PAGES_MAX = 20, BLOCK_PAGES = 64, CHAIN_MAX = 3 };

static struct hal_bed bed;
static bool moves_all; /* bounced or remapped, no page keeps its address */
static bool may_be_wide; /* a 64-bit card's addresses may lie anywhere */
static mm_pfn low_block, high_block;

struct buffer {
    mm_pfn pfns[PAGES_MAX];
    uint32_t pages;
    PMDL chain[CHAIN_MAX];
    uint32_t chained;
    uint64_t pa[MODEL_BYTES_MAX]; /* of each byte */
    uint32_t size_bytes;
};

static struct buffer buffer;

static int start(bool force_bounce, enum hal_iommu iommu)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB, .policy = MM_SCATTERED};
    struct hal_config config = {.force_bounce = force_bounce, .iommu = iommu};

    hal_bed_start(&bed, &mm, &config);
    moves_all = force_bounce || iommu != HAL_IOMMU_OFF;
    may_be_wide = iommu != HAL_IOMMU_OFF;
    low_block = mm_contiguous_allocate(bed.base.mm, BLOCK_PAGES, 16 << 20, UINT32_MAX, 0);
    high_block = mm_contiguous_allocate(bed.base.mm, BLOCK_PAGES, UINT64_C(5) << 30,
                                        UINT64_C(7) << 30, 0);
    assert_int_not_equal(low_block, MM_PFN_NONE);
    assert_int_not_equal(high_block, MM_PFN_NONE);
    return 0;
}

static int start_plain(void **state)
{
    (void)state;
    return start(false, HAL_IOMMU_OFF);
}

static int start_bouncing(void **state)
{
    (void)state;
    return start(true, HAL_IOMMU_OFF);
}

static int start_remapping(void **state)
{
    (void)state;
    return start(false, HAL_IOMMU_REMAP);
}

static int start_strict(void **state)
{
    (void)state;
    return start(false, HAL_IOMMU_STRICT);
}

static int stop(void **state)
{
    mm_contiguous_free(bed.base.mm, low_block, BLOCK_PAGES);
    mm_contiguous_free(bed.base.mm, high_block, BLOCK_PAGES);
    hal_bed_stop(&bed);
    return tell_case(state);
}

static bool is_taken(mm_pfn pfn)
{
    for (uint32_t i = 0; i < buffer.pages; i++) {
        if (buffer.pfns[i] == pfn)
            return true;
    }
    return false;
}

/* Often the neighbour of the page before, so that there are runs; no page twice. */
static mm_pfn pick_page(struct sim_rng *rng)
{
    mm_pfn pfn = buffer.pages != 0 ? buffer.pfns[buffer.pages - 1] + 1 : MM_PFN_NONE;
    bool in_low = pfn >= low_block && pfn < low_block + BLOCK_PAGES;
    bool in_high = pfn >= high_block && pfn < high_block + BLOCK_PAGES;

    if (!(in_low || in_high) || one_in(rng, 3) || is_taken(pfn)) {
        do
            pfn = (one_in(rng, 2) ? low_block : high_block) + sim_rng_below(rng, BLOCK_PAGES);
        while (is_taken(pfn));
    }
    return pfn;
}

/* An MDL over new pages, some bytes into the first and some short of the end of the last. */
static PMDL add_mdl(struct sim_rng *rng, uint32_t pages)
{
    uint32_t offset = one_in(rng, 3) ? 0 : between(rng, 0, MM_PAGE_SIZE - 1);
    uint32_t room = pages * MM_PAGE_SIZE - offset;
    uint32_t least = pages == 1 ? 1 : (pages - 1) * MM_PAGE_SIZE - offset + 1;
    uint32_t bytes = one_in(rng, 3) ? room : between(rng, least, room);
    PMDL mdl = IoAllocateMdl((PVOID)(ULONG_PTR)(0x10000 + offset), bytes, FALSE, FALSE, NULL);

    assert_non_null(mdl);
    for (uint32_t i = 0; i < pages; i++) {
        mm_pfn pfn = pick_page(rng);

        buffer.pfns[buffer.pages++] = pfn;
        MmGetMdlPfnArray(mdl)[i] = pfn;
    }
    for (uint32_t i = 0; i < bytes; i++)
        buffer.pa[buffer.size_bytes++] =
            (MmGetMdlPfnArray(mdl)[(offset + i) / MM_PAGE_SIZE] << MM_PAGE_SHIFT) +
            (offset + i) % MM_PAGE_SIZE;
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    return mdl;
}

static void make_buffer(struct sim_rng *rng)
{
    buffer.pages = buffer.size_bytes = 0;
    buffer.chained = one_in(rng, 3) ? between(rng, 2, CHAIN_MAX) : 1;
    for (uint32_t i = 0; i < buffer.chained; i++) {
        buffer.chain[i] = add_mdl(rng, between(rng, 1, PAGES_MAX / CHAIN_MAX));
        if (i != 0)
            buffer.chain[i - 1]->Next = buffer.chain[i];
    }
}

static void free_buffer(void)
{
    for (uint32_t i = 0; i < buffer.chained; i++) {
        buffer.chain[i]->MdlFlags &= ~MDL_PAGES_LOCKED;
        IoFreeMdl(buffer.chain[i]);
    }
}

static bool is_direct(uint64_t pa, bool wide)
{
    return !moves_all && (wide || pa < UINT64_C(1) << 32);
}

/* Where a page was put that does not keep its address: the list tells, but each page has one place,
 * as far into its page, in reach, and of its own. */
static uint64_t moved_la(const SCATTER_GATHER_LIST *list, uint32_t at)
{
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        const SCATTER_GATHER_ELEMENT *element = &list->Elements[i];

        if (at < element->Length)
            return (uint64_t)element->Address.QuadPart + at;
        at -= element->Length;
    }
    fail_msg("the list ends before the buffer");
    return 0;
}

static void expect_moved_page(uint32_t at, bool wide)
{
    uint64_t la = frame.bytes[at].la;

    if (at != 0 && buffer.pa[at] % MM_PAGE_SIZE != 0 && buffer.pa[at] == buffer.pa[at - 1] + 1) {
        if (la != frame.bytes[at - 1].la + 1)
            fail_msg("byte %u of a page does not follow the one before", at);
        return;
    }
    assert_int_equal(la % MM_PAGE_SIZE, buffer.pa[at] % MM_PAGE_SIZE);
    assert_true(la < UINT64_C(1) << 32 || (wide && may_be_wide));
    assert_int_not_equal(la, buffer.pa[at]);
}

/* Addresses of all bytes, from the pages; a 4 GB line ends an element. */
static void model_frame_of(const SCATTER_GATHER_LIST *list, uint32_t skip, uint32_t bytes,
                           bool wide)
{
    frame.size_bytes = bytes;
    for (uint32_t i = 0; i < bytes; i++) {
        buffer.pa[i] = buffer.pa[skip + i];
        frame.bytes[i].la =
            is_direct(buffer.pa[i], wide) ? buffer.pa[i] : moved_la(list, i);
        frame.bytes[i].begins = (uint32_t)frame.bytes[i].la == 0;
        if (!is_direct(buffer.pa[i], wide))
            expect_moved_page(i, wide);
    }
}

static void NTAPI keep_list(PDEVICE_OBJECT DeviceObject, PIRP Irp, PSCATTER_GATHER_LIST List,
                            PVOID Context)
{
    (void)DeviceObject;
    (void)Irp;
    *(PSCATTER_GATHER_LIST *)Context = List;
}

static uint8_t pattern(uint32_t at)
{
    return (uint8_t)(at * 31 + at / 251 + current_case);
}

static bool has_pattern(const uint8_t *bytes, uint32_t at, uint32_t count)
{
    bool same = true;

    for (uint32_t i = 0; i < count; i++)
        same = same && bytes[i] == pattern(at + i);
    return same;
}

static uint8_t *cpu_byte(uint32_t at)
{
    mm_pfn pfn = buffer.pa[at] >> MM_PAGE_SHIFT;

    return (uint8_t *)mm_page(bed.base.mm, pfn) + buffer.pa[at] % MM_PAGE_SIZE;
}

/* The card follows the table, entry by entry, as a driver would have programmed it. */
static void card_moves(const uint8_t *table, uint32_t count, uint32_t stride, bool to_device)
{
    static uint8_t bytes[MODEL_BYTES_MAX];
    uint32_t at = 0;

    for (uint32_t i = 0; i < count; i++) {
        KSMAPPING mapping;
        uint64_t la;

        memcpy(&mapping, table + (size_t)i * stride, sizeof mapping);
        la = (uint64_t)mapping.PhysicalAddress.QuadPart;
        for (uint32_t byte = 0; byte < mapping.ByteCount; byte++)
            bytes[byte] = to_device ? 0 : pattern(at + byte);
        if (to_device)
            assert_int_equal(hw_dma_read(&bed.card.device, la, bytes, mapping.ByteCount), 0);
        else
            assert_int_equal(hw_dma_write(&bed.card.device, la, bytes, mapping.ByteCount), 0);
        assert_true(has_pattern(bytes, at, mapping.ByteCount));
        at += mapping.ByteCount;
    }
    assert_int_equal(at, frame.size_bytes);
}

static void fill_buffer(uint32_t skip, uint32_t bytes, bool with_pattern)
{
    for (uint32_t i = 0; i < buffer.size_bytes; i++)
        *cpu_byte(i) = 0xee;
    for (uint32_t i = 0; i < bytes && with_pattern; i++)
        *cpu_byte(skip + i) = pattern(i);
}

static void expect_pattern(uint32_t bytes)
{
    bool same = true;

    for (uint32_t i = 0; i < bytes; i++)
        same = same && *cpu_byte(i) == pattern(i);
    assert_true(same);
}

static void list_of_the_hal_is_cut_right(struct sim_rng *rng)
{
    bool wide = one_in(rng, 2);
    bool to_device = one_in(rng, 2);
    uint32_t limit = pick_limit(rng);
    uint32_t stride = pick_stride(rng);
    PSCATTER_GATHER_LIST list = NULL;
    const DMA_OPERATIONS *operations;
    uint32_t skip, bytes, count;
    PDMA_ADAPTER adapter;
    ULONG registers;
    uint8_t *table;

    make_buffer(rng);
    skip = one_in(rng, 2) ? 0 : between(rng, 0, buffer.chain[0]->ByteCount - 1);
    bytes = one_in(rng, 2) ? buffer.size_bytes - skip : between(rng, 1, buffer.size_bytes - skip);
    fill_buffer(skip, bytes, to_device);
    adapter = hal_bed_adapter(&bed, wide, true, PAGES_MAX * MM_PAGE_SIZE, &registers);
    operations = hal_bed_operations(&bed, adapter);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(
        operations->GetScatterGatherList(
            adapter, NULL, buffer.chain[0],
            (PUCHAR)MmGetMdlVirtualAddress(buffer.chain[0]) + skip, bytes, keep_list, &list,
            to_device),
        STATUS_SUCCESS);
    assert_non_null(list);
    model_frame_of(list, skip, bytes, wide);
    table = split_and_compare(list, limit, stride, &count);
    card_moves(table, count, stride, to_device);
    operations->PutScatterGatherList(adapter, list, to_device);
    expect_pattern(bytes);
    free(table);
    ke_irql_lower(PASSIVE_LEVEL);
    operations->PutDmaAdapter(adapter);
    assert_int_equal(testbed_all_findings(&bed.base), 0);
    free_buffer();
}

static void lists_of_the_hal_are_cut_as_the_model_says_and_carry_every_byte(void **state)
{
    (void)state;
    for_all_cases("hal", list_of_the_hal_is_cut_right);
}

static void bounced_lists_are_cut_as_the_model_says_and_carry_every_byte(void **state)
{
    (void)state;
    for_all_cases("bounce", list_of_the_hal_is_cut_right);
}

static void remapped_lists_are_cut_as_the_model_says_and_carry_every_byte(void **state)
{
    (void)state;
    for_all_cases("remap", list_of_the_hal_is_cut_right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(any_list_is_cut_as_the_model_says, tell_case),
        cmocka_unit_test_setup_teardown(
            lists_of_the_hal_are_cut_as_the_model_says_and_carry_every_byte, start_plain, stop),
        cmocka_unit_test_setup_teardown(
            bounced_lists_are_cut_as_the_model_says_and_carry_every_byte, start_bouncing, stop),
        cmocka_unit_test_setup_teardown(
            remapped_lists_are_cut_as_the_model_says_and_carry_every_byte, start_remapping, stop),
        cmocka_unit_test_setup_teardown(
            remapped_lists_are_cut_as_the_model_says_and_carry_every_byte, start_strict, stop),
    };

    return cmocka_run_group_tests_name("mapping_property", tests, NULL, NULL);
}
