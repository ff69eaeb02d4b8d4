/* SPDX-License-Identifier: MIT */
/* A driver tells AVStream of its adapter: IKsDeviceFunctions, the old function, bad values,
 * registering again, and whose adapter it is. */
#include "ks/ks_world.h"

#define MAPPED (KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING)

static void only_start(void)
{
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_unload();
}

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

static PKSSTREAM_POINTER lock_leading(void)
{
    return KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_LOCKED);
}

static uint64_t live_lists(void)
{
    struct hal_figures figures;

    hal_figures(world->hal, &figures);
    return figures.lists_live;
}

/* ---- Interfaces ------------------------------------------------------------------------------ */

static NTSTATUS query(PVOID object, const GUID *iid, PVOID *interface)
{
    PUNKNOWN unknown = KsGetOuterUnknown(object);

    return (NTSTATUS)KE_CALL(unknown->lpVtbl->QueryInterface, KE_ARG(unknown), KE_ARG(iid),
                             KE_ARG(interface));
}

static ULONG add_ref(PUNKNOWN unknown)
{
    return (ULONG)KE_CALL(unknown->lpVtbl->AddRef, KE_ARG(unknown));
}

static ULONG release(PUNKNOWN unknown)
{
    return (ULONG)KE_CALL(unknown->lpVtbl->Release, KE_ARG(unknown));
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
    assert_int_equal(world->registration, STATUS_NOINTERFACE);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void query_all(void)
{
    static const GUID nobodys = {0x11111111, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
    PVOID interface = world;

    begin_paused();
    assert_int_equal(query(world->device, &nobodys, &interface), STATUS_NOINTERFACE);
    assert_null(interface);
    interface = world;
    assert_int_equal(query(world->filter, &IID_IKsDeviceFunctions, &interface), STATUS_NOINTERFACE);
    assert_null(interface);
    assert_int_equal(query(world->pin, &IID_IKsDeviceFunctions, &interface), STATUS_NOINTERFACE);
    assert_int_equal(query(world->device, &IID_IKsDeviceFunctions, &interface), STATUS_SUCCESS);
    release(interface);
    end();
}

static void interfaces_an_object_does_not_have_are_refused_with_null(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .pin_flags = MAPPED};

    (void)state;
    world_live(&config, query_all);
}

static void count_references(void)
{
    PUNKNOWN unknown, functions;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    unknown = KsDeviceGetOuterUnknown(world->device);
    assert_ptr_equal(KsDeviceGetOuterUnknown(world->device), unknown);
    assert_int_equal(add_ref(unknown), 2); /* the object's own, and no other before */
    assert_int_equal(query(world->device, &IID_IKsDeviceFunctions, (PVOID *)&functions),
                     STATUS_SUCCESS);
    assert_int_equal(add_ref(functions), 4); /* all faces of an object count together */
    assert_int_equal(release(functions), 3);
    assert_int_equal(release(functions), 2);
    assert_int_equal(release(unknown), 1);
    world_unload();
}

static void a_query_adds_a_reference_and_the_outer_unknown_none(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10};

    (void)state;
    world_live(&config, count_references);
}

static void release_too_often(void)
{
    PUNKNOWN unknown;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    unknown = KsDeviceGetOuterUnknown(world->device);
    assert_int_equal(release(unknown), 0); /* the documentation's example never releases it */
    assert_int_equal(world_findings(VERIFY_interface_released), 1);
    assert_int_equal(add_ref(unknown), 2); /* and it still works */
    release(unknown);
    world_unload();
}

static void releasing_what_was_not_referenced_is_a_finding(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10};

    (void)state;
    world_run(&config, release_too_often);
    assert_int_equal(world->rules[VERIFY_interface_released], 1);
    assert_int_equal(world->events[TRACE_finding], 1);
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
    assert_int_equal(world->events[TRACE_finding], 1);
    world_close();
    world_live(&without, only_start);
}

/* ---- Values ---------------------------------------------------------------------------------- */

