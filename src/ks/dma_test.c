/* SPDX-License-Identifier: MIT */
/* Pins that generate mappings: tables and bouncing. */
#include "ks/ks_world.h"

enum { MIB = 1 << 20 };
#define MAPPED (KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING)

static void begin_paused(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
}

static void end(void)
{
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    world_end();
}

static PKSSTREAM_POINTER leading(KSSTREAM_POINTER_STATE state)
{
    return KsPinGetLeadingEdgeStreamPointer(world->pin, state);
}

static KSMAPPING *entry_at(PKSSTREAM_POINTER pointer, ULONG index, ULONG stride)
{
    return (KSMAPPING *)(void *)((UCHAR *)pointer->Offset->Mappings + (SIZE_T)index * stride);
}

static uint64_t figure(size_t offset)
{
    struct hal_figures figures;

    hal_figures(world->hal, &figures);
    return *(uint64_t *)(void *)((char *)&figures + offset);
}
#define FIGURE(name) figure(offsetof(struct hal_figures, name))

/* ---- Tables ---------------------------------------------------------------------------------- */

static const struct world_config striding = {
    .windows = KE_WINDOWS_10, .pin_flags = MAPPED, .limit_bytes = 0x1000, .stride_bytes = 48};

static void check_entries(PKSSTREAM_POINTER pointer, ULONG count)
{
    uint64_t sum = 0;

    for (ULONG i = 0; i < count; i++) {
        KSMAPPING *mapping = entry_at(pointer, i, 48);

        assert_in_range(mapping->ByteCount, 1, 0x1000);
        sum += mapping->ByteCount;
        for (ULONG byte = sizeof *mapping; byte < 48; byte++)
            assert_int_equal(((UCHAR *)mapping)[byte], 0);
    }
    assert_int_equal(sum, MIB);
}

static void one_mib_with_an_offset(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead, clone;
    UCHAR *mark;
    ULONG count;

    begin_paused();
    request = world_queue(1, MIB, 0x123);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_non_null(lead);
    count = lead->Offset->Count;
    assert_int_equal(lead->Offset->Remaining, count);
    check_entries(lead, count);
    assert_int_equal(lead->OffsetIn.Count, 0);
    mark = (UCHAR *)entry_at(lead, count - 1, 48) + sizeof(KSMAPPING);
    memset(mark, 0xd5, 48 - sizeof(KSMAPPING));
    KsStreamPointerUnlock(lead, FALSE);
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    assert_int_equal(KsStreamPointerClone(lead, NULL, 0, &clone), STATUS_SUCCESS);
    assert_ptr_equal(clone->Offset->Mappings, lead->Offset->Mappings);
    assert_ptr_equal((UCHAR *)entry_at(clone, count - 1, 48) + sizeof(KSMAPPING), mark);
    for (ULONG i = 0; i < 48 - sizeof(KSMAPPING); i++)
        assert_int_equal(mark[i], 0xd5);
    assert_int_equal(FIGURE(lists_live), 1);
    KsStreamPointerDelete(clone);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(FIGURE(lists_live), 0);
    end();
}

static void a_table_covers_the_frame_within_the_limit_and_keeps_the_drivers_bytes(void **state)
{
    (void)state;
    world_live(&striding, one_mib_with_an_offset);
}

static void advance_by_three(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead, clone;
    KSSTREAM_POINTER_OFFSET before;
    UCHAR *start;

    begin_paused();
    request = world_queue(1, MIB, 0x123);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_int_equal(KsStreamPointerClone(lead, NULL, 0, &clone), STATUS_SUCCESS);
    before = clone->OffsetOut;
    start = (UCHAR *)lead->Offset->Mappings;
    lead->StreamHeader->DataUsed = 55;
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 3, FALSE), STATUS_SUCCESS);
    assert_ptr_equal((UCHAR *)lead->Offset->Mappings, start + 3 * 48);
    assert_int_equal(lead->Offset->Remaining, before.Remaining - 3);
    assert_int_equal(lead->Offset->Count, before.Count);
    assert_memory_equal(&clone->OffsetOut, &before, sizeof before);
    assert_int_equal(lead->StreamHeader->DataUsed, 55);
    KsStreamPointerDelete(clone);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(world_header(request, 0).DataUsed, 55);
    end();
}

static void advancing_offsets_moves_by_strides_and_leaves_clones_and_data_used_alone(void **state)
{
    (void)state;
    world_live(&striding, advance_by_three);
}

