/* SPDX-License-Identifier: MIT */
/* Frames, edges, clones and cancellation on pins without mappings. The test plays the driver from
 * the client's thread, which the functions do not mind. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10,
                                          .pin_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING};

static void begin_paused(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world->log[0] = 0;
}

static void end(void)
{
    if (world->pin_file != NULL)
        assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    world_end();
}

static PKSSTREAM_POINTER leading(KSSTREAM_POINTER_STATE state)
{
    return KsPinGetLeadingEdgeStreamPointer(world->pin, state);
}

static PKSSTREAM_POINTER clone_of(PKSSTREAM_POINTER pointer, PFNKSSTREAMPOINTER cancel)
{
    PKSSTREAM_POINTER clone = NULL;

    assert_int_equal(KsStreamPointerClone(pointer, cancel, 16, &clone), STATUS_SUCCESS);
    assert_non_null(clone->Context);
    return clone;
}

/* ---- The worked timeline --------------------------------------------------------------------- */

static void worked_timeline(void)
{
    struct world_request *first, *second, *third;
    PKSSTREAM_POINTER lead, clone;

    begin_paused();
    first = world_queue(1, 1000, 0);
    second = world_queue(1, 1000, 0);
    assert_int_equal(first->sent, STATUS_PENDING);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_int_equal(lead->Offset->Remaining, 1000);
    assert_ptr_equal(lead->Offset, &lead->OffsetOut);
    assert_int_equal(lead->OffsetIn.Count, 0);
    clone = clone_of(lead, NULL);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 400, FALSE), STATUS_SUCCESS);
    assert_int_equal(lead->Offset->Remaining, 600);
    assert_int_equal(lead->StreamHeader->DataUsed, 400);
    assert_int_equal(clone->Offset->Remaining, 1000);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 600, FALSE), STATUS_SUCCESS);
    assert_int_equal(lead->Offset->Remaining, 1000);
    assert_int_equal(clone->StreamHeader->DataUsed, 1000);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 1000, FALSE), STATUS_DEVICE_NOT_READY);
    assert_null(lead->StreamHeader);
    assert_int_equal(world_wait(second), STATUS_SUCCESS);
    assert_int_equal(world_header(second, 0).DataUsed, 1000);
    assert_false(world_is_done(first));
    third = world_queue(1, 1000, 0);
    assert_non_null(lead->StreamHeader);
    KsStreamPointerDelete(clone);
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    assert_int_equal(first->iosb.Information, sizeof(KSSTREAM_HEADER));
    assert_int_equal(world_header(first, 0).DataUsed, 1000);
    assert_false(world_is_done(third));
    end();
}

static void the_worked_timeline_of_two_frames_and_a_clone_holds(void **state)
{
    (void)state;
    world_live(&plain, worked_timeline);
}

/* ---- Pointers -------------------------------------------------------------------------------- */

static void empty_queue(void)
{
    PKSSTREAM_POINTER lead;

    begin_paused();
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    assert_non_null(lead);
    assert_null(leading(KSSTREAM_POINTER_STATE_LOCKED));
    assert_int_equal(KsStreamPointerLock(lead), STATUS_DEVICE_NOT_READY);
    assert_null(KsPinGetTrailingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_UNLOCKED));
    assert_null(KsPinGetFirstCloneStreamPointer(world->pin));
    assert_int_equal(KsStreamPointerAdvance(lead), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    assert_ptr_equal(leading(KSSTREAM_POINTER_STATE_LOCKED), lead);
    assert_ptr_equal(leading(KSSTREAM_POINTER_STATE_LOCKED), lead);
    KsStreamPointerUnlock(lead, FALSE);
    end();
}

static void the_leading_edge_of_an_empty_queue_exists_but_cannot_be_locked(void **state)
{
    (void)state;
    world_live(&plain, empty_queue);
}