struct values {
    bool no_adapter;
    bool no_description;
    DEVICE_DESCRIPTION description;
    ULONG map_registers;
    ULONG limit_bytes;
    ULONG stride_bytes;
};

static const struct values *values; /* of the test that runs */

static void make_adapter(PKSDEVICE device, ULONG *registers)
{
    DEVICE_DESCRIPTION description = {.Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .Dma64BitAddresses = TRUE,
                                      .InterfaceType = PCIBus,
                                      .MaximumLength = 64 << 10};

    world->adapter = IoGetDmaAdapter(device->PhysicalDeviceObject, &description, registers);
    assert_non_null(world->adapter);
}

static NTSTATUS register_values(PKSDEVICE device)
{
    DEVICE_DESCRIPTION description = values->description;
    PIKSDEVICEFUNCTIONS functions;
    ULONG registers;

    make_adapter(device, &registers);
    assert_int_equal(query(device, &IID_IKsDeviceFunctions, (PVOID *)&functions), STATUS_SUCCESS);
    world->registration = (NTSTATUS)KE_CALL(
        functions->lpVtbl->RegisterAdapterObjectEx, KE_ARG(functions),
        KE_ARG(values->no_adapter ? NULL : world->adapter),
        KE_ARG(values->no_description ? NULL : &description),
        values->map_registers != 0 ? registers : 0, values->limit_bytes, values->stride_bytes);
    memset(&description, 0xff, sizeof description); /* AVStream has a copy of what it needs */
    KE_CALL(functions->lpVtbl->Release, KE_ARG(functions));
    return STATUS_SUCCESS;
}

static const struct world_config with_values = {.windows = KE_WINDOWS_10,
                                                .pin_flags = MAPPED,
                                                .no_adapter = true,
                                                .start = register_values};

static const struct values good = {.description = {.Master = TRUE,
                                                   .ScatterGather = TRUE,
                                                   .Dma64BitAddresses = TRUE,
                                                   .InterfaceType = PCIBus,
                                                   .MaximumLength = 64 << 10},
                                   .map_registers = 1,
                                   .limit_bytes = 0,
                                   .stride_bytes = sizeof(KSMAPPING)};

static void lock_one_frame(void)
{
    PKSSTREAM_POINTER lead;

    begin_paused();
    world_queue(1, WORLD_FRAME, 0);
    lead = lock_leading();
    if (world->registration == STATUS_SUCCESS) {
        assert_non_null(lead);
        KsStreamPointerUnlock(lead, TRUE);
    } else {
        assert_null(lead);
        assert_null(lock_leading());
    }
    end();
}

