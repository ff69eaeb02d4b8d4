/* SPDX-License-Identifier: MIT */
/* Pins' states, from creation to close, and devices' from start to removal. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static void jump_to_run_and_back(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    assert_int_equal(world->pin->ClientState, KSSTATE_RUN);
    assert_int_equal(world->pin->DeviceState, KSSTATE_RUN);
    world_expect_log("ACQUIRE PAUSE RUN ");
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    world_expect_log("PAUSE ACQUIRE STOP Reset ");
    world_end();
}

static void a_jump_of_the_client_reaches_the_driver_in_single_steps(void **state)
{
    (void)state;
    world_live(&plain, jump_to_run_and_back);
}

static NTSTATUS refuse_pause(PKSPIN pin, KSSTATE to, KSSTATE from)
{
    (void)pin;
    return from < to && to == KSSTATE_PAUSE ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

static void second_step_fails(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(world->pin->ClientState, KSSTATE_ACQUIRE);
    assert_int_equal(world->pin->DeviceState, KSSTATE_ACQUIRE);
    world_expect_log("ACQUIRE PAUSE ");
    world_end();
}

static void a_step_that_fails_leaves_the_state_before_it_and_reports_the_error(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .set_state = refuse_pause};

    (void)state;
    world_live(&config, second_step_fails);
}

static NTSTATUS NTAPI note_process(PKSPIN pin)
{
    (void)pin;
    world_note("Process");
    return STATUS_PENDING;
}

static void run_only(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    world_queue(1, 100, 0);
    sleep_ms(2);
    world_expect_log("ACQUIRE PAUSE ");
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    world_expect_log("RUN Process ");
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    KsPinAttemptProcessing(world->pin, FALSE);
    world_expect_log("PAUSE ");
    world_end();
}

static void frames_queued_in_pause_are_processed_after_run_on_a_run_only_pin(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .process = note_process,
                                               .pin_flags = KSPIN_FLAG_PROCESS_IN_RUN_STATE_ONLY};

    (void)state;
    world_live(&config, run_only);
}

/* ---- Creation -------------------------------------------------------------------------------- */

static bool format_was_right;

static NTSTATUS look_at_new_format(PKSPIN pin, PKSDATAFORMAT old)
{
    format_was_right = old == NULL && pin->Context == world->filter->Context &&
                       pin->ConnectionFormat != NULL &&
                       pin->ConnectionFormat->SampleSize == WORLD_FRAME &&
                       pin->ClientState == KSSTATE_STOP;
    return STATUS_SUCCESS;
}

static void create_order(void)
{
    world_load();
    world->device->Context = world;
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_link(); /* PostStart is over */
    world->log[0] = 0;
    world_open_pin();
    world_expect_log("FilterCreate SetDataFormat Create ");
    assert_true(format_was_right);
    world_close_pin();
    world_close_filter();
    world_expect_log("Close FilterClose ");
    world_end();
}

static void set_data_format_runs_before_create_with_the_new_format_in_place(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .set_format = look_at_new_format};

    (void)state;
    world_live(&config, create_order);
}

static NTSTATUS refuse_create(PKSPIN pin, PIRP irp)
{
    (void)pin;
    (void)irp;
    return STATUS_DEVICE_BUSY;
}

static void create_fails(void)
{
    struct world_connection connection = world_default_connection();
    PFILE_OBJECT file;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_filter();
    assert_int_equal(world_try_pin(&connection, &file), STATUS_DEVICE_BUSY);
    assert_int_equal(KsFilterGetChildPinCount(world->filter, 0), 0);
    world_end();
}

static void a_create_that_fails_leaves_no_pin(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .create = refuse_create};

    (void)state;
    world_live(&config, create_fails);
}

static PIRP pended;

static NTSTATUS pend_create(PKSPIN pin, PIRP irp)
{
    (void)pin;
    IoMarkIrpPending(irp);
    pended = irp;
    return STATUS_PENDING;
}

static void complete_later(void *ctx)
{
    (void)ctx;
    while (pended == NULL)
        sleep_ms(1);
    pended->IoStatus.Status = STATUS_SUCCESS;
    KsCompletePendingRequest(pended);
}

