/* SPDX-License-Identifier: MIT */
/* Flags of pins, filters and devices, each with it and without it; docs/flags.tsv says which test
 * holds which. What filter-centric processing makes of pin flags is in filter_process_test.c. */
#include "ks/ks_world.h"

static NTSTATUS NTAPI ejects_one(PKSPIN pin)
{
    PKSSTREAM_POINTER lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);

    if (lead != NULL)
        KsStreamPointerUnlock(lead, TRUE);
    return STATUS_PENDING;
}

/* A life of a world whose pin has these flags. */
static void live(ULONG pin_flags, PFNKSPIN process, void (*body)(void))
{
    const struct world_config config = {
        .windows = KE_WINDOWS_10, .process = process, .pin_flags = pin_flags};

    world_live(&config, body);
}

static NTSTATUS open_in_kernel_mode(PFILE_OBJECT relative_to, PUNICODE_STRING name, PHANDLE out)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb;
    HANDLE root = NULL;
    NTSTATUS status;

    if (relative_to != NULL)
        assert_int_equal(io_file_handle(relative_to, &root), STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, name, OBJ_KERNEL_HANDLE, root, NULL);
    status = ZwCreateFile(out, FILE_READ_DATA, &attributes, &iosb, NULL, 0, 0, FILE_OPEN, 0, NULL,
                          0);
    if (root != NULL)
        ZwClose(root);
    return status;
}

static NTSTATUS open_pin_in_kernel_mode(PFILE_OBJECT filter, PHANDLE out)
{
    static const WCHAR class[] = KSSTRING_Pin u"\\";
    struct world_connection connection = world_default_connection();
    union {
        WCHAR text[256];
        UCHAR bytes[512];
    } buffer;
    UNICODE_STRING name = {.Buffer = buffer.text,
                           .Length = (USHORT)(sizeof class - sizeof(WCHAR) + sizeof connection)};

    memcpy(buffer.bytes, class, sizeof class - sizeof(WCHAR));
    memcpy(buffer.bytes + sizeof class - sizeof(WCHAR), &connection, sizeof connection);
    name.MaximumLength = name.Length;
    return open_in_kernel_mode(filter, &name, out);
}

/* ---- The work queue -------------------------------------------------------------------------- */

static KPRIORITY priority_seen;

static NTSTATUS NTAPI notes_priority(PKSPIN pin)
{
    (void)pin;
    priority_seen = KeQueryPriorityThread(KeGetCurrentThread());
    return STATUS_PENDING;
}

static void attempts_asynchronously(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    KsPinAttemptProcessing(world->pin, TRUE);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 2);
    world_end();
}

static KPRIORITY priority_of_worker(ULONG pin_flags)
{
    live(pin_flags, notes_priority, attempts_asynchronously);
    return priority_seen;
}

static void the_work_queue_follows_from_the_pins_flags(void **state)
{
    KPRIORITY delayed = priority_of_worker(0);
    KPRIORITY critical = priority_of_worker(KSPIN_FLAG_CRITICAL_PROCESSING);
    KPRIORITY hypercritical = priority_of_worker(KSPIN_FLAG_HYPERCRITICAL_PROCESSING);

    (void)state;
    assert_true(delayed < critical);
    assert_true(critical < hypercritical);
}

/* ---- Who calls Process ----------------------------------------------------------------------- */

static PKTHREAD process_thread;

static NTSTATUS NTAPI notes_thread(PKSPIN pin)
{
    process_thread = KeGetCurrentThread();
    return ejects_one(pin);
}

static bool asynchronous;

static void arrival_and_state(void)
{
    PKTHREAD me = KeGetCurrentThread();

    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    assert_int_equal(world_wait(world_queue(1, 100, 0)), STATUS_SUCCESS);
    assert_int_equal(process_thread == me, !asynchronous);
    assert_int_equal(world_state(KSSTATE_ACQUIRE), STATUS_SUCCESS);
    process_thread = NULL;
    world_queue(1, 100, 0);
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    assert_int_equal(world_wait(&world->requests[1]), STATUS_SUCCESS);
    assert_int_equal(process_thread == me, !asynchronous);
    world_end();
}

