/* SPDX-License-Identifier: MIT */
/* Statements of the documentation about stream pointers on pins that generate mappings, one test
 * each; docs/dma-statements.tsv says which. */
#include "ks/ks_world.h"

enum { MIB = 1 << 20, PAGE = 4096, SCARCE_FRAME = 16 * PAGE };
#define MAPPED (KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING)

static const struct world_config mapped = {.windows = KE_WINDOWS_10, .pin_flags = MAPPED};
static const struct world_config mapped_input = {
    .windows = KE_WINDOWS_10, .pin_flags = MAPPED, .input = true};
static const struct world_config plain = {.windows = KE_WINDOWS_10,
                                          .pin_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING};

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

static PKSSTREAM_POINTER clone_of(PKSSTREAM_POINTER pointer)
{
    PKSSTREAM_POINTER clone = NULL;

    assert_int_equal(KsStreamPointerClone(pointer, NULL, 0, &clone), STATUS_SUCCESS);
    return clone;
}

static uint64_t lists_live(void)
{
    struct hal_figures figures;

    hal_figures(world->hal, &figures);
    return figures.lists_live;
}

/* ---- Frames at the hardware ------------------------------------------------------------------ */

static void three_at_once(void)
{
    PKSSTREAM_POINTER lead, clones[3];

    begin_paused();
    for (unsigned i = 0; i < 3; i++)
        world_queue(1, MIB, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(lead->Offset->Count > 0);
        clones[i] = clone_of(lead);
        assert_int_equal(KsStreamPointerAdvance(lead),
                         i < 2 ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY);
    }
    assert_int_equal(lists_live(), 3);
    for (unsigned i = 0; i < 3; i++) {
        KsStreamPointerDelete(clones[i]);
        assert_int_equal(world_wait(&world->requests[i]), STATUS_SUCCESS);
        assert_int_equal(lists_live(), 2 - i);
    }
    end();
}

static void several_frames_can_be_at_the_hardware_at_once(void **state)
{
    (void)state;
    world_live(&mapped, three_at_once);
}

