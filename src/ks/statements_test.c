/* SPDX-License-Identifier: MIT */
/* Statements of the documentation about registering an adapter and about mapping tables, one test
 * each; docs/dma-statements.tsv says which. */
#include "ks/ks_world.h"

enum { MIB = 1 << 20, PAGE = 4096 };
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

static PKSSTREAM_POINTER lock_leading(void)
{
    return KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_LOCKED);
}

static struct hal_figures figures(void)
{
    struct hal_figures now;

    hal_figures(world->hal, &now);
    return now;
}

static KSMAPPING *entry_at(PKSSTREAM_POINTER pointer, ULONG index, ULONG stride)
{
    return (KSMAPPING *)(void *)((UCHAR *)pointer->Offset->Mappings + (SIZE_T)index * stride);
}

static void lock_and_release(ULONG bytes)
{
    struct world_request *request = world_queue(1, bytes, 0);
    PKSSTREAM_POINTER lead = lock_leading();

    assert_non_null(lead);
    assert_true(lead->Offset->Count > 0);
    assert_int_equal(figures().lists_live, 1);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(figures().lists_live, 0);
}

static void map_one_frame(void)
{
    begin_paused();
    lock_and_release(MIB);
    end();
}

/* ---- The interface --------------------------------------------------------------------------- */

static const GUID no_such_interface = {0xdeadbeef, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

static NTSTATUS ask(PUNKNOWN unknown, const GUID *id, PVOID *out)
{
    return (NTSTATUS)KE_CALL(unknown->lpVtbl->QueryInterface, KE_ARG(unknown), KE_ARG(id),
                             KE_ARG(out));
}

static NTSTATUS ask_in_start(PKSDEVICE device)
{
    PUNKNOWN unknown = KsDeviceGetOuterUnknown(device);
    PIKSDEVICEFUNCTIONS functions = NULL;
    PUNKNOWN again = NULL;
    PVOID none = NULL;
    ULONG before;

    assert_ptr_equal(unknown, KsGetOuterUnknown(device));
    assert_int_equal(ask(unknown, &IID_IKsDeviceFunctions, (PVOID *)&functions), STATUS_SUCCESS);
    assert_int_equal(ask((PUNKNOWN)functions, &IID_IUnknown, (PVOID *)&again), STATUS_SUCCESS);
    assert_ptr_equal(again, unknown);
    before = (ULONG)KE_CALL(unknown->lpVtbl->AddRef, KE_ARG(unknown));
    assert_false(NT_SUCCESS(ask(unknown, &no_such_interface, &none)));
    assert_null(none);
    assert_int_equal(KE_CALL(unknown->lpVtbl->Release, KE_ARG(unknown)), before - 1);
    assert_int_equal(KE_CALL(again->lpVtbl->Release, KE_ARG(again)), before - 2);
    assert_int_equal(KE_CALL(functions->lpVtbl->Release, KE_ARG(functions)), before - 3);
    return STATUS_SUCCESS;
}

static void only_start(void)
{
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_unload();
}

static void a_device_answers_for_its_interfaces_and_refuses_others(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .start = ask_in_start};

    (void)state;
    world_live(&config, only_start);
}

static void a_registration_outlives_the_interface_it_was_made_by(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_WS2003SP1,
                                               .pin_flags = MAPPED};

    (void)state;
    world_live(&config, map_one_frame); /* world_register_new has released it */
}

static void the_new_registration_is_no_advice(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .pin_flags = MAPPED};

    (void)state;
    world_run(&config, map_one_frame);
    assert_int_equal(world->rules[VERIFY_legacy_registration], 0);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

/* ---- What is registered ---------------------------------------------------------------------- */

/* A driver that does its own registering, as the test says. */
static NTSTATUS (*registering)(PKSDEVICE, PIKSDEVICEFUNCTIONS, PDMA_ADAPTER, PDEVICE_DESCRIPTION,
                               ULONG);