static void no_queue_in_stop(void)
{
    LONG in, out;

    world_begin();
    assert_null(leading(KSSTREAM_POINTER_STATE_UNLOCKED));
    assert_int_equal(KsPinGetAvailableByteCount(world->pin, &in, &out),
                     STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(world_queue(1, 100, 0)->sent, STATUS_INVALID_DEVICE_STATE);
    world_end();
}

static void a_stopped_pin_has_no_queue_and_takes_no_frames(void **state)
{
    (void)state;
    world_live(&plain, no_queue_in_stop);
}

static void two_headers(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead, one, two;
    BOOLEAN first, last;

    begin_paused();
    request = world_queue(2, 500, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_ptr_equal(KsStreamPointerGetIrp(lead, &first, &last), request->irp);
    assert_true(first);
    assert_false(last);
    one = clone_of(lead, NULL);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 200, TRUE), STATUS_SUCCESS);
    assert_non_null(KsStreamPointerGetIrp(lead, &first, &last));
    assert_false(first);
    assert_true(last);
    assert_int_equal(MmGetMdlByteCount(KsStreamPointerGetMdl(lead)), 500);
    two = clone_of(lead, NULL);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 300, TRUE), STATUS_DEVICE_NOT_READY);
    KsStreamPointerDelete(two);
    assert_false(world_is_done(request));
    KsStreamPointerDelete(one);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(request->iosb.Information, 2 * sizeof(KSSTREAM_HEADER));
    assert_int_equal(world_header(request, 0).DataUsed, 200);
    assert_int_equal(world_header(request, 1).DataUsed, 300);
    assert_int_equal((uint64_t)world_header(request, 1).Data, request->buffer_va[1]);
    end();
}

static void two_headers_in_one_irp_complete_it_once_with_the_second(void **state)
{
    (void)state;
    world_live(&plain, two_headers);
}

static void delete_out_of_order(bool fifo)
{
    struct world_request *first, *second;
    PKSSTREAM_POINTER lead, one, two;

    begin_paused();
    first = world_queue(1, 100, 0);
    second = world_queue(1, 100, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    one = clone_of(lead, NULL);
    assert_int_equal(KsStreamPointerAdvance(lead), STATUS_SUCCESS);
    two = clone_of(lead, NULL);
    assert_int_equal(KsStreamPointerAdvance(lead), STATUS_DEVICE_NOT_READY);
    KsStreamPointerDelete(two);
    assert_int_equal(world_is_done(second), !fifo);
    assert_false(world_is_done(first));
    KsStreamPointerDelete(one);
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    assert_int_equal(world_wait(second), STATUS_SUCCESS);
    end();
}

static void delete_with_fifo(void)
{
    delete_out_of_order(true);
}

static void delete_without_fifo(void)
{
    delete_out_of_order(false);
}

static void enforce_fifo_holds_an_early_irp_back(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING |
                                                            KSPIN_FLAG_ENFORCE_FIFO};

    (void)state;
    world_live(&config, delete_with_fifo);
}

static void without_enforce_fifo_irps_complete_in_the_drivers_order(void **state)
{
    (void)state;
    world_live(&plain, delete_without_fifo);
}

static void trailing_window(void)
{
    struct world_request *requests[3];
    PKSSTREAM_POINTER lead, trail;

    begin_paused();
    for (unsigned i = 0; i < 3; i++)
        requests[i] = world_queue(1, 100, 0);
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    trail = KsPinGetTrailingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_UNLOCKED);
    assert_non_null(trail);
    assert_ptr_equal(trail->StreamHeader, lead->StreamHeader);
    KsStreamPointerAdvance(lead);
    KsStreamPointerAdvance(lead);
    sleep_ms(1);
    assert_false(world_is_done(requests[0]));
    assert_false(world_is_done(requests[1]));
    KsStreamPointerAdvance(trail);
    assert_int_equal(world_wait(requests[0]), STATUS_SUCCESS);
    assert_false(world_is_done(requests[1]));
    KsStreamPointerAdvance(trail);
    assert_int_equal(world_wait(requests[1]), STATUS_SUCCESS);
    KsStreamPointerAdvance(trail);
    assert_ptr_equal(trail->StreamHeader, lead->StreamHeader);
    assert_false(world_is_done(requests[2]));
    end();
}

static void frames_between_the_edges_stay_until_the_trailing_edge_passes(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING |
                                                            KSPIN_FLAG_DISTINCT_TRAILING_EDGE};

    (void)state;
    world_live(&config, trailing_window);
}