static void expect_refusal(const struct values *bad, enum verify_rule rule)
{
    values = bad;
    world_run(&with_values, lock_one_frame);
    assert_int_equal(world->registration, STATUS_INVALID_PARAMETER);
    assert_int_equal(world->rules[rule], 1);
    assert_int_equal(world->rules[VERIFY_no_adapter], 1);
    assert_int_equal(world->events[TRACE_finding], 2);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void good_values_are_accepted_and_the_description_may_go_away(void **state)
{
    (void)state;
    values = &good;
    world_live(&with_values, lock_one_frame);
}

static void no_adapter_is_refused(void **state)
{
    struct values bad = good;

    (void)state;
    bad.no_adapter = true;
    expect_refusal(&bad, VERIFY_adapter_argument);
}

static void no_description_is_refused(void **state)
{
    struct values bad = good;

    (void)state;
    bad.no_description = true;
    expect_refusal(&bad, VERIFY_adapter_argument);
}

static void a_description_of_an_unknown_version_is_refused(void **state)
{
    struct values bad = good;

    (void)state;
    bad.description.Version = DEVICE_DESCRIPTION_VERSION3 + 1;
    expect_refusal(&bad, VERIFY_adapter_argument);
}

static void no_map_registers_are_refused(void **state)
{
    struct values bad = good;

    (void)state;
    bad.map_registers = 0;
    expect_refusal(&bad, VERIFY_adapter_argument);
}

static void a_stride_below_ksmapping_is_refused(void **state)
{
    struct values bad = good;

    (void)state;
    bad.stride_bytes = sizeof(KSMAPPING) - 1;
    expect_refusal(&bad, VERIFY_mapping_stride);
}

static void expect_a_word_and_success(const struct values *odd, enum verify_rule rule)
{
    values = odd;
    world_run(&with_values, lock_one_frame);
    assert_int_equal(world->registration, STATUS_SUCCESS);
    assert_int_equal(world->rules[rule], 1);
    assert_int_equal(world->events[TRACE_finding], 1);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void a_device_that_is_no_bus_master_with_scatter_gather_is_advised(void **state)
{
    struct values odd = good;

    (void)state;
    odd.description.ScatterGather = FALSE;
    expect_a_word_and_success(&odd, VERIFY_adapter_no_scatter_gather);
    odd.description.ScatterGather = TRUE;
    odd.description.Master = FALSE;
    expect_a_word_and_success(&odd, VERIFY_adapter_no_scatter_gather);
}

static void a_description_that_reaches_less_than_its_adapter_is_a_finding(void **state)
{
    static const struct world_config high = {.windows = KE_WINDOWS_10,
                                             .pin_flags = MAPPED,
                                             .ram_bytes = UINT64_C(8) << 30,
                                             .policy = MM_HIGH,
                                             .no_adapter = true,
                                             .start = register_values};
    struct values odd = good;

    (void)state;
    odd.description.Dma64BitAddresses = FALSE;
    odd.description.Dma32BitAddresses = TRUE;
    values = &odd;
    world_run(&high, lock_one_frame);
    assert_int_equal(world->rules[VERIFY_adapter_description], 1);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
    odd.description = (DEVICE_DESCRIPTION){.Version = DEVICE_DESCRIPTION_VERSION3,
                                           .Master = TRUE,
                                           .ScatterGather = TRUE,
                                           .Dma64BitAddresses = TRUE,
                                           .DmaAddressWidth = 32};
    world_run(&high, lock_one_frame); /* version 3 counts by its width alone */
    assert_int_equal(world->rules[VERIFY_adapter_description], 1);
    world_close();
    odd.description.DmaAddressWidth = 40;
    world_live(&high, lock_one_frame);
}

static void register_a_short_description(void)
{
    DEVICE_DESCRIPTION *description;
    PIKSDEVICEFUNCTIONS functions;
    ULONG registers;
    uint64_t va;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    make_adapter(world->device, &registers);
    /* Behind its last byte nothing is mapped. */
    assert_int_equal(mm_user_allocate(world->mm, DEVICE_DESCRIPTION_SIZE_V2,
                                      MM_PAGE_SIZE - DEVICE_DESCRIPTION_SIZE_V2, &va),
                     0);
    assert_true(mm_copy_to_va(world->mm, va, &good.description, DEVICE_DESCRIPTION_SIZE_V2));
    assert_false(mm_copy_to_va(world->mm, va + DEVICE_DESCRIPTION_SIZE_V2, &registers, 1));
    description = (DEVICE_DESCRIPTION *)va;
    for (ULONG version = 0; version <= DEVICE_DESCRIPTION_VERSION2; version++) {
        description->Version = version;
        assert_int_equal(query(world->device, &IID_IKsDeviceFunctions, (PVOID *)&functions),
                         STATUS_SUCCESS);
        assert_int_equal(
            (NTSTATUS)KE_CALL(functions->lpVtbl->RegisterAdapterObjectEx, KE_ARG(functions),
                              KE_ARG(world->adapter), va, registers, 0, sizeof(KSMAPPING)),
            STATUS_SUCCESS);
        release((PUNKNOWN)functions);
    }
    mm_user_free(world->mm, va);
    world_unload();
}

static void descriptions_of_old_versions_may_be_short(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .no_adapter = true};

    (void)state;
    world_live(&config, register_a_short_description);
}

/* ---- No adapter ------------------------------------------------------------------------------ */

static void lock_without_adapter(void)
{
    begin_paused();
    world_queue(1, WORLD_FRAME, 0);
    assert_null(lock_leading());
    assert_int_equal(KsStreamPointerLock(KsPinGetLeadingEdgeStreamPointer(
                         world->pin, KSSTREAM_POINTER_STATE_UNLOCKED)),
                     STATUS_DEVICE_NOT_READY);
    end();
}

static void a_mapped_pin_without_an_adapter_is_told_once_and_locks_fail(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pin_flags = MAPPED, .no_adapter = true};

    (void)state;
    world_run(&config, lock_without_adapter);
    assert_int_equal(world->rules[VERIFY_no_adapter], 1);
    assert_int_equal(world->events[TRACE_finding], 1);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void a_pin_without_mappings_needs_no_adapter(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
                                               .no_adapter = true};

    (void)state;
    world_live(&config, lock_one_frame);
}