static NTSTATUS register_in_start(PKSDEVICE device)
{
    DEVICE_DESCRIPTION description = {.Version = DEVICE_DESCRIPTION_VERSION,
                                      .Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .Dma64BitAddresses = TRUE,
                                      .InterfaceType = PCIBus,
                                      .MaximumLength = MAXULONG};
    PUNKNOWN unknown = KsDeviceGetOuterUnknown(device);
    PIKSDEVICEFUNCTIONS functions;
    ULONG registers = 0;

    world->adapter = IoGetDmaAdapter(device->PhysicalDeviceObject, &description, &registers);
    assert_non_null(world->adapter);
    assert_true(registers > 0);
    assert_int_equal(ask(unknown, &IID_IKsDeviceFunctions, (PVOID *)&functions), STATUS_SUCCESS);
    registering(device, functions, world->adapter, &description, registers);
    KE_CALL(functions->lpVtbl->Release, KE_ARG(functions));
    return STATUS_SUCCESS;
}

static NTSTATUS register_ex(PIKSDEVICEFUNCTIONS functions, PDMA_ADAPTER adapter,
                            PDEVICE_DESCRIPTION description, ULONG registers, ULONG limit,
                            ULONG stride)
{
    return (NTSTATUS)KE_CALL(functions->lpVtbl->RegisterAdapterObjectEx, KE_ARG(functions),
                             KE_ARG(adapter), KE_ARG(description), registers, limit, stride);
}

static const struct world_config own_registration = {.windows = KE_WINDOWS_10,
                                                     .pin_flags = MAPPED,
                                                     .no_adapter = true,
                                                     .start = register_in_start};

