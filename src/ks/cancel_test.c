/* SPDX-License-Identifier: MIT */
/* Cancelling stream IRPs, and timeouts of stream pointers. */
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

/* ---- Cancellation ---------------------------------------------------------------------------- */

static unsigned cancel_calls;
static KIRQL cancel_irql;

static void NTAPI cancel_and_delete(PKSSTREAM_POINTER pointer)
{
    cancel_calls++;
    cancel_irql = KeGetCurrentIrql();
    KsStreamPointerDelete(pointer);
}

static void NTAPI cancel_and_keep(PKSSTREAM_POINTER pointer)
{
    (void)pointer;
    cancel_calls++;
}

static void cancel_waiting(void)
{
    struct world_request *first, *second;
    PKSSTREAM_POINTER lead;

    begin_paused();
    first = world_queue(1, 100, 0);
    second = world_queue(1, 200, 0);
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    IoCancelIrp(first->irp);
    assert_int_equal(world_wait(first), STATUS_CANCELLED);
    assert_false(world_is_done(second));
    assert_int_equal(lead->Offset->Count, 200);
    IoCancelIrp(second->irp);
    assert_int_equal(world_wait(second), STATUS_CANCELLED);
    assert_null(lead->StreamHeader);
    end();
}

static void a_cancelled_irp_leaves_the_queue_and_the_edge_moves_on(void **state)
{
    (void)state;
    world_live(&plain, cancel_waiting);
}

static void cancel_locked(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead, clone;

    begin_paused();
    request = world_queue(1, 100, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    clone = clone_of(lead, cancel_and_delete);
    KsStreamPointerUnlock(lead, TRUE);
    cancel_calls = 0;
    io_file_cancel(world->pin_file);
    sleep_ms(5);
    assert_false(world_is_done(request));
    assert_int_equal(cancel_calls, 0);
    assert_non_null(KsStreamPointerGetIrp(clone, NULL, NULL));
    KsStreamPointerDelete(clone);
    assert_int_not_equal(world_wait(request), STATUS_TIMEOUT);
    end();
}

static void the_clone_of_a_locked_edge_is_locked_and_cancel_waits_for_its_deletion(void **state)
{
    (void)state;
    world_live(&plain, cancel_locked);
}

static void cancel_unlocked(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead, kept;

    begin_paused();
    request = world_queue(1, 100, 0);
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    clone_of(lead, cancel_and_delete);
    kept = clone_of(lead, cancel_and_keep);
    clone_of(lead, cancel_and_delete);
    cancel_calls = 0;
    io_file_cancel(world->pin_file);
    assert_int_equal(cancel_calls, 3);
    assert_int_equal(cancel_irql, DISPATCH_LEVEL);
    assert_false(world_is_done(request));
    assert_int_equal(KsStreamPointerLock(kept), STATUS_DEVICE_NOT_READY);
    KsStreamPointerDelete(kept);
    assert_int_equal(world_wait(request), STATUS_CANCELLED);
    end();
}

static void cancel_calls_back_each_unlocked_clone_once_and_completes_after_deletion(void **state)
{
    (void)state;
    world_live(&plain, cancel_unlocked);
}

static void cancel_then_unlock(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead, clone;

    begin_paused();
    request = world_queue(1, 100, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    clone = clone_of(lead, cancel_and_delete);
    KsStreamPointerUnlock(lead, FALSE);
    cancel_calls = 0;
    io_file_cancel(world->pin_file);
    assert_int_equal(cancel_calls, 0);
    KsStreamPointerUnlock(clone, FALSE);
    assert_int_equal(cancel_calls, 1);
    assert_int_equal(world_wait(request), STATUS_CANCELLED);
    end();
}

static void a_cancel_that_waited_takes_effect_with_the_last_unlock(void **state)
{
    (void)state;
    world_live(&plain, cancel_then_unlock);
}

/* ---- Timeouts -------------------------------------------------------------------------------- */

static unsigned timeouts;

static void NTAPI on_timeout(PKSSTREAM_POINTER pointer)
{
    (void)pointer;
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    timeouts++;
}

static void timeout_body(void)
{
    PKSSTREAM_POINTER clone;

    begin_paused();
    timeouts = 0;
    world_queue(1, 100, 0);
    clone = clone_of(leading(KSSTREAM_POINTER_STATE_UNLOCKED), cancel_and_delete);
    KsStreamPointerScheduleTimeout(clone, on_timeout, 50000);
    KsStreamPointerScheduleTimeout(clone, on_timeout, 100000);
    sleep_ms(7);
    assert_int_equal(timeouts, 0);
    sleep_ms(10);
    assert_int_equal(timeouts, 1);
    KsStreamPointerScheduleTimeout(clone, on_timeout, 50000);
    KsStreamPointerCancelTimeout(clone);
    KsStreamPointerScheduleTimeout(clone, on_timeout, 50000);
    KsStreamPointerDelete(clone);
    sleep_ms(20);
    assert_int_equal(timeouts, 1);
    end();
}

static void a_timeout_fires_once_is_replaced_and_dies_with_its_pointer(void **state)
{
    (void)state;
    world_live(&plain, timeout_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancelled_irp_leaves_the_queue_and_the_edge_moves_on),
        cmocka_unit_test(the_clone_of_a_locked_edge_is_locked_and_cancel_waits_for_its_deletion),
        cmocka_unit_test(cancel_calls_back_each_unlocked_clone_once_and_completes_after_deletion),
        cmocka_unit_test(a_cancel_that_waited_takes_effect_with_the_last_unlock),
        cmocka_unit_test(a_timeout_fires_once_is_replaced_and_dies_with_its_pointer),
    };

    return cmocka_run_group_tests_name("cancel", tests, NULL, NULL);
}