static void what_an_asynchronous_pin_gets_is_processed_in_a_worker(void **state)
{
    (void)state;
    asynchronous = true;
    live(KSPIN_FLAG_ASYNCHRONOUS_PROCESSING, notes_thread, arrival_and_state);
}

static void else_the_sender_and_who_sets_the_state_process(void **state)
{
    (void)state;
    asynchronous = false;
    live(0, notes_thread, arrival_and_state);
}

/* ---- Transport ------------------------------------------------------------------------------- */

static const GUID own_medium_set = {0x5151, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const KSPIN_MEDIUM own_medium = {
    {{{0x5151, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}}, KSMEDIUM_TYPE_ANYINSTANCE, 0}}};
static const KSPIN_INTERFACE own_interface = {
    {{{0x6161, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}}, 0, 0}}};
static KSPIN_DESCRIPTOR_EX transport_pin;
static bool on_standard_transport;

static void open_transport_pin(void)
{
    struct world_connection connection = world_default_connection();

    if (transport_pin.PinDescriptor.MediumsCount != 0)
        connection.connect.Medium = own_medium;
    if (transport_pin.PinDescriptor.InterfacesCount != 0)
        connection.connect.Interface = own_interface;
    assert_int_equal(world_try_pin(&connection, &world->pin_file), STATUS_SUCCESS);
}

static void runs_at_once(void)
{
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_filter();
    open_transport_pin();
    world->log[0] = 0;
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    world_expect_log(on_standard_transport ? "ACQUIRE PAUSE RUN " : "RUN ");
    assert_int_equal(world_queue(1, 100, 0)->sent,
                     on_standard_transport ? STATUS_PENDING : STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(world->process_calls, on_standard_transport ? 1 : 0);
    assert_int_equal(KsPinGetLeadingEdgeStreamPointer(world->pin,
                                                      KSSTREAM_POINTER_STATE_UNLOCKED) != NULL,
                     on_standard_transport);
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    world_expect_log(on_standard_transport ? "PAUSE ACQUIRE STOP Reset " : "STOP Reset ");
    world_end();
}

static void transport(ULONG flags, bool medium, bool interface, bool standard)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .process = ejects_one, .pins = &transport_pin, .pin_count = 1};

    transport_pin = (KSPIN_DESCRIPTOR_EX){
        .Dispatch = &world_pin_dispatch,
        .PinDescriptor = {.DataRangesCount = 1,
                          .DataRanges = world_ranges,
                          .MediumsCount = medium ? 1 : 0,
                          .Mediums = &own_medium,
                          .InterfacesCount = interface ? 1 : 0,
                          .Interfaces = &own_interface,
                          .DataFlow = KSPIN_DATAFLOW_OUT,
                          .Communication = KSPIN_COMMUNICATION_BOTH},
        .Flags = flags,
        .InstancesPossible = 1};
    assert_true(IsEqualGUID(&own_medium.Set, &own_medium_set));
    on_standard_transport = standard;
    world_live(&config, runs_at_once);
}

static void interface_and_medium_decide_who_is_on_the_standard_transport(void **state)
{
    (void)state;
    transport(0, false, false, true);
    transport(0, true, false, false);
    transport(0, false, true, false);
}

static void use_standard_transport_overrides_interface_and_medium(void **state)
{
    (void)state;
    transport(KSPIN_FLAG_USE_STANDARD_TRANSPORT, true, false, true);
    transport(KSPIN_FLAG_USE_STANDARD_TRANSPORT, false, true, true);
}

static void a_pin_that_does_not_use_the_standard_transport_has_no_queue(void **state)
{
    (void)state;
    transport(KSPIN_FLAG_DO_NOT_USE_STANDARD_TRANSPORT, false, false, false);
}

static void of_both_transport_flags_the_standard_one_holds(void **state)
{
    (void)state;
    transport(KSPIN_FLAG_USE_STANDARD_TRANSPORT | KSPIN_FLAG_DO_NOT_USE_STANDARD_TRANSPORT, true,
              false, true);
}

/* ---- The queue ------------------------------------------------------------------------------- */

