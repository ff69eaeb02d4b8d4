/* SPDX-License-Identifier: MIT */
/* Frames whose list is owed by the adapter: cancelled, flushed, stopped, closed, and the device
 * stopped under them. */
#include "ks/scarce_world.h"

/* ---- The end of a frame whose list is owed --------------------------------------------------- */

static void cancel_while_owed(void)
{
    struct pair pair;

    begin_paused();
    pair = owe_second();
    IoCancelIrp(pair.second->irp);
    sleep_ms(50);
    assert_false(world_is_done(pair.second)); /* the adapter still has its pages */
    assert_null(pair.lead->StreamHeader); /* though the edge has left it */
    finish(&pair);
    assert_int_equal(world_wait(pair.second), STATUS_CANCELLED);
    assert_int_equal(FIGURE(lists_live), 0);
    end();
}

static void a_frame_cancelled_while_its_list_is_owed_ends_after_the_list_came(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED)};

    (void)state;
    world_live(&config, cancel_while_owed);
}

static void pass_while_owed(void)
{
    struct pair pair;

    begin_paused();
    pair = owe_second();
    assert_int_equal(KsStreamPointerAdvance(pair.lead), STATUS_SUCCESS);
    assert_null(pair.lead->StreamHeader);
    assert_false(world_is_done(pair.second));
    finish(&pair);
    assert_int_equal(world_wait(pair.second), STATUS_SUCCESS);
    assert_int_equal(world_header(pair.second, 0).DataUsed, 0);
    end();
}

static void a_frame_passed_while_its_list_is_owed_completes_when_it_came(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED)};

    (void)state;
    world_live(&config, pass_while_owed);
}

static unsigned cancel_calls;

static void NTAPI clone_cancelled(PKSSTREAM_POINTER clone)
{
    cancel_calls++;
    KsStreamPointerDelete(clone);
}

static void cancel_a_clone_while_owed(void)
{
    PKSSTREAM_POINTER clone;
    struct pair pair;

    cancel_calls = 0;
    begin_paused();
    pair = owe_second();
    assert_int_equal(KsStreamPointerClone(pair.lead, clone_cancelled, 0, &clone), STATUS_SUCCESS);
    assert_int_equal(KsStreamPointerLock(clone), STATUS_DEVICE_NOT_READY);
    IoCancelIrp(pair.second->irp);
    assert_int_equal(cancel_calls, 1);
    assert_false(world_is_done(pair.second));
    finish(&pair);
    assert_int_equal(world_wait(pair.second), STATUS_CANCELLED);
    end();
}

static void a_clone_on_a_frame_whose_list_is_owed_is_cancelled_at_once(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED)};

    (void)state;
    world_live(&config, cancel_a_clone_while_owed);
}

static void reset(KSRESET to)
{
    ULONG_PTR information;
    uint64_t va;

    assert_int_equal(mm_user_allocate(world->mm, sizeof to, 0, &va), 0);
    assert_true(mm_copy_to_va(world->mm, va, &to, sizeof to));
    assert_int_equal(io_file_control_wait(world->pin_file, IOCTL_KS_RESET_STATE, va, sizeof to, 0,
                                          0, &information),
                     STATUS_SUCCESS);
    mm_user_free(world->mm, va);
}

static void flush_while_owed(void)
{
    struct pair pair;

    begin_paused();
    pair = owe_second();
    reset(KSRESET_BEGIN);
    assert_false(world_is_done(pair.second));
    KsStreamPointerDelete(pair.holder);
    assert_int_equal(world_wait(pair.second), STATUS_CANCELLED);
    reset(KSRESET_END);
    pair.first = world_queue(1, FRAME, 0);
    KsStreamPointerUnlock(leading(KSSTREAM_POINTER_STATE_LOCKED), TRUE);
    assert_int_equal(world_wait(pair.first), STATUS_SUCCESS);
    end();
}

static void a_flush_waits_for_no_list_and_the_frame_ends_with_it(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED)};

    (void)state;
    world_live(&config, flush_while_owed);
}

/* A second pin whose frame waits for the registers that a clone on the first pin holds; after a
 * while a DPC deletes the clone. */
static KTIMER release_timer;
static KDPC release_dpc;

static void NTAPI release_due(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    (void)Dpc;
    (void)Argument1;
    (void)Argument2;
    KsStreamPointerDelete(Context);
}

static void release_after_ms(PKSSTREAM_POINTER clone, int64_t ms)
{
    LARGE_INTEGER due = {.QuadPart = -ms * 10000};

    KeInitializeTimer(&release_timer);
    KeInitializeDpc(&release_dpc, release_due, clone);
    KeSetTimer(&release_timer, due, &release_dpc);
}

struct rivals {
    PFILE_OBJECT other;
    struct world_request *first, *second;
};

static struct rivals begin_rivals(int64_t ms)
{
    struct rivals rivals;
    PKSSTREAM_POINTER lead;

    begin_paused();
    rivals.first = world_queue(1, FRAME, 0);
    lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    release_after_ms(clone_of(lead), ms);
    KsStreamPointerUnlock(lead, TRUE);
    rivals.other = world_another_pin(world->filter_file);
    assert_int_equal(world_state_of(rivals.other, KSSTATE_PAUSE), STATUS_SUCCESS);
    rivals.second = world_queue_on(rivals.other, 1, FRAME, 0);
    assert_null(leading(KSSTREAM_POINTER_STATE_LOCKED)); /* world->pin is the other one */
    return rivals;
}