/* ---- Again ----------------------------------------------------------------------------------- */

static void lock_and_pass(void)
{
    struct world_request *request = world_queue(1, WORLD_FRAME, 0);
    PKSSTREAM_POINTER lead = lock_leading();

    assert_non_null(lead);
    assert_int_equal(live_lists(), 1);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(live_lists(), 0);
}

static void stop_and_start(void)
{
    begin_paused();
    lock_and_pass();
    assert_int_equal(pnp_stop(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_null(world->adapter); /* the driver has put it */
    world_queue(1, WORLD_FRAME, 0);
    assert_null(lock_leading()); /* and nobody is asked while there is none */
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_non_null(world->adapter);
    KsStreamPointerUnlock(lock_leading(), TRUE);
    lock_and_pass();
    end();
}

static void a_driver_registers_again_after_stop_and_start(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .pin_flags = MAPPED};
    static const struct world_config old = {
        .windows = KE_WINDOWS_WS2003, .pin_flags = MAPPED, .old_registration = true};

    (void)state;
    world_live(&config, stop_and_start);
    world_live(&old, stop_and_start);
}

static void stop_with_a_frame_that_nobody_locks(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;
    KSMAPPING *table;

    begin_paused();
    request = world_queue(1, WORLD_FRAME, 0);
    lead = lock_leading();
    table = lead->Offset->Mappings;
    assert_non_null(table);
    KsStreamPointerUnlock(lead, FALSE);
    assert_int_equal(live_lists(), 1);
    assert_int_equal(pnp_stop(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(live_lists(), 0);
    assert_null(lead->Offset->Mappings);
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    assert_int_equal(lead->Offset->Count, 1);
    assert_int_equal(live_lists(), 1);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    end();
}

static void lists_that_nobody_uses_go_back_before_the_driver_stops(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .pin_flags = MAPPED};

    (void)state;
    world_live(&config, stop_with_a_frame_that_nobody_locks);
}

static void register_with_frames_mapped(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;
    PDMA_ADAPTER first;

    begin_paused();
    request = world_queue(1, WORLD_FRAME, 0);
    lead = lock_leading();
    assert_non_null(lead);
    first = world->adapter;
    world_register_adapter(world->device);
    assert_int_equal(world_findings(VERIFY_double_registration), 1);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(live_lists(), 0); /* back to the adapter that made it */
    KE_CALL(first->DmaOperations->PutDmaAdapter, KE_ARG(first));
    lock_and_pass();
    first = world->adapter;
    world_register_adapter(world->device); /* with nothing mapped there is nothing to say */
    KE_CALL(first->DmaOperations->PutDmaAdapter, KE_ARG(first));
    lock_and_pass();
    end();
}

static void a_registration_replaces_the_one_before_and_is_a_finding_while_frames_are_mapped(
    void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .pin_flags = MAPPED};

    (void)state;
    world_run(&config, register_with_frames_mapped);
    assert_int_equal(world->events[TRACE_finding], 1);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void lock_with_a_dead_adapter(void)
{
    begin_paused();
    world_put_adapter();
    world_queue(1, WORLD_FRAME, 0);
    assert_null(lock_leading());
    end();
}

static void locking_after_the_driver_put_its_adapter_is_a_finding(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .pin_flags = MAPPED};

    (void)state;
    world_run(&config, lock_with_a_dead_adapter);
    assert_true(world->rules[VERIFY_adapter_dead] > 0);
    assert_int_equal(world->rules[VERIFY_adapter_dead], world->events[TRACE_finding]);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

/* ---- One adapter for all --------------------------------------------------------------------- */

static void share_the_adapter(void)
{
    PFILE_OBJECT files[4], filter;
    struct world_request *requests[4];
    PKSSTREAM_POINTER leads[4];

    world_begin();
    filter = world_another_filter();
    files[0] = world->pin_file;
    for (unsigned i = 0; i < 4; i++) {
        if (i != 0)
            files[i] = world_another_pin(i < 2 ? world->filter_file : filter);
        assert_int_equal(world_state_of(files[i], KSSTATE_PAUSE), STATUS_SUCCESS);
        requests[i] = world_queue_on(files[i], 1, WORLD_FRAME, 0);
        leads[i] = lock_leading();
        assert_non_null(leads[i]);
        assert_ptr_equal(leads[i]->Pin, world->pin);
        assert_int_equal(live_lists(), i + 1);
    }
    for (unsigned i = 0; i < 4; i++) {
        KsStreamPointerUnlock(leads[i], TRUE);
        assert_int_equal(world_wait(requests[i]), STATUS_SUCCESS);
        assert_int_equal(live_lists(), 3 - i);
        if (i != 0)
            io_file_close(files[i]);
    }
    io_file_close(filter);
    world->log[0] = 0;
    world_end();
}

static void pins_of_several_filters_share_the_devices_adapter(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pin_flags = MAPPED, .instances = 2};

    (void)state;
    world_live(&config, share_the_adapter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ws2003sp1_has_iksdevicefunctions),
        cmocka_unit_test(windows_before_ws2003sp1_refuses_the_query_for_iksdevicefunctions),
        cmocka_unit_test(interfaces_an_object_does_not_have_are_refused_with_null),
        cmocka_unit_test(a_query_adds_a_reference_and_the_outer_unknown_none),
        cmocka_unit_test(releasing_what_was_not_referenced_is_a_finding),
        cmocka_unit_test(the_old_registration_is_advice_where_the_new_one_exists),
        cmocka_unit_test(good_values_are_accepted_and_the_description_may_go_away),
        cmocka_unit_test(no_adapter_is_refused),
        cmocka_unit_test(no_description_is_refused),
        cmocka_unit_test(a_description_of_an_unknown_version_is_refused),
        cmocka_unit_test(no_map_registers_are_refused),
        cmocka_unit_test(a_stride_below_ksmapping_is_refused),
        cmocka_unit_test(a_device_that_is_no_bus_master_with_scatter_gather_is_advised),
        cmocka_unit_test(a_description_that_reaches_less_than_its_adapter_is_a_finding),
        cmocka_unit_test(descriptions_of_old_versions_may_be_short),
        cmocka_unit_test(a_mapped_pin_without_an_adapter_is_told_once_and_locks_fail),
        cmocka_unit_test(a_pin_without_mappings_needs_no_adapter),
        cmocka_unit_test(a_driver_registers_again_after_stop_and_start),
        cmocka_unit_test(lists_that_nobody_uses_go_back_before_the_driver_stops),
        cmocka_unit_test(
            a_registration_replaces_the_one_before_and_is_a_finding_while_frames_are_mapped),
        cmocka_unit_test(locking_after_the_driver_put_its_adapter_is_a_finding),
        cmocka_unit_test(pins_of_several_filters_share_the_devices_adapter),
    };

    return cmocka_run_group_tests_name("registration", tests, NULL, NULL);
}