static void no_trailing_edge_body(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    assert_null(KsPinGetTrailingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_UNLOCKED));
    assert_non_null(KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_LOCKED));
    KsStreamPointerUnlock(
        KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_UNLOCKED), TRUE);
    assert_int_equal(world_wait(&world->requests[0]), STATUS_SUCCESS);
    world_end();
}

static void without_the_flag_there_is_no_trailing_edge_and_no_frame_waits_for_it(void **state)
{
    (void)state;
    live(0, NULL, no_trailing_edge_body);
}

/* ---- Format ---------------------------------------------------------------------------------- */

static bool fixed;

static void sets_format(void)
{
    KSPROPERTY request = {
        {{KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET}}};
    KSDATAFORMAT format = world_range;

    world_begin();
    assert_int_equal(
        world_property(world->pin_file, &request, sizeof request, &format, sizeof format, NULL),
        fixed ? STATUS_INVALID_DEVICE_REQUEST : STATUS_SUCCESS);
    world_expect_log(fixed ? "" : "SetDataFormat ");
    world_end();
}

static void the_format_of_a_fixed_pin_cannot_be_set(void **state)
{
    (void)state;
    fixed = true;
    live(KSPIN_FLAG_FIXED_FORMAT, NULL, sets_format);
}

static void the_format_of_another_pin_can(void **state)
{
    (void)state;
    fixed = false;
    live(0, NULL, sets_format);
}

/* ---- End of stream --------------------------------------------------------------------------- */

static uint64_t event_va;

static NTSTATUS enable_end_of_stream(ULONG flags, HANDLE event)
{
    KSEVENT request = {{{KSEVENTSETID_Connection, KSEVENT_CONNECTION_ENDOFSTREAM, flags}}};
    KSEVENTDATA data = {.NotificationType = KSEVENTF_EVENT_HANDLE,
                        .EventHandle = {.Event = event}};
    ULONG_PTR information;

    assert_true(mm_copy_to_va(world->mm, event_va, &request, sizeof request));
    assert_true(mm_copy_to_va(world->mm, event_va + 64, &data, sizeof data));
    return io_file_control_wait(world->pin_file, IOCTL_KS_ENABLE_EVENT, event_va, sizeof request,
                                event_va + 64, sizeof data, &information);
}

static PKEVENT open_event(PHANDLE handle)
{
    OBJECT_ATTRIBUTES attributes;
    PVOID event;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(
        ZwCreateEvent(handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
        STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(*handle, EVENT_MODIFY_STATE, *ExEventObjectType,
                                               KernelMode, &event, NULL),
                     STATUS_SUCCESS);
    ObDereferenceObject(event);
    return event;
}

static void stream_ends(void)
{
    HANDLE handle;
    PKEVENT event = open_event(&handle);

    assert_int_equal(mm_user_allocate(world->mm, 256, 0, &event_va), 0);
    world_begin();
    assert_int_equal(enable_end_of_stream(KSEVENT_TYPE_BASICSUPPORT, NULL), STATUS_SUCCESS);
    assert_int_equal(enable_end_of_stream(KSEVENT_TYPE_ENABLE, handle), STATUS_SUCCESS);
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    assert_int_equal(world_wait(world_queue(1, 100, 0)), STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(event), 0);
    assert_int_equal(world_wait(world_send(world->pin_file, true,
                                           KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM, 1, 100, 0)),
                     STATUS_SUCCESS);
    assert_true(KeReadStateEvent(event) != 0);
    world_end();
    ZwClose(handle);
    mm_user_free(world->mm, event_va);
}

static void a_pin_that_generates_end_of_stream_events_signals_them(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .process = ejects_one,
                                               .input = true,
                                               .pin_flags = KSPIN_FLAG_GENERATE_EOS_EVENTS};

    (void)state;
    world_live(&config, stream_ends);
}

static void no_end_of_stream(void)
{
    HANDLE handle;

    open_event(&handle);
    assert_int_equal(mm_user_allocate(world->mm, 256, 0, &event_va), 0);
    world_begin();
    assert_int_equal(enable_end_of_stream(KSEVENT_TYPE_BASICSUPPORT, NULL),
                     STATUS_PROPSET_NOT_FOUND);
    assert_int_equal(enable_end_of_stream(KSEVENT_TYPE_ENABLE, handle), STATUS_PROPSET_NOT_FOUND);
    world_end();
    ZwClose(handle);
    mm_user_free(world->mm, event_va);
}