static NTSTATUS register_well(PKSDEVICE device, PIKSDEVICEFUNCTIONS functions, PDMA_ADAPTER adapter,
                              PDEVICE_DESCRIPTION description, ULONG registers)
{
    (void)device;
    assert_int_equal(
        register_ex(functions, adapter, description, registers, 0, sizeof(KSMAPPING)),
        STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static void the_adapter_comes_from_the_drivers_start_routine(void **state)
{
    (void)state;
    registering = register_well;
    world_live(&own_registration, map_one_frame);
}

static void a_registered_adapter_maps_for_the_pins(void **state)
{
    (void)state;
    registering = register_well;
    world_run(&own_registration, map_one_frame);
    assert_int_equal(world->events[TRACE_dma_map], 1);
    assert_int_equal(world->rules[VERIFY_no_adapter], 0);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static NTSTATUS register_nothing(PKSDEVICE device, PIKSDEVICEFUNCTIONS functions,
                                 PDMA_ADAPTER adapter, PDEVICE_DESCRIPTION description,
                                 ULONG registers)
{
    (void)device;
    assert_int_equal(register_ex(functions, NULL, description, registers, 0, sizeof(KSMAPPING)),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(register_ex(functions, adapter, NULL, registers, 0, sizeof(KSMAPPING)),
                     STATUS_INVALID_PARAMETER);
    return STATUS_SUCCESS;
}

static void lock_in_vain(void)
{
    begin_paused();
    world_queue(1, PAGE, 0);
    assert_null(lock_leading());
    end();
}

static void registering_nothing_is_refused(void **state)
{
    (void)state;
    registering = register_nothing;
    world_run(&own_registration, lock_in_vain);
    assert_int_equal(world->rules[VERIFY_no_adapter], 1);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static NTSTATUS register_and_scribble(PKSDEVICE device, PIKSDEVICEFUNCTIONS functions,
                                      PDMA_ADAPTER adapter, PDEVICE_DESCRIPTION description,
                                      ULONG registers)
{
    register_well(device, functions, adapter, description, registers);
    memset(description, 0xee, sizeof *description); /* it stood on the driver's stack */
    return STATUS_SUCCESS;
}

static void the_description_is_read_at_registration_only(void **state)
{
    (void)state;
    registering = register_and_scribble;
    world_live(&own_registration, map_one_frame);
}

static NTSTATUS register_without_memory(PKSDEVICE device, PIKSDEVICEFUNCTIONS functions,
                                        PDMA_ADAPTER adapter, PDEVICE_DESCRIPTION description,
                                        ULONG registers)
{
    assert_int_equal(sim_fault_arm(world->sim, "pool", 1), 0);
    register_well(device, functions, adapter, description, registers);
    assert_int_equal(sim_fault_arm(world->sim, "pool", 0), 0);
    return STATUS_SUCCESS;
}

static void no_registration_takes_memory(void **state)
{
    (void)state;
    registering = register_without_memory;
    world_live(&own_registration, map_one_frame);
}

/* The registration sequence of the documentation's example: one driver for every system. */
static NTSTATUS start_as_in_the_example(PKSDEVICE device)
{
    DEVICE_DESCRIPTION description = {.Version = DEVICE_DESCRIPTION_VERSION,
                                      .Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .Dma32BitAddresses = TRUE,
                                      .InterfaceType = PCIBus,
                                      .MaximumLength = MAXULONG};
    PUNKNOWN unknown = KsDeviceGetOuterUnknown(device);
    PIKSDEVICEFUNCTIONS functions;
    ULONG registers;

    world->adapter = IoGetDmaAdapter(device->PhysicalDeviceObject, &description, &registers);
    assert_non_null(world->adapter);
    world->registration = ask(unknown, &IID_IKsDeviceFunctions, (PVOID *)&functions);
    if (NT_SUCCESS(world->registration)) {
        register_ex(functions, world->adapter, &description, registers, PAGE, sizeof(KSMAPPING));
        KE_CALL(functions->lpVtbl->Release, KE_ARG(functions));
    } else {
        KsDeviceRegisterAdapterObject(device, world->adapter, PAGE, sizeof(KSMAPPING));
    }
    return STATUS_SUCCESS;
}

static void a_driver_that_falls_back_maps_its_frames(void **state)
{
    static const struct world_config old = {.windows = KE_WINDOWS_WS2003,
                                            .pin_flags = MAPPED,
                                            .no_adapter = true,
                                            .start = start_as_in_the_example};
    static const struct world_config new = {.windows = KE_WINDOWS_10,
                                            .pin_flags = MAPPED,
                                            .no_adapter = true,
                                            .start = start_as_in_the_example};

    (void)state;
    world_live(&old, map_one_frame);
    world_live(&new, map_one_frame);
}

/* ---- Limits and strides ---------------------------------------------------------------------- */

static ULONG expected_stride, expected_limit;

static void check_table(void)
{
    PKSSTREAM_POINTER lead;
    uint64_t sum = 0;

    begin_paused();
    world_queue(1, MIB, 0x123);
    lead = lock_leading();
    for (ULONG i = 0; i < lead->Offset->Count; i++) {
        KSMAPPING *mapping = entry_at(lead, i, expected_stride);

        assert_in_range(mapping->ByteCount, 1, expected_limit);
        sum += mapping->ByteCount;
        for (ULONG byte = sizeof *mapping; byte < expected_stride; byte++)
            ((UCHAR *)mapping)[byte] = 0xdd; /* the driver's own */
    }
    assert_int_equal(sum, MIB);
    KsStreamPointerUnlock(lead, TRUE);
    end();
}

static void a_stride_of_exactly_ksmapping_is_enough(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pin_flags = MAPPED, .stride_bytes = sizeof(KSMAPPING)};

    (void)state;
    expected_stride = sizeof(KSMAPPING);
    expected_limit = MIB;
    world_live(&config, check_table);
}

static void a_large_stride_is_kept(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pin_flags = MAPPED, .stride_bytes = 10000};

    (void)state;
    expected_stride = 10000;
    expected_limit = MIB;
    world_live(&config, check_table);
}

static void the_old_registration_limits_and_strides_alike(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_WS2003,
                                               .pin_flags = MAPPED,
                                               .old_registration = true,
                                               .limit_bytes = 1000,
                                               .stride_bytes = 64};

    (void)state;
    expected_stride = 64;
    expected_limit = 1000;
    world_live(&config, check_table);
}

static void the_old_registration_refuses_a_stride_below_ksmapping(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_WS2003,
                                               .pin_flags = MAPPED,
                                               .old_registration = true,
                                               .stride_bytes = sizeof(KSMAPPING) - 1};

    (void)state;
    world_run(&config, lock_in_vain);
    assert_int_equal(world->rules[VERIFY_mapping_stride], 1);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void one_piece(void)
{
    PKSSTREAM_POINTER lead;

    begin_paused();
    world_queue(1, MIB, 0x123);
    lead = lock_leading();
    assert_int_equal(lead->Offset->Count, 1);
    assert_int_equal(lead->Offset->Mappings[0].ByteCount, MIB);
    KsStreamPointerUnlock(lead, TRUE);
    end();
}

static void without_a_limit_no_piece_is_broken(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pin_flags = MAPPED, .policy = MM_CONTIGUOUS};

    (void)state;
    world_live(&config, one_piece);
}

static void straddling(void)
{
    PKSSTREAM_POINTER lead;
    unsigned on_two_pages = 0;

    begin_paused();
    world_queue(1, MIB, 0x123);
    lead = lock_leading();
    for (ULONG i = 0; i < lead->Offset->Count; i++) {
        uint64_t first = (uint64_t)lead->Offset->Mappings[i].PhysicalAddress.QuadPart;
        uint64_t last = first + lead->Offset->Mappings[i].ByteCount - 1;

        assert_in_range(last - first, 0, PAGE - 97);
        on_two_pages += first / PAGE != last / PAGE;
    }
    assert_true(on_two_pages > 0);
    KsStreamPointerUnlock(lead, TRUE);
    end();
}

static void a_short_mapping_can_lie_on_two_pages(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = MAPPED,
                                               .policy = MM_CONTIGUOUS,
                                               .limit_bytes = PAGE - 96};

    (void)state;
    world_live(&config, straddling);
}