static void create_pends(void)
{
    struct ke_thread *thread;

    pended = NULL;
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(ke_thread_start(world->ke, "completer", complete_later, NULL, &thread), 0);
    world_open_pin();
    ke_thread_join(thread);
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    world_end();
}

static void a_create_that_is_pended_waits_for_kscompletependingrequest(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .create = pend_create};

    (void)state;
    world_live(&config, create_pends);
}

static NTSTATUS pend_state(PKSPIN pin, KSSTATE to, KSSTATE from)
{
    (void)pin;
    (void)to;
    (void)from;
    return STATUS_PENDING;
}

static void to_acquire(void)
{
    world_begin();
    world_state(KSSTATE_ACQUIRE);
    world_end();
}

static void pending_from_set_device_state_is_a_finding(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .set_state = pend_state};

    (void)state;
    world_run(&config, to_acquire);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    assert_true(world->rules[VERIFY_callback_status] > 0);
    world_close();
}

/* ---- The end of a client --------------------------------------------------------------------- */

static PKSSTREAM_POINTER held[8];
static unsigned held_count;
static unsigned freed_items;

static NTSTATUS NTAPI start_dma(PKSPIN pin)
{
    PKSSTREAM_POINTER lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);

    while (lead != NULL) {
        KsStreamPointerClone(lead, NULL, 0, &held[held_count++]);
        if (!NT_SUCCESS(KsStreamPointerAdvance(lead)))
            break;
    }
    return STATUS_PENDING;
}

static NTSTATUS drop_clones(PKSPIN pin, KSSTATE to, KSSTATE from)
{
    (void)pin;
    if (to == KSSTATE_ACQUIRE && from == KSSTATE_PAUSE) {
        while (held_count > 0)
            KsStreamPointerDelete(held[--held_count]);
    }
    return STATUS_SUCCESS;
}

static void NTAPI count_free(PVOID item)
{
    (void)item;
    freed_items++;
}

static NTSTATUS fill_bag(PKSPIN pin, PIRP irp)
{
    static int item;

    (void)irp;
    return KsAddItemToObjectBag(pin->Bag, &item, count_free);
}

static void client_dies(void)
{
    struct hal_figures figures;

    held_count = 0;
    freed_items = 0;
    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    for (unsigned i = 0; i < 4; i++)
        world_queue(1, 64 << 10, 0);
    assert_int_equal(held_count, 4);
    world->log[0] = 0;
    io_file_cancel(world->pin_file);
    world_close_pin();
    world_expect_log("PAUSE ACQUIRE STOP Reset Close ");
    for (unsigned i = 0; i < 4; i++)
        assert_int_not_equal(world_wait(&world->requests[i]), STATUS_TIMEOUT);
    hal_figures(world->hal, &figures);
    assert_int_equal(figures.lists_live, 0);
    assert_int_equal(freed_items, 1);
    world_end();
}

static void a_client_that_dies_in_run_is_walked_down_and_leaves_no_mapping(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS,
                                               .process = start_dma,
                                               .set_state = drop_clones,
                                               .create = fill_bag};

    (void)state;
    world_live(&config, client_dies);
}

static void outstanding_at_stop(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    world_queue(2, 100, 0);
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    assert_int_equal(world_wait(&world->requests[0]), STATUS_CANCELLED);
    assert_int_equal(world_wait(&world->requests[1]), STATUS_CANCELLED);
    world_end();
}

static void frames_never_touched_are_cancelled_at_stop(void **state)
{
    (void)state;
    world_live(&plain, outstanding_at_stop);
}

static NTSTATUS reset_state(KSRESET reset)
{
    uint64_t va;
    ULONG_PTR information;
    NTSTATUS status;

    assert_int_equal(mm_user_allocate(world->mm, sizeof reset, 0, &va), 0);
    assert_true(mm_copy_to_va(world->mm, va, &reset, sizeof reset));
    status = io_file_control_wait(world->pin_file, IOCTL_KS_RESET_STATE, va, sizeof reset, 0, 0,
                                  &information);
    mm_user_free(world->mm, va);
    return status;
}

