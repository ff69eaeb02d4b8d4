/* SPDX-License-Identifier: MIT */
/* What drivers build on: automation tables, events, bags, the hierarchy, clocks, topology, workers,
 * IRP queues. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static NTSTATUS get_connection(ULONG id, void *data, ULONG bytes, ULONG_PTR *information)
{
    KSPROPERTY request = {{{KSPROPSETID_Connection, id, KSPROPERTY_TYPE_GET}}};

    return world_property(world->pin_file, &request, sizeof request, data, bytes, information);
}

/* ---- Driver tables --------------------------------------------------------------------------- */

static const GUID own_set = {0xabcd, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static ULONG own_value;

static NTSTATUS NTAPI get_own(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    assert_int_equal((uint64_t)Request % 8, 0);
    assert_ptr_equal(KsGetPinFromIrp(Irp), world->pin);
    *(PULONG)Data = own_value;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI set_own(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    (void)Irp;
    (void)Request;
    own_value = *(PULONG)Data;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI get_own_state(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    (void)Irp;
    (void)Request;
    *(KSSTATE *)Data = 77;
    return STATUS_SUCCESS;
}

/* Items with eight bytes of the driver's own behind each. */
struct wide_item {
    KSPROPERTY_ITEM item;
    uint64_t mine;
};

static const struct wide_item own_items[] = {
    {{.PropertyId = 5}, 1},
    {{.PropertyId = 9,
      .GetPropertyHandler = get_own,
      .SetPropertyHandler = set_own,
      .MinProperty = sizeof(KSPROPERTY),
      .MinData = sizeof(ULONG)},
     2},
};
static const struct wide_item own_connection_items[] = {
    {{.PropertyId = KSPROPERTY_CONNECTION_STATE,
      .GetPropertyHandler = get_own_state,
      .MinProperty = sizeof(KSPROPERTY),
      .MinData = sizeof(KSSTATE)},
     3},
};
static const KSPROPERTY_SET own_sets[] = {
    {&own_set, 2, &own_items[0].item, 0, NULL},
    {&KSPROPSETID_Connection, 1, &own_connection_items[0].item, 0, NULL},
};
static const KSAUTOMATION_TABLE own_table = {
    .PropertySetsCount = 2, .PropertyItemSize = sizeof(struct wide_item), .PropertySets = own_sets};

static void own_properties(void)
{
    KSPROPERTY request = {{{own_set, 9, KSPROPERTY_TYPE_SET}}};
    ULONG value = 123;
    KSSTATE shown;

    world_begin();
    assert_int_equal(
        world_property(world->pin_file, &request, sizeof request, &value, sizeof value, NULL),
        STATUS_SUCCESS);
    request.Flags = KSPROPERTY_TYPE_GET;
    value = 0;
    assert_int_equal(
        world_property(world->pin_file, &request, sizeof request, &value, sizeof value, NULL),
        STATUS_SUCCESS);
    assert_int_equal(value, 123);
    assert_int_equal(get_connection(KSPROPERTY_CONNECTION_STATE, &shown, sizeof shown, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(shown, 77);
    assert_int_equal(world_state(KSSTATE_ACQUIRE), STATUS_SUCCESS); /* SET is still the runtime's */
    assert_int_equal(world->pin->ClientState, KSSTATE_ACQUIRE);
    world_end();
}

static void a_drivers_item_replaces_the_runtimes_and_items_are_walked_by_their_size(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .pin_table = &own_table};

    (void)state;
    world_live(&config, own_properties);
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

static NTSTATUS NTAPI get_node_value(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    (void)Request;
    *(PULONG)Data = 100 + KsGetNodeIdFromIrp(Irp);
    assert_ptr_equal(KsGetFilterFromIrp(Irp), world->filter);
    assert_null(KsGetPinFromIrp(Irp));
    return STATUS_SUCCESS;
}

static const KSPROPERTY_ITEM node_items[] = {{.PropertyId = 2,
                                              .GetPropertyHandler = get_node_value,
                                              .MinProperty = sizeof(KSPROPERTY),
                                              .MinData = sizeof(ULONG)}};
static const KSPROPERTY_SET node_sets[] = {{&own_set, 1, node_items, 0, NULL}};
static const KSAUTOMATION_TABLE node_table = {
    .PropertySetsCount = 1, .PropertyItemSize = sizeof(KSPROPERTY_ITEM), .PropertySets = node_sets};
static const KSNODE_DESCRIPTOR own_nodes[] = {{.Type = &GUID_NULL},
                                              {.AutomationTable = &node_table, .Type = &GUID_NULL}};

static NTSTATUS ask_node(PFILE_OBJECT file, ULONG node, ULONG flags, ULONG *value)
{
    KSP_NODE request = {.Property = {{{own_set, 2, KSPROPERTY_TYPE_GET | flags}}}, .NodeId = node};

    return world_property(file, &request, sizeof request, value, sizeof *value, NULL);
}

static void nodes_body(void)
{
    static const WCHAR class[] = KSSTRING_TopologyNode u"\\\0\0\1";
    UNICODE_STRING name = {.Buffer = (PWCH)(ULONG_PTR) class, .Length = sizeof class};
    PFILE_OBJECT file;
    ULONG value = 0;

    world_begin();
    assert_int_equal(ask_node(world->filter_file, 1, KSPROPERTY_TYPE_TOPOLOGY, &value),
                     STATUS_SUCCESS);
    assert_int_equal(value, 101);
    assert_int_equal(ask_node(world->filter_file, 0, KSPROPERTY_TYPE_TOPOLOGY, &value),
                     STATUS_PROPSET_NOT_FOUND);
    assert_int_equal(ask_node(world->filter_file, 2, KSPROPERTY_TYPE_TOPOLOGY, &value),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(io_file_open(world->io, world->filter_file, &name, FILE_READ_DATA, &file),
                     STATUS_SUCCESS);
    value = 0;
    assert_int_equal(ask_node(file, 0, 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, 101);
    io_file_close(file);
    world_end();
}

static void a_nodes_table_answers_on_the_filter_and_on_the_nodes_own_file(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .nodes = own_nodes, .node_count = 2};

    (void)state;
    world_live(&config, nodes_body);
}

static void merge_tables(void)
{
    static const KSPROPERTY_ITEM b_items[] = {{.PropertyId = 9, .SetPropertyHandler = set_own},
                                              {.PropertyId = 10, .SetPropertyHandler = set_own}};
    static const KSPROPERTY_SET b_sets[] = {{&own_set, 2, b_items, 0, NULL}};
    static const KSAUTOMATION_TABLE b = {.PropertySetsCount = 1,
                                         .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
                                         .PropertySets = b_sets};
    PKSAUTOMATION_TABLE merged = NULL;
    const struct wide_item *items;

    world_begin();
    assert_int_equal(KsMergeAutomationTables(&merged, (PKSAUTOMATION_TABLE)(ULONG_PTR)&own_table,
                                             (PKSAUTOMATION_TABLE)(ULONG_PTR)&b, world->pin->Bag),
                     STATUS_SUCCESS);
    assert_int_equal(merged->PropertySetsCount, 2);
    assert_int_equal(merged->PropertyItemSize, sizeof(struct wide_item));
    assert_int_equal(merged->PropertySets[0].PropertiesCount, 3);
    items = (const struct wide_item *)(const void *)merged->PropertySets[0].PropertyItem;
    assert_int_equal(items[1].mine, 2);
    assert_ptr_equal(items[1].item.GetPropertyHandler, get_own);
    assert_int_equal(items[2].item.PropertyId, 10);
    merged = NULL;
    assert_int_equal(KsMergeAutomationTables(&merged, NULL, NULL, NULL), STATUS_SUCCESS);
    assert_null(merged);
    world_end();
}

static void merging_keeps_the_first_tables_items_and_adds_the_seconds(void **state)
{
    (void)state;
    world_live(&plain, merge_tables);
}

/* ---- Bags ------------------------------------------------------------------------------------ */

static unsigned freed;

static void NTAPI count_free(PVOID item)
{
    (void)item;
    freed++;
}

static void bags(void)
{
    static int item;
    KSOBJECT_BAG own;

    freed = 0;
    world_begin();
    assert_int_equal(KsAllocateObjectBag(world->device, &own), STATUS_SUCCESS);
    assert_int_equal(KsRemoveItemFromObjectBag(own, &item, TRUE), 0);
    assert_int_equal(KsAddItemToObjectBag(own, &item, count_free), STATUS_SUCCESS);
    assert_int_equal(KsAddItemToObjectBag(world->pin->Bag, &item, count_free), STATUS_SUCCESS);
    assert_int_equal(KsRemoveItemFromObjectBag(own, &item, TRUE), 2);
    assert_int_equal(freed, 0);
    assert_int_equal(KsCopyObjectBagItems(own, world->pin->Bag), STATUS_SUCCESS);
    KsFreeObjectBag(own);
    assert_int_equal(freed, 0);
    world_close_pin();
    assert_int_equal(freed, 1);
    world_end();
}

static void an_item_of_several_bags_is_freed_with_the_last(void **state)
{
    (void)state;
    world_live(&plain, bags);
}

/* ---- Hierarchy, interfaces, clock ------------------------------------------------------------ */

static void hierarchy(void)
{
    PIKSREFERENCECLOCK clock;
    PUNKNOWN unknown;
    PVOID other;

    world_begin();
    assert_ptr_equal(KsPinGetParentFilter(world->pin), world->filter);
    assert_ptr_equal(KsGetParent(world->pin), world->filter);
    assert_ptr_equal(KsGetDevice(world->pin), world->device);
    assert_ptr_equal(KsGetFirstChild(world->filter), world->pin);
    assert_null(KsGetNextSibling(world->pin));
    assert_ptr_equal(KsFilterGetFirstChildPin(world->filter, 0), world->pin);
    assert_null(KsFilterGetFirstChildPin(world->filter, 9));
    assert_int_equal(KsFilterGetChildPinCount(world->filter, 0), 1);
    assert_int_equal(KsFilterGetChildPinCount(world->filter, 9), 0);
    assert_ptr_equal(KsGetParent(KsGetParent(world->filter)), world->device);
    assert_null(KsGetParent(world->device));
    assert_int_equal(KsPinGetReferenceClockInterface(world->pin, &clock), STATUS_DEVICE_NOT_READY);
    unknown = KsGetOuterUnknown(world->pin);
    assert_false(NT_SUCCESS((NTSTATUS)KE_CALL(unknown->lpVtbl->QueryInterface, KE_ARG(unknown),
                                              KE_ARG(&IID_IKsDeviceFunctions), KE_ARG(&other))));
    assert_int_equal((NTSTATUS)KE_CALL(unknown->lpVtbl->QueryInterface, KE_ARG(unknown),
                                       KE_ARG(&IID_IKsControl), KE_ARG(&other)),
                     STATUS_SUCCESS);
    world_end();
}

static void objects_know_their_place(void **state)
{
    (void)state;
    world_live(&plain, hierarchy);
}

static void own_clock(void)
{
    PIKSREFERENCECLOCK clock;
    LONGLONG first, system;
    KSSTATE shown;

    world_begin();
    assert_int_equal(KsPinGetReferenceClockInterface(world->pin, &clock), STATUS_SUCCESS);
    assert_int_equal(KE_CALL(clock->lpVtbl->GetTime, KE_ARG(clock)), 0);
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    sleep_ms(10);
    first = (LONGLONG)KE_CALL(clock->lpVtbl->GetCorrelatedTime, KE_ARG(clock), KE_ARG(&system));
    assert_in_range(first, 90000, 400000);
    assert_int_equal(KE_CALL(clock->lpVtbl->GetState, KE_ARG(clock), KE_ARG(&shown)),
                     STATUS_SUCCESS);
    assert_int_equal(shown, KSSTATE_RUN);
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    first = (LONGLONG)KE_CALL(clock->lpVtbl->GetTime, KE_ARG(clock));
    sleep_ms(10);
    assert_int_equal(KE_CALL(clock->lpVtbl->GetTime, KE_ARG(clock)), first);
    KsPinSetPinClockTime(world->pin, 1000000);
    assert_int_equal(KE_CALL(clock->lpVtbl->GetTime, KE_ARG(clock)), 1000000);
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    assert_int_equal(KE_CALL(clock->lpVtbl->GetTime, KE_ARG(clock)), 0);
    assert_int_equal(KE_CALL(clock->lpVtbl->Release, KE_ARG(clock)), 0);
    world_end();
}

static void a_pins_own_clock_runs_in_run_holds_in_pause_and_is_zero_in_stop(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_IMPLEMENT_CLOCK};

    (void)state;
    world_live(&config, own_clock);
}

static void master_clock(void)
{
    static const WCHAR class[] = KSSTRING_Clock u"\\\0";
    KSPROPERTY request = {
        {{KSPROPSETID_Stream, KSPROPERTY_STREAM_MASTERCLOCK, KSPROPERTY_TYPE_SET}}};
    UNICODE_STRING name = {.Buffer = (PWCH)(ULONG_PTR) class, .Length = sizeof class};
    PIKSREFERENCECLOCK clock;
    PFILE_OBJECT clock_file;
    HANDLE handle;

    world_begin();
    assert_int_equal(io_file_open(world->io, world->pin_file, &name, FILE_READ_DATA, &clock_file),
                     STATUS_SUCCESS);
    assert_int_equal(io_file_handle(clock_file, &handle), STATUS_SUCCESS);
    assert_int_equal(
        world_property(world->pin_file, &request, sizeof request, &handle, sizeof handle, NULL),
        STATUS_SUCCESS);
    assert_int_equal(KsPinGetReferenceClockInterface(world->pin, &clock), STATUS_SUCCESS);
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    sleep_ms(5);
    assert_true(KE_CALL(clock->lpVtbl->GetTime, KE_ARG(clock)) > 40000);
    assert_int_equal(
        world_property(world->pin_file, &request, sizeof request, &handle, sizeof handle, NULL),
        STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    KE_CALL(clock->lpVtbl->Release, KE_ARG(clock));
    ZwClose(handle);
    handle = NULL;
    assert_int_equal(
        world_property(world->pin_file, &request, sizeof request, &handle, sizeof handle, NULL),
        STATUS_SUCCESS);
    io_file_close(clock_file);
    world_end();
}

static void a_master_clock_is_followed_and_set_in_stop_only(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_IMPLEMENT_CLOCK};

    (void)state;
    world_live(&config, master_clock);
}

/* ---- Events ---------------------------------------------------------------------------------- */

static const GUID own_events_guid = {0xeeee, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const KSEVENT_ITEM own_event_items[] = {{.EventId = 3, .DataInput = sizeof(KSEVENTDATA)}};
static const KSEVENT_SET own_event_sets[] = {{&own_events_guid, 1, own_event_items}};
static const KSAUTOMATION_TABLE event_table = {
    .EventSetsCount = 1, .EventItemSize = sizeof(KSEVENT_ITEM), .EventSets = own_event_sets};

static uint64_t event_request_va;

static NTSTATUS enable_event(ULONG id, ULONG flags, HANDLE handle)
{
    KSEVENT request = {{{own_events_guid, id, flags}}};
    KSEVENTDATA data = {.NotificationType = KSEVENTF_EVENT_HANDLE,
                        .EventHandle = {.Event = handle}};
    ULONG_PTR information;

    assert_true(mm_copy_to_va(world->mm, event_request_va, &request, sizeof request));
    assert_true(mm_copy_to_va(world->mm, event_request_va + 64, &data, sizeof data));
    return io_file_control_wait(world->pin_file, IOCTL_KS_ENABLE_EVENT, event_request_va,
                                sizeof request, event_request_va + 64, sizeof data, &information);
}

static NTSTATUS disable_event(void)
{
    ULONG_PTR information;

    return io_file_control_wait(world->pin_file, IOCTL_KS_DISABLE_EVENT, event_request_va + 64,
                                sizeof(KSEVENTDATA), 0, 0, &information);
}

static void generate(ULONG id)
{
    KsPinGenerateEvents(world->pin, &own_events_guid, id, 0, NULL, NULL, NULL);
}

static NTSTATUS event_sets(const GUID *set, GUID *out, ULONG bytes, ULONG_PTR *information)
{
    KSEVENT request = {{{*set, 0, KSEVENT_TYPE_SETSUPPORT}}};
    NTSTATUS status;

    assert_true(mm_copy_to_va(world->mm, event_request_va, &request, sizeof request));
    status = io_file_control_wait(world->pin_file, IOCTL_KS_ENABLE_EVENT, event_request_va,
                                  sizeof request, bytes != 0 ? event_request_va + 64 : 0, bytes,
                                  information);
    assert_true(mm_copy_from_va(world->mm, out, event_request_va + 64, bytes));
    return status;
}

static void event_sets_body(void)
{
    GUID sets[4];
    ULONG_PTR information;

    world_begin();
    assert_int_equal(mm_user_allocate(world->mm, 4096, 0, &event_request_va), 0);
    assert_int_equal(event_sets(&GUID_NULL, sets, 0, &information), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(information, 2 * sizeof(GUID));
    assert_int_equal(event_sets(&GUID_NULL, sets, sizeof sets, &information), STATUS_SUCCESS);
    assert_int_equal(information, 2 * sizeof(GUID));
    assert_memory_equal(&sets[0], &own_events_guid, sizeof(GUID));
    assert_memory_equal(&sets[1], &KSEVENTSETID_Connection, sizeof(GUID));
    assert_int_equal(event_sets(&own_events_guid, sets, 0, &information), STATUS_SUCCESS);
    assert_int_equal(event_sets(&KSEVENTSETID_Clock, sets, 0, &information),
                     STATUS_PROPSET_NOT_FOUND);
    mm_user_free(world->mm, event_request_va);
    world_end();
}

static void events_body(void)
{
    UNICODE_STRING name;
    HANDLE handle;
    PKEVENT event;

    RtlInitUnicodeString(&name, u"\\BaseNamedObjects\\KsTest");
    world_begin();
    event = IoCreateSynchronizationEvent(&name, &handle);
    assert_non_null(event);
    KeClearEvent(event);
    assert_int_equal(mm_user_allocate(world->mm, 4096, 0, &event_request_va), 0);
    assert_int_equal(enable_event(4, KSEVENT_TYPE_ENABLE, handle), STATUS_NOT_FOUND);
    assert_int_equal(disable_event(), STATUS_UNSUCCESSFUL);
    assert_int_equal(enable_event(3, KSEVENT_TYPE_ENABLE, handle), STATUS_SUCCESS);
    generate(9);
    assert_int_equal(KeReadStateEvent(event), 0);
    generate(3);
    assert_int_not_equal(KeReadStateEvent(event), 0);
    KeClearEvent(event);
    generate(3);
    assert_int_not_equal(KeReadStateEvent(event), 0);
    assert_int_equal(disable_event(), STATUS_SUCCESS);
    KeClearEvent(event);
    generate(3);
    assert_int_equal(KeReadStateEvent(event), 0);
    assert_int_equal(enable_event(3, KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT, handle),
                     STATUS_SUCCESS);
    generate(3);
    assert_int_not_equal(KeReadStateEvent(event), 0);
    KeClearEvent(event);
    generate(3);
    assert_int_equal(KeReadStateEvent(event), 0);
    world_close_pin(); /* frees what is enabled */
    ZwClose(handle);
    mm_user_free(world->mm, event_request_va);
    world_end();
}

static void enabled_events_are_signalled_until_disabled_and_one_shots_once(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .pin_table = &event_table};

    (void)state;
    world_live(&config, events_body);
}

static void event_sets_are_listed_once_and_found_without_an_id(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_GENERATE_EOS_EVENTS,
                                               .pin_table = &event_table};

    (void)state;
    world_live(&config, event_sets_body);
}

/* ---- Topology -------------------------------------------------------------------------------- */

static void grow_filter(void)
{
    KSPIN_DESCRIPTOR_EX another = world_pin_descriptor;
    KSPROPERTY request = {{{KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, KSPROPERTY_TYPE_GET}}};
    struct world_connection connection = world_default_connection();
    PFILE_OBJECT file;
    ULONG count, id;

    world_begin();
    another.InstancesNecessary = 0;
    KsAcquireControl(world->filter);
    assert_int_equal(KsFilterCreatePinFactory(world->filter, &another, &id), STATUS_SUCCESS);
    KsReleaseControl(world->filter);
    assert_int_equal(id, 1);
    assert_int_equal(
        world_property(world->filter_file, &request, sizeof request, &count, sizeof count, NULL),
        STATUS_SUCCESS);
    assert_int_equal(count, 2);
    assert_int_equal(world_filter_descriptor.PinDescriptorsCount, 1);
    connection.connect.PinId = 1;
    assert_int_equal(world_try_pin(&connection, &file), STATUS_SUCCESS);
    assert_int_equal(KsFilterGetChildPinCount(world->filter, 1), 1);
    io_file_close(file);
    world_end();
}

static void a_filter_can_grow_a_pin_type_of_its_own(void **state)
{
    (void)state;
    world_live(&plain, grow_filter);
}

/* ---- Workers --------------------------------------------------------------------------------- */

static unsigned worked;
static PKSWORKER counted_worker;

static void NTAPI count_work(PVOID parameter)
{
    (void)parameter;
    worked++;
}

static void NTAPI drain_counted(PVOID parameter)
{
    (void)parameter;
    do
        worked++;
    while (KsDecrementCountedWorker(counted_worker) != 0);
}

static void workers_body(void)
{
    WORK_QUEUE_ITEM items[3];
    WORK_QUEUE_ITEM counted;
    PKSWORKER worker;

    worked = 0;
    assert_int_equal(KsRegisterWorker(DelayedWorkQueue, &worker), STATUS_SUCCESS);
    for (unsigned i = 0; i < 3; i++) {
        items[i] = (WORK_QUEUE_ITEM){.WorkerRoutine = count_work};
        assert_int_equal(KsQueueWorkItem(worker, &items[i]), STATUS_SUCCESS);
    }
    KsUnregisterWorker(worker);
    assert_int_equal(worked, 3);
    counted = (WORK_QUEUE_ITEM){.WorkerRoutine = drain_counted};
    assert_int_equal(KsRegisterCountedWorker(CriticalWorkQueue, &counted, &counted_worker),
                     STATUS_SUCCESS);
    assert_int_equal(KsIncrementCountedWorker(counted_worker), 1);
    KsIncrementCountedWorker(counted_worker);
    sleep_ms(5);
    KsUnregisterWorker(counted_worker);
    assert_int_equal(worked, 5);
}

static void unregistering_a_worker_waits_for_its_items(void **state)
{
    (void)state;
    world_live(&plain, workers_body);
}

/* ---- Cancelable queues ----------------------------------------------------------------------- */

static void irp_queue_body(void)
{
    LIST_ENTRY queue;
    KSPIN_LOCK lock;
    PIRP irps[3];

    world_load();
    InitializeListHead(&queue);
    KeInitializeSpinLock(&lock);
    for (unsigned i = 0; i < 3; i++) {
        irps[i] = IoAllocateIrp(2, FALSE);
        IoSetNextIrpStackLocation(irps[i]);
        KsAddIrpToCancelableQueue(&queue, &lock, irps[i], KsListEntryTail, NULL);
    }
    assert_ptr_equal(KsRemoveIrpFromCancelableQueue(&queue, &lock, KsListEntryHead, KsAcquireOnly),
                     irps[0]);
    assert_ptr_equal(
        KsRemoveIrpFromCancelableQueue(&queue, &lock, KsListEntryHead, KsAcquireAndRemove),
        irps[1]);
    assert_null(KsRemoveIrpFromCancelableQueue(&queue, &lock, KsListEntryHead,
                                               KsAcquireAndRemoveOnlySingleItem));
    KsReleaseIrpOnCancelableQueue(irps[0], NULL);
    assert_true(IoCancelIrp(irps[0]));
    assert_int_equal(irps[0]->IoStatus.Status, STATUS_CANCELLED);
    KsCancelIo(&queue, &lock);
    assert_int_equal(irps[2]->IoStatus.Status, STATUS_CANCELLED);
    assert_true(IsListEmpty(&queue));
    for (unsigned i = 0; i < 3; i++)
        IoFreeIrp(irps[i]);
    world_unload();
}

static void irps_on_a_cancelable_queue_are_taken_once_or_cancelled(void **state)
{
    (void)state;
    world_live(&plain, irp_queue_body);
}

/* ---- A driver in front of the runtime -------------------------------------------------------- */

static unsigned looked_at[IRP_MJ_MAXIMUM_FUNCTION + 1];

static NTSTATUS NTAPI look_and_pass_on(PDEVICE_OBJECT device, PIRP irp)
{
    looked_at[IoGetCurrentIrpStackLocation(irp)->MajorFunction]++;
    return KsDispatchIrp(device, irp);
}

static void put_in_front(PDRIVER_OBJECT driver)
{
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = look_and_pass_on;
}

static NTSTATUS send_flush(void)
{
    KEVENT done;
    IO_STATUS_BLOCK iosb;
    PIRP irp;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS,
                                       IoGetRelatedDeviceObject(world->filter_file), NULL, 0, NULL,
                                       &done, &iosb);
    IoGetNextIrpStackLocation(irp)->FileObject = world->filter_file;
    return IoCallDriver(IoGetRelatedDeviceObject(world->filter_file), irp);
}

static void front_body(void)
{
    KSSTATE state = KSSTATE_STOP;

    memset(looked_at, 0, sizeof looked_at);
    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    assert_int_equal(get_connection(KSPROPERTY_CONNECTION_STATE, &state, sizeof state, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(state, KSSTATE_RUN);
    assert_int_equal(send_flush(), STATUS_INVALID_DEVICE_REQUEST);
    world_end();
    assert_true(looked_at[IRP_MJ_PNP] > 0);
    assert_int_equal(looked_at[IRP_MJ_CREATE], 2);
    assert_true(looked_at[IRP_MJ_DEVICE_CONTROL] > 0);
    assert_int_equal(looked_at[IRP_MJ_CLOSE], 2);
}

static void a_driver_that_looks_at_every_request_first_passes_them_on(void **state)
{
    struct world_config config = {.windows = KE_WINDOWS_10, .entered = put_in_front};

    (void)state;
    world_live(&config, front_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drivers_item_replaces_the_runtimes_and_items_are_walked_by_their_size),
        cmocka_unit_test(a_nodes_table_answers_on_the_filter_and_on_the_nodes_own_file),
        cmocka_unit_test(merging_keeps_the_first_tables_items_and_adds_the_seconds),
        cmocka_unit_test(an_item_of_several_bags_is_freed_with_the_last),
        cmocka_unit_test(objects_know_their_place),
        cmocka_unit_test(a_pins_own_clock_runs_in_run_holds_in_pause_and_is_zero_in_stop),
        cmocka_unit_test(a_master_clock_is_followed_and_set_in_stop_only),
        cmocka_unit_test(enabled_events_are_signalled_until_disabled_and_one_shots_once),
        cmocka_unit_test(event_sets_are_listed_once_and_found_without_an_id),
        cmocka_unit_test(a_filter_can_grow_a_pin_type_of_its_own),
        cmocka_unit_test(unregistering_a_worker_waits_for_its_items),
        cmocka_unit_test(irps_on_a_cancelable_queue_are_taken_once_or_cancelled),
        cmocka_unit_test(a_driver_that_looks_at_every_request_first_passes_them_on),
    };

    return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