/* Each mapping holds the page that the client's address has there. */
static void check_pages(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;
    uint64_t at;

    begin_paused();
    request = world_queue(1, MIB, 0x123);
    lead = lock_leading();
    at = request->buffer_va[0];
    for (ULONG i = 0; i < lead->Offset->Count; i++) {
        const KSMAPPING *mapping = &lead->Offset->Mappings[i];

        for (ULONG byte = 0; byte < mapping->ByteCount; byte += 512)
            assert_int_equal((uint64_t)mapping->PhysicalAddress.QuadPart + byte,
                             (mm_pfn_of_va(world->mm, at + byte) << 12) + (at + byte) % PAGE);
        at += mapping->ByteCount;
    }
    assert_int_equal(at, request->buffer_va[0] + MIB);
    KsStreamPointerUnlock(lead, TRUE);
    end();
}

static void mappings_name_the_pages_of_the_frame(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .pin_flags = MAPPED};

    (void)state;
    world_live(&config, check_pages);
}

/* ---- Devices and pins of other kinds --------------------------------------------------------- */

static NTSTATUS start_without_scatter_gather(PKSDEVICE device)
{
    DEVICE_DESCRIPTION description = {.Version = DEVICE_DESCRIPTION_VERSION,
                                      .Master = TRUE,
                                      .Dma64BitAddresses = TRUE,
                                      .InterfaceType = PCIBus,
                                      .MaximumLength = MIB};
    ULONG registers;

    world->adapter = IoGetDmaAdapter(device->PhysicalDeviceObject, &description, &registers);
    assert_non_null(world->adapter);
    world_register_new(device, &description, registers);
    return world->registration;
}