static void another_pin_has_no_such_event(void **state)
{
    (void)state;
    live(0, NULL, no_end_of_stream);
}

static void renders(void)
{
    world_begin();
    assert_int_equal(mm_user_allocate(world->mm, 256, 0, &event_va), 0);
    assert_int_equal(enable_end_of_stream(KSEVENT_TYPE_BASICSUPPORT, NULL), STATUS_SUCCESS);
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 0);
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    assert_int_equal(world_wait(&world->requests[0]), STATUS_SUCCESS);
    mm_user_free(world->mm, event_va);
    world_end();
}

static void a_renderer_processes_in_run_only_and_has_the_end_of_stream_event(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .process = ejects_one,
                                               .input = true,
                                               .pin_flags = KSPIN_FLAG_RENDERER};

    (void)state;
    world_live(&config, renders);
}

/* ---- Clock ----------------------------------------------------------------------------------- */

static void no_clock(void)
{
    static const WCHAR class[] = KSSTRING_Clock u"\\\0";
    UNICODE_STRING name = {.Buffer = (PWCH)(ULONG_PTR) class, .Length = sizeof class};
    PIKSREFERENCECLOCK clock;
    PFILE_OBJECT file;

    world_begin();
    assert_int_equal(KsPinGetReferenceClockInterface(world->pin, &clock), STATUS_DEVICE_NOT_READY);
    assert_false(NT_SUCCESS(
        io_file_open(world->io, world->pin_file, &name, FILE_READ_DATA, &file)));
    world_end();
}

static void a_pin_that_implements_no_clock_has_none(void **state)
{
    (void)state;
    live(0, NULL, no_clock);
}

/* ---- Access ---------------------------------------------------------------------------------- */

static bool pin_denied;