static void pass_unlocked(void)
{
    struct world_request *request;

    begin_paused();
    request = world_queue(1, MIB, 0);
    KsStreamPointerAdvance(leading(KSSTREAM_POINTER_STATE_UNLOCKED));
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(world_header(request, 0).DataUsed, 0);
    end();
    world_drain(world);
    assert_int_equal(world->events[TRACE_dma_map], 0);
}

static void a_frame_passed_unlocked_is_never_mapped(void **state)
{
    (void)state;
    world_live(&striding, pass_unlocked);
}

static void unlocked_clone(void)
{
    PKSSTREAM_POINTER clone;

    begin_paused();
    world_queue(1, MIB, 0);
    assert_int_equal(
        KsStreamPointerClone(leading(KSSTREAM_POINTER_STATE_UNLOCKED), NULL, 0, &clone),
        STATUS_SUCCESS);
    assert_int_equal(clone->Offset->Count, 0);
    assert_int_equal(KsStreamPointerLock(clone), STATUS_SUCCESS);
    assert_in_range(clone->Offset->Count, MIB / 0x1000, MIB / 0x1000 + 1);
    KsStreamPointerDelete(clone);
    end();
}

static void the_first_lock_of_any_pointer_makes_the_mappings(void **state)
{
    (void)state;
    world_live(&striding, unlocked_clone);
}

static void map_input(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;
    uint64_t sum = 0;

    begin_paused();
    request = world_queue(1, 10000, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_ptr_equal(lead->Offset, &lead->OffsetIn);
    for (ULONG i = 0; i < lead->Offset->Count; i++)
        sum += lead->Offset->Mappings[i].ByteCount;
    assert_int_equal(sum, 10000);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    end();
}

static void an_input_frame_is_mapped_over_its_data_used(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pin_flags = MAPPED, .input = true};

    (void)state;
    world_live(&config, map_input);
}

/* ---- Bouncing -------------------------------------------------------------------------------- */

/* The card fills the frame with its entry numbers. */
static void card_writes(PKSSTREAM_POINTER pointer)
{
    static UCHAR page[0x10000];

    for (ULONG i = 0; i < pointer->Offset->Count; i++) {
        KSMAPPING *mapping = &pointer->Offset->Mappings[i];

        memset(page, (int)(i + 1), sizeof page);
        assert_in_range(mapping->ByteCount, 1, sizeof page);
        assert_true((uint64_t)mapping->PhysicalAddress.QuadPart + mapping->ByteCount <= UINT64_C(1)
                                                                                            << 32);
        assert_int_equal(hw_dma_write(world->card, (uint64_t)mapping->PhysicalAddress.QuadPart,
                                      page, mapping->ByteCount),
                         0);
    }
}

static void bounce_above_4_gb(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;
    UCHAR first = 0xff;
    UCHAR last = 0xff;
    ULONG count;

    begin_paused();
    request = world_queue(1, 64 << 10, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_non_null(lead);
    count = lead->Offset->Count;
    card_writes(lead);
    assert_true(mm_copy_from_va(world->mm, &last, request->buffer_va[0] + (64 << 10) - 1, 1));
    assert_int_equal(last, 0); /* not before the completion */
    lead->StreamHeader->DataUsed = 64 << 10;
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_true(mm_copy_from_va(world->mm, &first, request->buffer_va[0], 1));
    assert_true(mm_copy_from_va(world->mm, &last, request->buffer_va[0] + (64 << 10) - 1, 1));
    assert_int_equal(first, 1);
    assert_int_equal(last, (UCHAR)count);
    assert_true(FIGURE(bounce_bytes) >= 64 << 10);
    assert_int_equal(FIGURE(registers_in_use), 0);
    end();
}

static void a_32_bit_card_reaches_high_buffers_through_pages_below_4_gb(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = MAPPED,
                                               .ram_bytes = UINT64_C(8) << 30,
                                               .policy = MM_HIGH,
                                               .address32 = true};

    (void)state;
    world_live(&config, bounce_above_4_gb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_covers_the_frame_within_the_limit_and_keeps_the_drivers_bytes),
        cmocka_unit_test(advancing_offsets_moves_by_strides_and_leaves_clones_and_data_used_alone),
        cmocka_unit_test(a_frame_passed_unlocked_is_never_mapped),
        cmocka_unit_test(the_first_lock_of_any_pointer_makes_the_mappings),
        cmocka_unit_test(an_input_frame_is_mapped_over_its_data_used),
        cmocka_unit_test(a_32_bit_card_reaches_high_buffers_through_pages_below_4_gb),
    };

    return cmocka_run_group_tests_name("dma", tests, NULL, NULL);
}