static void stop_while_owed(int64_t ms)
{
    struct rivals rivals = begin_rivals(ms);
    uint64_t before = sim_now_ns(world->sim);

    assert_int_equal(world_state_of(rivals.other, KSSTATE_STOP), STATUS_SUCCESS);
    assert_true(sim_now_ns(world->sim) - before >= (uint64_t)(ms - 2) * 1000000);
    assert_int_equal(world_wait(rivals.second), STATUS_CANCELLED);
    assert_int_equal(world_wait(rivals.first), STATUS_SUCCESS);
    assert_int_equal(FIGURE(lists_live), 0);
    io_file_close(rivals.other);
    end();
}

static void stop_soon(void)
{
    stop_while_owed(20);
}

static void stop_late(void)
{
    stop_while_owed(3500);
}

static void stop_waits_for_a_list_that_is_owed_however_long_it_takes(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED), .instances = 2};

    (void)state;
    world_live(&config, stop_soon);
    world_live(&config, stop_late);
}

static void close_while_owed(void)
{
    struct rivals rivals = begin_rivals(20);

    io_file_close(rivals.other);
    assert_int_equal(world_wait(rivals.second), STATUS_CANCELLED);
    assert_int_equal(world_wait(rivals.first), STATUS_SUCCESS);
    end();
}

static void close_waits_for_a_list_that_is_owed(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED), .instances = 2};

    (void)state;
    world_live(&config, close_while_owed);
}

static PKSSTREAM_POINTER stopping_clone;

static NTSTATUS drop_clones_at_acquire(PKSPIN pin, KSSTATE to, KSSTATE from)
{
    (void)pin;
    if (to == KSSTATE_ACQUIRE && from == KSSTATE_PAUSE && stopping_clone != NULL) {
        KsStreamPointerDelete(stopping_clone);
        stopping_clone = NULL;
    }
    return STATUS_SUCCESS;
}

static void stop_the_holder(void)
{
    struct pair pair;

    begin_paused();
    pair = owe_second();
    stopping_clone = pair.holder;
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    assert_int_equal(world_wait(pair.first), STATUS_SUCCESS);
    assert_int_equal(world_wait(pair.second), STATUS_CANCELLED);
    assert_int_equal(FIGURE(lists_live), 0);
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    pair = queue_pair();
    assert_int_equal(KsStreamPointerAdvance(pair.lead), STATUS_DEVICE_NOT_READY);
    finish(&pair);
    expect_it_can_be_locked(&pair);
    end();
}

static void a_pin_stops_and_starts_again_with_a_list_owed_to_itself(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED), .set_state = drop_clones_at_acquire};

    (void)state;
    world_live(&config, stop_the_holder);
}

/* ---- The device stops ------------------------------------------------------------------------ */

static void drop_clone_at_device_stop(PKSDEVICE device)
{
    (void)device;
    if (stopping_clone != NULL) /* once more at removal */
        KsStreamPointerDelete(stopping_clone);
    stopping_clone = NULL;
}

static void stop_the_device_while_owed(void)
{
    struct pair pair;

    begin_paused();
    pair = owe_second();
    stopping_clone = pair.holder;
    assert_int_equal(pnp_stop(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(world_wait(pair.first), STATUS_SUCCESS);
    assert_int_equal(FIGURE(adapters_live), 0);
    assert_int_equal(FIGURE(lists_live), 0);
    assert_false(world_is_done(pair.second));
    assert_null(leading(KSSTREAM_POINTER_STATE_LOCKED));
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    expect_it_can_be_locked(&pair);
    end();
}

static void a_list_that_comes_while_the_driver_stops_goes_back_before_its_adapter_does(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED), .stop = drop_clone_at_device_stop};

    (void)state;
    world_live(&config, stop_the_device_while_owed);
}

static void put_the_adapter_while_owed(void)
{
    struct pair pair;

    begin_paused();
    pair = owe_second();
    assert_int_equal(pnp_stop(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(world_findings(VERIFY_adapter_leftover), 1);
    KsStreamPointerDelete(pair.holder);
    assert_int_equal(world_wait(pair.first), STATUS_SUCCESS);
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS); /* the list will never come */
    assert_int_equal(world_wait(pair.second), STATUS_CANCELLED);
    end();
}

static void a_driver_that_puts_its_adapter_with_frames_mapped_is_told_and_nothing_hangs(
    void **state)
{
    static const struct world_config config = {SCARCE(PLAYED)};

    (void)state;
    world_run(&config, put_the_adapter_while_owed);
    assert_int_equal(world->rules[VERIFY_adapter_leftover], 1);
    assert_true(world->rules[VERIFY_adapter_dead] > 0); /* the frame's list goes back too late */
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_cancelled_while_its_list_is_owed_ends_after_the_list_came),
        cmocka_unit_test(a_frame_passed_while_its_list_is_owed_completes_when_it_came),
        cmocka_unit_test(a_clone_on_a_frame_whose_list_is_owed_is_cancelled_at_once),
        cmocka_unit_test(a_flush_waits_for_no_list_and_the_frame_ends_with_it),
        cmocka_unit_test(stop_waits_for_a_list_that_is_owed_however_long_it_takes),
        cmocka_unit_test(close_waits_for_a_list_that_is_owed),
        cmocka_unit_test(a_pin_stops_and_starts_again_with_a_list_owed_to_itself),
        cmocka_unit_test(
            a_list_that_comes_while_the_driver_stops_goes_back_before_its_adapter_does),
        cmocka_unit_test(
            a_driver_that_puts_its_adapter_with_frames_mapped_is_told_and_nothing_hangs),
    };

    return cmocka_run_group_tests_name("owed_list", tests, NULL, NULL);
}