static void opens_pin(void)
{
    struct world_connection connection = world_default_connection();
    PFILE_OBJECT file;
    HANDLE handle;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_filter();
    assert_int_equal(world_try_pin(&connection, &file),
                     pin_denied ? STATUS_ACCESS_DENIED : STATUS_SUCCESS);
    if (!pin_denied)
        io_file_close(file);
    assert_int_equal(open_pin_in_kernel_mode(world->filter_file, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    world_end();
}

static void a_pin_denied_to_user_mode_opens_in_kernel_mode_only(void **state)
{
    (void)state;
    pin_denied = true;
    live(KSPIN_FLAG_DENY_USERMODE_ACCESS, NULL, opens_pin);
}

static void another_pin_opens_in_both_modes(void **state)
{
    (void)state;
    pin_denied = false;
    live(0, NULL, opens_pin);
}

static void opens_denied_filter(void)
{
    struct world_connection connection = world_default_connection();
    PFILE_OBJECT file;
    HANDLE filter, pin;
    PVOID filter_file;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(io_file_open(world->io, NULL, world_link(), FILE_READ_DATA, &file),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(open_in_kernel_mode(NULL, (PUNICODE_STRING)(ULONG_PTR)world_link(), &filter),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(filter, FILE_READ_DATA, *IoFileObjectType,
                                               KernelMode, &filter_file, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(world_try_pin_of(filter_file, &connection, &file), STATUS_ACCESS_DENIED);
    assert_int_equal(open_pin_in_kernel_mode(filter_file, &pin), STATUS_SUCCESS);
    ZwClose(pin);
    ObDereferenceObject(filter_file);
    ZwClose(filter);
    world_end();
}

static void a_filter_denied_to_user_mode_takes_its_pins_along(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .filter_flags = KSFILTER_FLAG_DENY_USERMODE_ACCESS};

    (void)state;
    world_live(&config, opens_denied_filter);
}

/* ---- The name of a factory ------------------------------------------------------------------- */

static const WCHAR given_name[] = u"given";
static bool guid_first;

static NTSTATUS makes_factory(PKSDEVICE device)
{
    static KSFILTER_DESCRIPTOR descriptor;
    NTSTATUS status;

    descriptor = world_filter_descriptor;
    descriptor.ReferenceGuid = &own_medium_set;
    descriptor.Categories = &KSCATEGORY_RENDER;
    descriptor.Flags = guid_first ? KSFILTER_FLAG_PRIORITIZE_REFERENCEGUID : 0;
    KsAcquireDevice(device);
    status = KsCreateFilterFactory(device->FunctionalDeviceObject, &descriptor,
                                   (PWSTR)(ULONG_PTR)given_name, NULL, 0, NULL, NULL, NULL);
    KsReleaseDevice(device);
    return status;
}

static bool ends_with(const UNICODE_STRING *name, const WCHAR *tail)
{
    UNICODE_STRING wanted, end = *name;

    RtlInitUnicodeString(&wanted, tail);
    if (end.Length < wanted.Length)
        return false;
    end.Buffer += (end.Length - wanted.Length) / sizeof(WCHAR);
    end.Length = wanted.Length;
    return RtlEqualUnicodeString(&end, &wanted, TRUE);
}

static void factory_is_named(void)
{
    const UNICODE_STRING *link;
    PFILE_OBJECT file;

    world_begin();
    assert_int_equal(io_interface_at(world->io, &KSCATEGORY_RENDER, 0, &link), STATUS_SUCCESS);
    assert_true(ends_with(link, guid_first ? u"{00005151-0001-0002-0304-05060708090A}"
                                           : given_name));
    assert_int_equal(io_file_open(world->io, NULL, link, FILE_READ_DATA, &file), STATUS_SUCCESS);
    io_file_close(file);
    world_end();
}

static void the_reference_guid_names_a_factory_that_prioritizes_it(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .start = makes_factory};

    (void)state;
    guid_first = true;
    world_live(&config, factory_is_named);
}

static void a_given_string_names_another_factory(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .start = makes_factory};

    (void)state;
    guid_first = false;
    world_live(&config, factory_is_named);
}

/* ---- Waking the system ----------------------------------------------------------------------- */

static PDRIVER_DISPATCH power_of_ks;
static unsigned wait_wakes;

static NTSTATUS NTAPI counts_wait_wake(PDEVICE_OBJECT device, PIRP irp)
{
    if (IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_WAIT_WAKE)
        wait_wakes++;
    return (NTSTATUS)KE_CALL(power_of_ks, KE_ARG(device), KE_ARG(irp));
}

static void hooks_power(PDRIVER_OBJECT driver)
{
    power_of_ks = driver->MajorFunction[IRP_MJ_POWER];
    driver->MajorFunction[IRP_MJ_POWER] = counts_wait_wake;
    wait_wakes = 0;
}

static void sleeps_and_wakes(void)
{
    world_begin();
    assert_int_equal(pnp_power(world->pnp, world->pdo, PowerSystemSleeping3), STATUS_SUCCESS);
    assert_int_equal(pnp_power(world->pnp, world->pdo, PowerSystemWorking), STATUS_SUCCESS);
    world_end();
}

static unsigned wait_wakes_of(ULONG version, ULONG flags)
{
    const struct world_config config = {.windows = KE_WINDOWS_10,
                                        .entered = hooks_power,
                                        .device_version = version,
                                        .device_flags = flags};

    world_live(&config, sleeps_and_wakes);
    return wait_wakes;
}

static void a_device_that_enables_remote_wakeup_waits_to_wake_the_system(void **state)
{
    (void)state;
    assert_int_equal(
        wait_wakes_of(KSDEVICE_DESCRIPTOR_VERSION_2, KSDEVICE_FLAG_ENABLE_REMOTE_WAKEUP), 1);
}

static void another_device_does_not_nor_one_whose_descriptor_is_too_old_for_flags(void **state)
{
    (void)state;
    assert_int_equal(wait_wakes_of(KSDEVICE_DESCRIPTOR_VERSION_2, 0), 0);
    assert_int_equal(wait_wakes_of(0, KSDEVICE_FLAG_ENABLE_REMOTE_WAKEUP), 0);
}

/* ---- Flags that exclude each other ----------------------------------------------------------- */

static void just_opens(void)
{
    world_begin();
    world_end();
}

static uint64_t flags_told(ULONG pin_flags)
{
    const struct world_config config = {
        .windows = KE_WINDOWS_10, .process = ejects_one, .pin_flags = pin_flags};
    uint64_t told;

    world_run(&config, just_opens);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    told = world_findings(VERIFY_pin_flags);
    world_close();
    return told;
}

static void flags_that_exclude_each_other_are_told(void **state)
{
    (void)state;
    assert_int_equal(
        flags_told(KSPIN_FLAG_CRITICAL_PROCESSING | KSPIN_FLAG_HYPERCRITICAL_PROCESSING), 1);
    assert_int_equal(flags_told(KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING |
                                KSPIN_FLAG_INITIATE_PROCESSING_ON_EVERY_ARRIVAL),
                     1);
    assert_int_equal(flags_told(KSPIN_FLAG_FRAMES_NOT_REQUIRED_FOR_PROCESSING |
                                KSPIN_FLAG_SOME_FRAMES_REQUIRED_FOR_PROCESSING),
                     1);
    assert_int_equal(flags_told(KSPIN_FLAG_PROCESS_IN_RUN_STATE_ONLY |
                                KSPIN_FLAG_PROCESS_IF_ANY_IN_RUN_STATE),
                     1);
    assert_int_equal(flags_told(KSPIN_FLAG_CRITICAL_PROCESSING |
                                KSPIN_FLAG_INITIATE_PROCESSING_ON_EVERY_ARRIVAL),
                     0);
}

static uint64_t processes_missed(bool no_process, ULONG pin_flags)
{
    const struct world_config config = {.windows = KE_WINDOWS_10,
                                        .process = ejects_one,
                                        .no_process = no_process,
                                        .pin_flags = pin_flags};
    uint64_t told;

    world_run(&config, just_opens);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    told = world_findings(VERIFY_pin_no_process);
    world_close();
    return told;
}

static void a_pin_that_does_not_initiate_needs_a_process(void **state)
{
    (void)state;
    assert_int_equal(processes_missed(true, KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING), 1);
    assert_int_equal(processes_missed(false, KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING), 0);
    assert_int_equal(processes_missed(true, KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING |
                                                KSPIN_FLAG_DO_NOT_USE_STANDARD_TRANSPORT),
                     0);
    assert_int_equal(processes_missed(true, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_work_queue_follows_from_the_pins_flags),
        cmocka_unit_test(what_an_asynchronous_pin_gets_is_processed_in_a_worker),
        cmocka_unit_test(else_the_sender_and_who_sets_the_state_process),
        cmocka_unit_test(interface_and_medium_decide_who_is_on_the_standard_transport),
        cmocka_unit_test(use_standard_transport_overrides_interface_and_medium),
        cmocka_unit_test(a_pin_that_does_not_use_the_standard_transport_has_no_queue),
        cmocka_unit_test(of_both_transport_flags_the_standard_one_holds),
        cmocka_unit_test(without_the_flag_there_is_no_trailing_edge_and_no_frame_waits_for_it),
        cmocka_unit_test(the_format_of_a_fixed_pin_cannot_be_set),
        cmocka_unit_test(the_format_of_another_pin_can),
        cmocka_unit_test(a_pin_that_generates_end_of_stream_events_signals_them),
        cmocka_unit_test(another_pin_has_no_such_event),
        cmocka_unit_test(a_renderer_processes_in_run_only_and_has_the_end_of_stream_event),
        cmocka_unit_test(a_pin_that_implements_no_clock_has_none),
        cmocka_unit_test(a_pin_denied_to_user_mode_opens_in_kernel_mode_only),
        cmocka_unit_test(another_pin_opens_in_both_modes),
        cmocka_unit_test(a_filter_denied_to_user_mode_takes_its_pins_along),
        cmocka_unit_test(the_reference_guid_names_a_factory_that_prioritizes_it),
        cmocka_unit_test(a_given_string_names_another_factory),
        cmocka_unit_test(a_device_that_enables_remote_wakeup_waits_to_wake_the_system),
        cmocka_unit_test(another_device_does_not_nor_one_whose_descriptor_is_too_old_for_flags),
        cmocka_unit_test(flags_that_exclude_each_other_are_told),
        cmocka_unit_test(a_pin_that_does_not_initiate_needs_a_process),
    };

    return cmocka_run_group_tests_name("flags", tests, NULL, NULL);
}