static void clone_order(void)
{
    PKSSTREAM_POINTER lead, clones[3];

    begin_paused();
    world_queue(1, 100, 0);
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    for (unsigned i = 0; i < 3; i++)
        clones[i] = clone_of(lead, NULL);
    assert_ptr_equal(KsPinGetFirstCloneStreamPointer(world->pin), clones[0]);
    assert_ptr_equal(KsStreamPointerGetNextClone(clones[0]), clones[1]);
    KsStreamPointerDelete(clones[1]);
    assert_ptr_equal(KsStreamPointerGetNextClone(clones[0]), clones[2]);
    assert_null(KsStreamPointerGetNextClone(clones[2]));
    KsStreamPointerDelete(clones[0]);
    KsStreamPointerDelete(clones[2]);
    end();
}

static void contexts(void)
{
    PKSSTREAM_POINTER lead, with, without;

    begin_paused();
    world_queue(1, 100, 0);
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    assert_int_equal(KsStreamPointerClone(lead, NULL, 200, &with), STATUS_SUCCESS);
    assert_ptr_equal(with->Context, with + 1);
    memset(with->Context, 0x77, 200);
    assert_int_equal(KsStreamPointerClone(lead, NULL, 0, &without), STATUS_SUCCESS);
    assert_null(without->Context);
    assert_int_equal(KsStreamPointerLock(with), STATUS_SUCCESS);
    KsStreamPointerDelete(with);
    KsStreamPointerDelete(without);
    end();
}

static void a_clones_context_follows_it_in_memory(void **state)
{
    (void)state;
    world_live(&plain, contexts);
}

static void clones_are_walked_in_the_order_of_cloning(void **state)
{
    (void)state;
    world_live(&plain, clone_order);
}

static void zero_length(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;

    begin_paused();
    request = world_queue(1, 0, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_non_null(lead);
    assert_int_equal(lead->Offset->Count, 0);
    assert_null(KsStreamPointerGetMdl(lead));
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 0, FALSE), STATUS_DEVICE_NOT_READY);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    end();
}

static void a_frame_without_data_reaches_the_driver_and_is_passed_like_any_other(void **state)
{
    (void)state;
    world_live(&plain, zero_length);
}

static void data_lands(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;
    char text[8] = {0};

    begin_paused();
    request = world_queue(1, 10000, 0x123);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_ptr_equal(lead->Offset->Data, lead->StreamHeader->Data);
    assert_true(KE_ARG(lead->Offset->Data) >= SIM_SYSTEM_WINDOW_BASE);
    memcpy(lead->Offset->Data + 5000, "frame", 6);
    lead->StreamHeader->PresentationTime.Time = 77;
    lead->StreamHeader->OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    assert_int_equal(KsStreamPointerSetStatusCode(lead, STATUS_SUCCESS), STATUS_SUCCESS);
    KsStreamPointerAdvanceOffsetsAndUnlock(lead, 0, 10000, FALSE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(world_header(request, 0).DataUsed, 10000);
    assert_int_equal(world_header(request, 0).PresentationTime.Time, 77);
    assert_int_equal(world_header(request, 0).OptionsFlags, KSSTREAM_HEADER_OPTIONSF_TIMEVALID);
    assert_true(mm_copy_from_va(world->mm, text, request->buffer_va[0] + 5000, 6));
    assert_string_equal(text, "frame");
    end();
}

static void what_the_driver_writes_through_data_is_in_the_clients_buffer(void **state)
{
    (void)state;
    world_live(&plain, data_lands);
}

static void status_code(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;

    begin_paused();
    request = world_queue(1, 100, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    KsStreamPointerSetStatusCode(lead, STATUS_DEVICE_DATA_ERROR);
    KsStreamPointerSetStatusCode(lead, STATUS_IO_DEVICE_ERROR);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_DEVICE_DATA_ERROR);
    assert_int_equal(request->iosb.Information, 0);
    end();
}

static void the_first_failure_status_of_a_frame_ends_its_irp(void **state)
{
    (void)state;
    world_live(&plain, status_code);
}

static void write_frames(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;
    LONG in, out;

    begin_paused();
    request = world_queue(2, 300, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_ptr_equal(lead->Offset, &lead->OffsetIn);
    assert_int_equal(lead->OffsetIn.Count, 300);
    assert_int_equal(KsPinGetAvailableByteCount(world->pin, &in, &out), STATUS_SUCCESS);
    assert_int_equal(in, 600);
    assert_int_equal(out, 0);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 300, 0, FALSE), STATUS_SUCCESS);
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 300, 0, FALSE), STATUS_DEVICE_NOT_READY);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(request->iosb.Information, 600);
    end();
}