static void advance_clone(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead, clone;
    ULONG count;

    begin_paused();
    request = world_queue(1, MIB, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    clone = clone_of(lead);
    count = clone->Offset->Count;
    assert_true(count > 2);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(KsStreamPointerAdvanceOffsets(clone, 1, 0, FALSE), STATUS_SUCCESS);
    assert_int_equal(clone->Offset->Remaining, count - 1);
    assert_int_equal(clone->Offset->Count, count);
    assert_false(world_is_done(request));
    KsStreamPointerDelete(clone);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    end();
}

static void advance_clone_out(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead, clone;
    ULONG count;

    begin_paused();
    request = world_queue(1, MIB, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    clone = clone_of(lead);
    count = clone->Offset->Count;
    assert_int_equal(KsStreamPointerAdvanceOffsets(clone, 0, 2, FALSE), STATUS_SUCCESS);
    assert_int_equal(clone->Offset->Remaining, count - 2);
    assert_int_equal(lead->Offset->Remaining, count);
    KsStreamPointerUnlock(lead, TRUE);
    assert_false(world_is_done(request));
    KsStreamPointerDelete(clone);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    end();
}

static void a_clone_that_is_advanced_passes_a_part_of_its_frame(void **state)
{
    (void)state;
    world_live(&mapped_input, advance_clone);
    world_live(&mapped, advance_clone_out);
}

/* ---- Locks and memory ------------------------------------------------------------------------ */

enum { LOCKS_MAX = 40 };

/* Locks and clones frame after frame; how many locks succeeded before one failed. */
static unsigned fill_with_locks(unsigned frames, ULONG frame_bytes)
{
    PKSSTREAM_POINTER clones[LOCKS_MAX];
    PKSSTREAM_POINTER lead;
    unsigned held = 0;

    for (unsigned i = 0; i < frames; i++)
        world_queue(1, frame_bytes, 0);
    while (held < frames && (lead = leading(KSSTREAM_POINTER_STATE_LOCKED)) != NULL) {
        clones[held++] = clone_of(lead);
        KsStreamPointerUnlock(lead, TRUE);
    }
    for (unsigned i = 0; i < held; i++)
        KsStreamPointerDelete(clones[i]);
    return held;
}

static unsigned expected_locks;

static void many_locks(void)
{
    begin_paused();
    assert_int_equal(fill_with_locks(LOCKS_MAX, 4 * MIB), expected_locks);
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    assert_int_equal(lists_live(), 0);
    world_end();
}

static void low_memory_limits_how_many_locks_fit(void **state)
{
    static const struct world_config narrow = {.windows = KE_WINDOWS_10,
                                               .pin_flags = MAPPED,
                                               .ram_bytes = UINT64_C(8) << 30,
                                               .policy = MM_HIGH,
                                               .map_registers = 1 << 20,
                                               .address32 = true};
    static const struct world_config wide = {.windows = KE_WINDOWS_10,
                                             .pin_flags = MAPPED,
                                             .ram_bytes = UINT64_C(8) << 30,
                                             .policy = MM_HIGH};

    (void)state;
    expected_locks = 64 / 4; /* 64 MB of low memory, 4 MB a frame */
    world_live(&narrow, many_locks);
    expected_locks = LOCKS_MAX;
    world_live(&wide, many_locks);
}

static void few_locks(void)
{
    begin_paused();
    for (unsigned i = 0; i < 10; i++) {
        struct world_request *request = world_queue(1, SCARCE_FRAME, 0);
        PKSSTREAM_POINTER lead = leading(KSSTREAM_POINTER_STATE_LOCKED);

        assert_non_null(lead);
        KsStreamPointerUnlock(lead, TRUE);
        assert_int_equal(world_wait(request), STATUS_SUCCESS);
    }
    end();
    world_drain(world);
    assert_int_equal(world->events[TRACE_frame_lock_failed], 0);
}

static void a_driver_that_holds_few_locks_never_fails(void **state)
{
    static const struct world_config scarce = {.windows = KE_WINDOWS_10,
                                               .pin_flags = MAPPED,
                                               .address32 = true,
                                               .force_bounce = true,
                                               .map_registers = 24};

    (void)state;
    world_live(&scarce, few_locks);
}

/* ---- Locked and unlocked --------------------------------------------------------------------- */

static void eject(void)
{
    struct world_request *first, *second;
    PKSSTREAM_POINTER lead;
    PKSSTREAM_HEADER header;

    begin_paused();
    first = world_queue(1, 100, 0);
    second = world_queue(1, 200, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    header = lead->StreamHeader;
    KsStreamPointerUnlock(lead, FALSE);
    assert_ptr_equal(lead->StreamHeader, header);
    assert_false(world_is_done(first));
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    KsStreamPointerUnlock(lead, TRUE);
    assert_ptr_not_equal(lead->StreamHeader, header);
    assert_int_equal(lead->Offset->Count, 200);
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    assert_false(world_is_done(second));
    end();
}

static void unlocking_with_eject_advances_and_without_stays(void **state)
{
    (void)state;
    world_live(&plain, eject);
}

static void keeps_state(void)
{
    PKSSTREAM_POINTER lead;

    begin_paused();
    for (unsigned i = 0; i < 3; i++)
        world_queue(1, 100, 0);
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    assert_int_equal(KsStreamPointerAdvance(lead), STATUS_SUCCESS);
    assert_null(KsStreamPointerGetIrp(lead, NULL, NULL)); /* unlocked still */
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    assert_int_equal(KsStreamPointerAdvance(lead), STATUS_SUCCESS);
    assert_ptr_equal(KsStreamPointerGetIrp(lead, NULL, NULL), world->requests[2].irp);
    KsStreamPointerUnlock(lead, FALSE);
    end();
}

static void advancing_keeps_the_state_of_the_pointer(void **state)
{
    (void)state;
    world_live(&plain, keeps_state);
}

/* The second frame cannot be mapped while the first one is: the clone keeps it. */
static void advance_into_nothing(void)
{
    PKSSTREAM_POINTER lead, clone;
    PKSSTREAM_HEADER header;

    begin_paused();
    world_queue(1, SCARCE_FRAME, 0);
    world_queue(1, SCARCE_FRAME, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    header = lead->StreamHeader;
    clone = clone_of(lead);
    assert_int_equal(KsStreamPointerAdvance(lead), STATUS_DEVICE_NOT_READY);
    assert_non_null(lead->StreamHeader);
    assert_ptr_not_equal(lead->StreamHeader, header);
    assert_null(KsStreamPointerGetIrp(lead, NULL, NULL)); /* unlocked on the new frame */
    KsStreamPointerDelete(clone);
    assert_int_equal(world_wait(&world->requests[0]), STATUS_SUCCESS);
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(&world->requests[1]), STATUS_SUCCESS);
    end();
}

static void advancing_into_a_frame_that_cannot_be_locked_leaves_the_pointer_unlocked(void **state)
{
    static const struct world_config scarce = {.windows = KE_WINDOWS_10,
                                               .pin_flags = MAPPED,
                                               .address32 = true,
                                               .force_bounce = true,
                                               .map_registers = 24};

    (void)state;
    world_live(&scarce, advance_into_nothing);
}

static void offsets_unlocked(void)
{
    PKSSTREAM_POINTER lead;
    ULONG count;

    begin_paused();
    world_queue(1, MIB, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    count = lead->Offset->Count;
    KsStreamPointerUnlock(lead, FALSE);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 1, FALSE), STATUS_DEVICE_NOT_READY);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 1, TRUE), STATUS_DEVICE_NOT_READY);
    KsStreamPointerAdvanceOffsetsAndUnlock(lead, 0, 1, TRUE);
    assert_int_equal(lead->Offset->Remaining, count);
    end();
}

static void offsets_of_an_unlocked_pointer_do_not_advance(void **state)
{
    (void)state;
    world_live(&mapped, offsets_unlocked);
}

