/* SPDX-License-Identifier: MIT */
/* Pins that generate mappings: registration, tables, bouncing, locks that fail. */
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

/* ---- Registration ---------------------------------------------------------------------------- */

static void only_start(void)
{
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_unload();
}

static void ws2003sp1_has_iksdevicefunctions(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_WS2003SP1,
                                               .pin_flags = MAPPED};

    (void)state;
    world_run(&config, only_start);
    assert_int_equal(world->registration, STATUS_SUCCESS);
    assert_int_equal(world->events[TRACE_finding], 0);
    world_close();
}

static void windows_before_ws2003sp1_refuses_the_query_for_iksdevicefunctions(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_WS2003, .pin_flags = MAPPED};

    (void)state;
    world_run(&config, only_start);
    assert_false(NT_SUCCESS(world->registration));
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void the_old_registration_is_advice_where_the_new_one_exists(void **state)
{
    static const struct world_config with = {.windows = KE_WINDOWS_10, .old_registration = true};
    static const struct world_config without = {.windows = KE_WINDOWS_WS2003,
                                                .old_registration = true};

    (void)state;
    world_run(&with, only_start);
    assert_int_equal(world->rules[VERIFY_legacy_registration], 1);
    world_close();
    world_live(&without, only_start);
}

static void lock_one_frame(void)
{
    begin_paused();
    world_queue(1, WORLD_FRAME, 0);
    assert_null(leading(KSSTREAM_POINTER_STATE_LOCKED));
    assert_null(leading(KSSTREAM_POINTER_STATE_LOCKED));
    end();
}

static void a_stride_below_ksmapping_is_a_finding_and_later_locks_fail(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pin_flags = MAPPED, .stride_bytes = 8};

    (void)state;
    world_run(&config, lock_one_frame);
    assert_int_equal(world->registration, STATUS_INVALID_PARAMETER);
    assert_int_equal(world->rules[VERIFY_mapping_stride], 1);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void a_mapped_pin_without_an_adapter_is_told_once_and_locks_fail(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pin_flags = MAPPED, .no_adapter = true};

    (void)state;
    world_run(&config, lock_one_frame);
    assert_int_equal(world->rules[VERIFY_no_adapter], 1);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

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

/* ---- Locks that fail ------------------------------------------------------------------------- */

enum { SCARCE_FRAME = 16 * 4096, SCARCE_REGISTERS = 24 };

static PKSSTREAM_POINTER held_clone;
static unsigned null_edges;

/* Locks the leading edge and keeps a clone of it, as a driver feeding hardware does. */
static NTSTATUS NTAPI process_one_frame(PKSPIN pin)
{
    PKSSTREAM_POINTER lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);
    PKSSTREAM_POINTER clone;

    if (lead == NULL) {
        null_edges++;
        return STATUS_SUCCESS;
    }
    assert_int_equal(KsStreamPointerClone(lead, NULL, 0, &clone), STATUS_SUCCESS);
    KsStreamPointerAdvance(lead);
    held_clone = clone;
    return STATUS_SUCCESS;
}

static void exhaust_registers(void)
{
    struct world_request *first, *second;
    PKSSTREAM_POINTER clone;
    unsigned calls;

    null_edges = 0;
    held_clone = NULL;
    begin_paused();
    first = world_queue(1, SCARCE_FRAME, 0);
    assert_non_null(held_clone);
    clone = held_clone;
    second = world_queue(1, SCARCE_FRAME, 0);
    assert_true(null_edges > 0);
    assert_ptr_equal(held_clone, clone);
    calls = world->process_calls;
    sleep_ms(5);
    assert_in_range(world->process_calls, calls, calls + 3); /* no busy loop */
    assert_false(world_is_done(second));
    KsStreamPointerDelete(clone);
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    sleep_ms(20);
    assert_ptr_not_equal(held_clone, clone);
    KsStreamPointerDelete(held_clone);
    assert_int_equal(world_wait(second), STATUS_SUCCESS);
    assert_int_equal(FIGURE(registers_in_use), 0);
    end();
}

static void a_lock_that_failed_for_map_registers_is_tried_again_after_a_release(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS,
                                               .address32 = true,
                                               .force_bounce = true,
                                               .map_registers = SCARCE_REGISTERS,
                                               .process = process_one_frame};

    (void)state;
    world_live(&config, exhaust_registers);
}

static void too_large(void)
{
    struct world_request *request;
    unsigned calls;

    begin_paused();
    request = world_queue(1, MIB, 0);
    calls = world->process_calls;
    sleep_ms(2000);
    assert_in_range(world->process_calls, calls, calls + 20);
    assert_false(world_is_done(request));
    end();
    assert_int_equal(request->iosb.Status, STATUS_CANCELLED);
}

static void
a_frame_that_can_never_be_mapped_is_tried_now_and_then_and_cancelled_at_stop(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS,
                                               .address32 = true,
                                               .force_bounce = true,
                                               .map_registers = SCARCE_REGISTERS,
                                               .process = process_one_frame};

    (void)state;
    world_run(&config, too_large);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void cancel_while_asked(void)
{
    struct world_request *first, *second;

    held_clone = NULL;
    begin_paused();
    first = world_queue(1, SCARCE_FRAME, 0);
    second = world_queue(1, SCARCE_FRAME, 0);
    assert_non_null(held_clone);
    IoCancelIrp(second->irp);
    sleep_ms(50);
    KsStreamPointerDelete(held_clone);
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    assert_int_equal(world_wait(second), STATUS_CANCELLED);
    assert_int_equal(FIGURE(lists_live), 0);
    assert_int_equal(FIGURE(registers_in_use), 0);
    end();
}

static void a_frame_cancelled_while_its_list_is_owed_ends_after_the_list_came(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS,
                                               .address32 = true,
                                               .force_bounce = true,
                                               .map_registers = SCARCE_REGISTERS,
                                               .process = process_one_frame};

    (void)state;
    world_live(&config, cancel_while_asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ws2003sp1_has_iksdevicefunctions),
        cmocka_unit_test(windows_before_ws2003sp1_refuses_the_query_for_iksdevicefunctions),
        cmocka_unit_test(the_old_registration_is_advice_where_the_new_one_exists),
        cmocka_unit_test(a_stride_below_ksmapping_is_a_finding_and_later_locks_fail),
        cmocka_unit_test(a_mapped_pin_without_an_adapter_is_told_once_and_locks_fail),
        cmocka_unit_test(a_table_covers_the_frame_within_the_limit_and_keeps_the_drivers_bytes),
        cmocka_unit_test(advancing_offsets_moves_by_strides_and_leaves_clones_and_data_used_alone),
        cmocka_unit_test(a_frame_passed_unlocked_is_never_mapped),
        cmocka_unit_test(the_first_lock_of_any_pointer_makes_the_mappings),
        cmocka_unit_test(an_input_frame_is_mapped_over_its_data_used),
        cmocka_unit_test(a_32_bit_card_reaches_high_buffers_through_pages_below_4_gb),
        cmocka_unit_test(a_lock_that_failed_for_map_registers_is_tried_again_after_a_release),
        cmocka_unit_test(
            a_frame_that_can_never_be_mapped_is_tried_now_and_then_and_cancelled_at_stop),
        cmocka_unit_test(a_frame_cancelled_while_its_list_is_owed_ends_after_the_list_came),
    };

    return cmocka_run_group_tests_name("dma", tests, NULL, NULL);
}