static void an_input_pin_counts_data_used_and_reports_the_bytes_written(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .input = true,
                                               .pin_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING};

    (void)state;
    world_live(&config, write_frames);
}

/* ---- Mistakes -------------------------------------------------------------------------------- */

static void stale_pointer(void)
{
    PKSSTREAM_POINTER lead, clone;

    begin_paused();
    world_queue(1, 100, 0);
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    clone = clone_of(lead, NULL);
    KsStreamPointerDelete(clone);
    assert_int_equal(world_findings(VERIFY_stream_pointer), 0);
    KsStreamPointerDelete(clone);
    assert_int_equal(world_findings(VERIFY_stream_pointer), 1);
    assert_int_equal(KsStreamPointerLock(clone), STATUS_DEVICE_NOT_READY);
    assert_int_equal(world_findings(VERIFY_stream_pointer), 2);
    KsStreamPointerDelete(lead);
    assert_int_equal(world_findings(VERIFY_stream_pointer), 3);
    end();
}

static void a_deleted_pointer_and_a_pointer_that_is_no_clone_are_findings(void **state)
{
    (void)state;
    world_run(&plain, stale_pointer);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void after_stop(void)
{
    PKSSTREAM_POINTER lead;

    begin_paused();
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    world_queue(1, 100, 0);
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    assert_null(leading(KSSTREAM_POINTER_STATE_UNLOCKED));
    assert_int_equal(KsStreamPointerLock(lead), STATUS_DEVICE_NOT_READY);
    assert_null(lead->StreamHeader);
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    assert_ptr_equal(leading(KSSTREAM_POINTER_STATE_UNLOCKED), lead);
    end();
}

static void the_leading_edge_outlives_a_stop_and_refers_to_nothing_meanwhile(void **state)
{
    (void)state;
    world_live(&plain, after_stop);
}

static void leak_clone(void)
{
    struct world_request *request;

    begin_paused();
    request = world_queue(1, 100, 0);
    clone_of(leading(KSSTREAM_POINTER_STATE_LOCKED), NULL);
    end();
    assert_int_not_equal(request->iosb.Status, STATUS_PENDING);
}

static void clones_and_locks_left_at_stop_are_findings_and_do_not_hang(void **state)
{
    (void)state;
    world_run(&plain, leak_clone);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    assert_int_equal(world->rules[VERIFY_clone_leak], 1);
    assert_int_equal(world->rules[VERIFY_stream_pointer_lock], 1);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_timeline_of_two_frames_and_a_clone_holds),
        cmocka_unit_test(the_leading_edge_of_an_empty_queue_exists_but_cannot_be_locked),
        cmocka_unit_test(a_stopped_pin_has_no_queue_and_takes_no_frames),
        cmocka_unit_test(two_headers_in_one_irp_complete_it_once_with_the_second),
        cmocka_unit_test(enforce_fifo_holds_an_early_irp_back),
        cmocka_unit_test(without_enforce_fifo_irps_complete_in_the_drivers_order),
        cmocka_unit_test(frames_between_the_edges_stay_until_the_trailing_edge_passes),
        cmocka_unit_test(a_clones_context_follows_it_in_memory),
        cmocka_unit_test(clones_are_walked_in_the_order_of_cloning),
        cmocka_unit_test(a_frame_without_data_reaches_the_driver_and_is_passed_like_any_other),
        cmocka_unit_test(what_the_driver_writes_through_data_is_in_the_clients_buffer),
        cmocka_unit_test(the_first_failure_status_of_a_frame_ends_its_irp),
        cmocka_unit_test(an_input_pin_counts_data_used_and_reports_the_bytes_written),
        cmocka_unit_test(the_leading_edge_outlives_a_stop_and_refers_to_nothing_meanwhile),
        cmocka_unit_test(a_deleted_pointer_and_a_pointer_that_is_no_clone_are_findings),
        cmocka_unit_test(clones_and_locks_left_at_stop_are_findings_and_do_not_hang),
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