static void reset_body(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    world->log[0] = 0;
    assert_int_equal(reset_state(KSRESET_BEGIN), STATUS_SUCCESS);
    world_expect_log("Reset ");
    assert_int_equal(world_wait(&world->requests[0]), STATUS_CANCELLED);
    assert_int_equal(world_queue(1, 100, 0)->sent, STATUS_DEVICE_NOT_READY);
    assert_int_equal(reset_state(KSRESET_END), STATUS_SUCCESS);
    assert_int_equal(world_queue(1, 100, 0)->sent, STATUS_PENDING);
    world_end();
}

static void reset_begin_cancels_and_refuses_until_reset_end(void **state)
{
    (void)state;
    world_live(&plain, reset_body);
}

/* ---- Devices --------------------------------------------------------------------------------- */

static void life(void)
{
    world_load();
    world_expect_log("Add ");
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_filter();
    world_expect_log("Start PostStart FilterCreate ");
    assert_true(world->device->Started);
    world_close_filter();
    world_expect_log("FilterClose ");
    assert_int_equal(pnp_stop(world->pnp, world->pdo), STATUS_SUCCESS);
    world_expect_log("Stop ");
    assert_false(world->device->Started);
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_filter();
    world_expect_log("Start PostStart FilterCreate ");
    world_close_filter();
    world->log[0] = 0;
    world_unload();
    world_expect_log("Stop Remove ");
}

static void a_device_lives_through_add_start_poststart_stop_and_remove(void **state)
{
    (void)state;
    world_live(&plain, life);
}

static void sleep_and_wake(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    world->log[0] = 0;
    assert_int_equal(pnp_power(world->pnp, world->pdo, PowerSystemSleeping3), STATUS_SUCCESS);
    world_expect_log("PAUSE D3 ");
    assert_int_equal(world->pin->DeviceState, KSSTATE_RUN);
    assert_int_equal(world->device->DevicePowerState, PowerDeviceD3);
    assert_int_equal(pnp_power(world->pnp, world->pdo, PowerSystemWorking), STATUS_SUCCESS);
    sleep_ms(5);
    world_expect_log("D0 RUN ");
    assert_int_equal(world->device->DevicePowerState, PowerDeviceD0);
    world_end();
}

static void a_running_pin_pauses_before_power_goes_and_runs_after_it_came_back(void **state)
{
    (void)state;
    world_live(&plain, sleep_and_wake);
}

static void yank(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    world->log[0] = 0;
    world->card->removed = true;
    assert_int_equal(pnp_surprise_remove(world->pnp, world->pdo), STATUS_SUCCESS);
    world_expect_log("SurpriseRemoval ");
    assert_false(NT_SUCCESS(world_queue(1, 100, 0)->sent));
    world_close_pin();
    world_close_filter();
    world_expect_log("PAUSE ACQUIRE STOP Reset Close FilterClose ");
    assert_int_equal(pnp_remove_after_surprise(world->pnp, world->pdo), STATUS_SUCCESS);
    world_expect_log("Stop Remove ");
    assert_int_equal(io_driver_unload(world->driver), STATUS_SUCCESS);
    world_free_requests();
}

static void after_surprise_removal_io_fails_and_open_pins_close_in_order(void **state)
{
    (void)state;
    world_live(&plain, yank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jump_of_the_client_reaches_the_driver_in_single_steps),
        cmocka_unit_test(a_step_that_fails_leaves_the_state_before_it_and_reports_the_error),
        cmocka_unit_test(frames_queued_in_pause_are_processed_after_run_on_a_run_only_pin),
        cmocka_unit_test(set_data_format_runs_before_create_with_the_new_format_in_place),
        cmocka_unit_test(a_create_that_fails_leaves_no_pin),
        cmocka_unit_test(a_create_that_is_pended_waits_for_kscompletependingrequest),
        cmocka_unit_test(pending_from_set_device_state_is_a_finding),
        cmocka_unit_test(a_client_that_dies_in_run_is_walked_down_and_leaves_no_mapping),
        cmocka_unit_test(frames_never_touched_are_cancelled_at_stop),
        cmocka_unit_test(reset_begin_cancels_and_refuses_until_reset_end),
        cmocka_unit_test(a_device_lives_through_add_start_poststart_stop_and_remove),
        cmocka_unit_test(a_running_pin_pauses_before_power_goes_and_runs_after_it_came_back),
        cmocka_unit_test(after_surprise_removal_io_fails_and_open_pins_close_in_order),
    };

    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