static void one_bounced_piece(void)
{
    PKSSTREAM_POINTER lead;

    begin_paused();
    world_queue(1, MIB / 2, 0x123);
    lead = lock_leading();
    assert_non_null(lead);
    assert_int_equal(lead->Offset->Count, 1);
    assert_int_equal(lead->Offset->Mappings[0].ByteCount, MIB / 2);
    assert_int_equal(figures().bounce_bytes, MIB / 2);
    KsStreamPointerUnlock(lead, TRUE);
    end();
}

static void a_device_without_scatter_gather_gets_one_bounced_piece(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = MAPPED,
                                               .no_adapter = true,
                                               .start = start_without_scatter_gather};

    (void)state;
    world_run(&config, one_bounced_piece);
    assert_int_equal(world->rules[VERIFY_adapter_no_scatter_gather], 1); /* advice */
    assert_int_equal(world->events[TRACE_finding], 1);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static NTSTATUS start_with_adapter_only(PKSDEVICE device)
{
    DEVICE_DESCRIPTION description = {.Version = DEVICE_DESCRIPTION_VERSION2,
                                      .Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .Dma64BitAddresses = TRUE,
                                      .InterfaceType = PCIBus,
                                      .MaximumLength = 0x10000};
    PHYSICAL_ADDRESS la;
    ULONG registers;
    PVOID va;

    world->adapter = IoGetDmaAdapter(device->PhysicalDeviceObject, &description, &registers);
    assert_non_null(world->adapter);
    va = (PVOID)KE_CALL(world->adapter->DmaOperations->AllocateCommonBuffer, KE_ARG(world->adapter),
                        0x10000, KE_ARG(&la), TRUE);
    assert_non_null(va);
    KE_CALL(world->adapter->DmaOperations->FreeCommonBuffer, KE_ARG(world->adapter), 0x10000,
            (uint64_t)la.QuadPart, KE_ARG(va), TRUE);
    return STATUS_SUCCESS;
}

static void copy_a_frame(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;
    UCHAR last = 0;

    begin_paused();
    request = world_queue(1, 10000, 0x10);
    lead = lock_leading();
    memset(lead->StreamHeader->Data, 0x5a, 10000);
    lead->StreamHeader->DataUsed = 10000;
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(world_header(request, 0).DataUsed, 10000);
    assert_true(mm_copy_from_va(world->mm, &last, request->buffer_va[0] + 9999, 1));
    assert_int_equal(last, 0x5a);
    end();
    world_drain(world);
    assert_int_equal(world->events[TRACE_dma_map], 0);
}

static void a_pin_without_mappings_needs_no_registration(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
                                               .no_adapter = true,
                                               .start = start_with_adapter_only};

    (void)state;
    world_live(&config, copy_a_frame);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_answers_for_its_interfaces_and_refuses_others),
        TEST(a_registration_outlives_the_interface_it_was_made_by),
        TEST(the_new_registration_is_no_advice),
        TEST(a_driver_that_falls_back_maps_its_frames),
        TEST(the_adapter_comes_from_the_drivers_start_routine),
        TEST(a_registered_adapter_maps_for_the_pins),
        TEST(registering_nothing_is_refused),
        TEST(the_description_is_read_at_registration_only),
        TEST(no_registration_takes_memory),
        TEST(a_stride_of_exactly_ksmapping_is_enough),
        TEST(a_large_stride_is_kept),
        TEST(the_old_registration_limits_and_strides_alike),
        TEST(the_old_registration_refuses_a_stride_below_ksmapping),
        TEST(without_a_limit_no_piece_is_broken),
        TEST(a_short_mapping_can_lie_on_two_pages),
        TEST(mappings_name_the_pages_of_the_frame),
        TEST(a_device_without_scatter_gather_gets_one_bounced_piece),
        TEST(a_pin_without_mappings_needs_no_registration),
    };

    return cmocka_run_group_tests_name("statements", tests, NULL, NULL);
}