static void too_much(void)
{
    PKSSTREAM_POINTER lead;
    PKSSTREAM_HEADER header;
    ULONG count;

    begin_paused();
    for (unsigned i = 0; i < 3; i++)
        world_queue(1, MIB, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    count = lead->Offset->Count;
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, count + 1000, FALSE), STATUS_SUCCESS);
    header = lead->StreamHeader; /* of the second frame, at its beginning */
    assert_int_equal(lead->Offset->Remaining, lead->Offset->Count);
    assert_int_equal(world_wait(&world->requests[0]), STATUS_SUCCESS);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, lead->Offset->Count, FALSE),
                     STATUS_SUCCESS);
    assert_ptr_not_equal(lead->StreamHeader, header);
    KsStreamPointerUnlock(lead, FALSE);
    end();
}

static void offsets_stop_at_the_end_of_the_frame(void **state)
{
    (void)state;
    world_live(&mapped, too_much);
}

static void unlocked_offsets(void)
{
    PKSSTREAM_POINTER lead;

    begin_paused();
    world_queue(1, MIB, 0);
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    assert_null(lead->Offset->Mappings);
    assert_int_equal(lead->Offset->Count + lead->Offset->Remaining, 0);
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    assert_non_null(lead->Offset->Mappings);
    KsStreamPointerUnlock(lead, FALSE);
    end();
}

static void the_mappings_of_an_unlocked_pointer_are_not_there_before_the_first_lock(void **state)
{
    (void)state;
    world_live(&mapped, unlocked_offsets);
}

static void at_dispatch(void)
{
    PKSSTREAM_POINTER lead, clone;
    KIRQL irql;

    begin_paused();
    world_queue(1, MIB, 0);
    world_queue(1, MIB, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_non_null(lead);
    clone = clone_of(lead);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 1, FALSE), STATUS_SUCCESS);
    assert_int_equal(KsStreamPointerAdvance(lead), STATUS_SUCCESS);
    KsStreamPointerUnlock(lead, FALSE);
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    KsStreamPointerUnlock(lead, TRUE);
    KsStreamPointerDelete(clone);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(world_wait(&world->requests[i]), STATUS_SUCCESS);
    end();
}

static void stream_pointers_work_at_dispatch_level(void **state)
{
    (void)state;
    world_live(&mapped, at_dispatch);
}

/* ---- Processing ------------------------------------------------------------------------------ */

static KIRQL process_irql;

static NTSTATUS NTAPI process_notes_irql(PKSPIN pin)
{
    (void)pin;
    process_irql = KeGetCurrentIrql();
    return STATUS_PENDING;
}

static void NTAPI attempt(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KsPinAttemptProcessing(world->pin, FALSE);
    assert_int_equal(world->process_calls, 0); /* not within the call */
}

static void attempt_by_dpc(void)
{
    static KDPC dpc;

    begin_paused();
    world_queue(1, PAGE, 0);
    process_irql = HIGH_LEVEL;
    KeInitializeDpc(&dpc, attempt, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(process_irql, PASSIVE_LEVEL);
    end();
}

static void an_attempt_from_a_dpc_processes_at_passive_level_later(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
                                               .process = process_notes_irql};

    (void)state;
    world_live(&config, attempt_by_dpc);
}

static void nobody_to_call(void)
{
    struct world_request *request;

    begin_paused();
    request = world_queue(1, PAGE, 0);
    KsPinAttemptProcessing(world->pin, FALSE);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 0);
    assert_false(world_is_done(request));
    end();
    assert_int_equal(request->iosb.Status, STATUS_CANCELLED);
}

static void a_pin_without_process_keeps_its_frames_until_it_stops(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS, .no_process = true};

    (void)state;
    world_live(&config, nobody_to_call);
}

static void attempt_nothing(void)
{
    begin_paused();
    KsPinAttemptProcessing(NULL, FALSE);
}

static void attempting_to_process_no_pin_is_a_bug_check(void **state)
{
    (void)state;
    world_run(&plain, attempt_nothing);
    assert_int_equal(world->bug_check, 0x50);
    assert_int_not_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_frames_can_be_at_the_hardware_at_once),
        cmocka_unit_test(a_clone_that_is_advanced_passes_a_part_of_its_frame),
        cmocka_unit_test(low_memory_limits_how_many_locks_fit),
        cmocka_unit_test(a_driver_that_holds_few_locks_never_fails),
        cmocka_unit_test(unlocking_with_eject_advances_and_without_stays),
        cmocka_unit_test(advancing_keeps_the_state_of_the_pointer),
        cmocka_unit_test(advancing_into_a_frame_that_cannot_be_locked_leaves_the_pointer_unlocked),
        cmocka_unit_test(offsets_of_an_unlocked_pointer_do_not_advance),
        cmocka_unit_test(offsets_stop_at_the_end_of_the_frame),
        cmocka_unit_test(the_mappings_of_an_unlocked_pointer_are_not_there_before_the_first_lock),
        cmocka_unit_test(stream_pointers_work_at_dispatch_level),
        cmocka_unit_test(an_attempt_from_a_dpc_processes_at_passive_level_later),
        cmocka_unit_test(a_pin_without_process_keeps_its_frames_until_it_stops),
        cmocka_unit_test(attempting_to_process_no_pin_is_a_bug_check),
    };

    return cmocka_run_group_tests_name("pointer statements", tests, NULL, NULL);
}
