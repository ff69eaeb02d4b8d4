/* SPDX-License-Identifier: MIT */
/* What functions refuse that other tests only see succeed: without memory, with a pointer that is
 * no more, for files and requests of another kind. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

/* The next allocation from pool fails. */
static void without_memory(void)
{
    assert_int_equal(sim_fault_arm(world->sim, "pool", 1), 0);
}

static void expect_no_memory(NTSTATUS status)
{
    assert_int_equal(sim_fault_arm(world->sim, "pool", 0), 0);
    assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
}

/* ---- Without memory -------------------------------------------------------------------------- */

static void bags_without_memory(void)
{
    static int item;
    KSOBJECT_BAG bag, other;
    ULONG first = 7;
    PVOID edited = &first;

    world_begin();
    without_memory();
    expect_no_memory(KsAllocateObjectBag(world->device, &bag));
    assert_int_equal(KsAllocateObjectBag(world->device, &bag), STATUS_SUCCESS);
    assert_int_equal(KsAllocateObjectBag(world->device, &other), STATUS_SUCCESS);
    without_memory();
    expect_no_memory(KsAddItemToObjectBag(bag, &item, NULL));
    assert_int_equal(KsRemoveItemFromObjectBag(bag, &item, FALSE), 0);
    without_memory();
    expect_no_memory(_KsEdit(bag, &edited, 8, sizeof first, 'tseT'));
    assert_ptr_equal(edited, &first);
    assert_int_equal(KsAddItemToObjectBag(bag, &item, NULL), STATUS_SUCCESS);
    without_memory();
    expect_no_memory(KsCopyObjectBagItems(other, bag));
    assert_int_equal(KsRemoveItemFromObjectBag(other, &item, FALSE), 0);
    assert_int_equal(KsRemoveItemFromObjectBag(bag, &item, FALSE), 1);
    KsFreeObjectBag(other);
    KsFreeObjectBag(bag);
    world_end();
}

static void bags_and_edits_say_when_there_is_no_memory(void **state)
{
    (void)state;
    world_live(&plain, bags_without_memory);
}

static void makers_without_memory(void)
{
    static const KSFILTER_DESCRIPTOR descriptor = {.Version = (ULONG)-1,
                                                   .ReferenceGuid = &GUID_NULL};
    static const KSAUTOMATION_TABLE table = {.PropertyItemSize = sizeof(KSPROPERTY_ITEM)};
    PKSAUTOMATION_TABLE merged = NULL;
    PKSFILTERFACTORY factory = NULL;
    PKSDEFAULTCLOCK clock;
    WORK_QUEUE_ITEM counted = {0};
    PKSWORKER worker;

    world_begin();
    without_memory();
    expect_no_memory(KsAllocateDefaultClock(&clock));
    without_memory();
    expect_no_memory(KsAllocateDefaultClockEx(&clock, NULL, NULL, NULL, NULL, NULL, 0));
    without_memory();
    expect_no_memory(KsRegisterWorker(DelayedWorkQueue, &worker));
    without_memory();
    expect_no_memory(KsRegisterCountedWorker(DelayedWorkQueue, &counted, &worker));
    without_memory();
    expect_no_memory(KsMergeAutomationTables(&merged, (PKSAUTOMATION_TABLE)(ULONG_PTR)&table,
                                             (PKSAUTOMATION_TABLE)(ULONG_PTR)&table, NULL));
    assert_null(merged);
    KsAcquireDevice(world->device);
    without_memory();
    expect_no_memory(KsCreateFilterFactory(world->device->FunctionalDeviceObject, &descriptor, NULL,
                                           NULL, 0, NULL, NULL, &factory));
    KsReleaseDevice(world->device);
    assert_null(factory);
    world_end();
}

static void topology_without_memory(void)
{
    static const KSNODE_DESCRIPTOR node = {.Type = &GUID_NULL};
    static const KSTOPOLOGY_CONNECTION connection = {KSFILTER_NODE, 0, 0, 0};
    ULONG pins, id = 99;

    world_begin();
    KsAcquireControl(world->filter);
    pins = world->filter->Descriptor->PinDescriptorsCount;
    without_memory();
    expect_no_memory(
        KsFilterCreatePinFactory(world->filter, world->filter->Descriptor->PinDescriptors, &id));
    without_memory();
    expect_no_memory(KsFilterCreateNode(world->filter, &node, &id));
    without_memory();
    expect_no_memory(KsFilterAddTopologyConnections(world->filter, 1, &connection));
    assert_int_equal(world->filter->Descriptor->PinDescriptorsCount, pins);
    assert_int_equal(world->filter->Descriptor->NodeDescriptorsCount, 0);
    assert_int_equal(id, 99);
    KsReleaseControl(world->filter);
    world_end();
}

static void a_filter_grows_only_with_memory(void **state)
{
    (void)state;
    world_live(&plain, topology_without_memory);
}

static void makers_of_objects_say_when_there_is_no_memory(void **state)
{
    (void)state;
    world_live(&plain, makers_without_memory);
}

static void clone_without_memory(void)
{
    PKSSTREAM_POINTER lead, clone = NULL;

    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    lead = KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_UNLOCKED);
    without_memory();
    expect_no_memory(KsStreamPointerClone(lead, NULL, 16, &clone));
    assert_null(clone);
    assert_null(KsPinGetFirstCloneStreamPointer(world->pin));
    world_end();
}

static void a_clone_needs_memory(void **state)
{
    (void)state;
    world_live(&plain, clone_without_memory);
}

/* ---- A pointer that is no more --------------------------------------------------------------- */

static void NTAPI never(PKSSTREAM_POINTER StreamPointer)
{
    (void)StreamPointer;
    fail();
}

static void dead_pointer(void)
{
    PKSSTREAM_POINTER lead, dead, clone;
    uint64_t told = 0;

    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    lead = KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_UNLOCKED);
    assert_int_equal(KsStreamPointerClone(lead, NULL, 0, &dead), STATUS_SUCCESS);
    KsStreamPointerDelete(dead);
    assert_false(NT_SUCCESS(KsStreamPointerClone(dead, NULL, 0, &clone)));
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    assert_false(NT_SUCCESS(KsStreamPointerAdvance(dead)));
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    assert_false(NT_SUCCESS(KsStreamPointerAdvanceOffsets(dead, 0, 1, FALSE)));
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    KsStreamPointerAdvanceOffsetsAndUnlock(dead, 0, 1, FALSE);
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    KsStreamPointerUnlock(dead, TRUE);
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    assert_false(NT_SUCCESS(KsStreamPointerSetStatusCode(dead, STATUS_DEVICE_DATA_ERROR)));
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    assert_null(KsStreamPointerGetIrp(dead, NULL, NULL));
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    assert_null(KsStreamPointerGetMdl(dead));
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    assert_null(KsStreamPointerGetNextClone(dead));
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    KsStreamPointerScheduleTimeout(dead, never, 10000);
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    KsStreamPointerCancelTimeout(dead);
    assert_int_equal(world_findings(VERIFY_stream_pointer), ++told);
    sleep_ms(5);
    assert_true(KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_UNLOCKED) ==
                lead);
    world_end();
}

static void every_function_tells_of_a_pointer_that_was_deleted(void **state)
{
    (void)state;
    world_run(&plain, dead_pointer);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

/* ---- Requests, files and devices of another kind --------------------------------------------- */

static void other_kinds(void)
{
    UNICODE_STRING none = {0};
    PIRP irp;

    world_begin();
    irp = IoAllocateIrp(2, FALSE);
    IoSetNextIrpStackLocation(irp);
    assert_null(KsGetFilterFromIrp(irp)); /* a request without a file */
    assert_null(KsGetPinFromIrp(irp));
    assert_int_equal(KsGetNodeIdFromIrp(irp), KSFILTER_NODE);
    IoGetCurrentIrpStackLocation(irp)->FileObject = world->filter_file;
    assert_ptr_equal(KsGetFilterFromIrp(irp), world->filter);
    assert_null(KsGetPinFromIrp(irp));
    IoGetCurrentIrpStackLocation(irp)->FileObject = world->pin_file;
    assert_ptr_equal(KsGetFilterFromIrp(irp), world->filter);
    assert_ptr_equal(KsGetPinFromIrp(irp), world->pin);
    IoFreeIrp(irp);
    assert_null(KsGetDeviceForDeviceObject(world->pdo));
    assert_null(KsGetFirstChild(world->pin));
    assert_int_equal(KsFilterGetChildPinCount(world->filter, 9), 0);
    assert_false(NT_SUCCESS(KsInitializeDriver(world->driver, &none, NULL))); /* a second time */
    world_end();
}

static void what_is_of_another_kind_is_null(void **state)
{
    (void)state;
    world_live(&plain, other_kinds);
}

static FILE_OBJECT nobodys_file;

static void foreign_file(void)
{
    world_begin();
    assert_null(KsGetObjectFromFileObject(&nobodys_file));
    KsGetObjectTypeFromFileObject(&nobodys_file);
}

static void the_type_of_a_file_that_is_none_of_avstreams_is_a_page_fault(void **state)
{
    (void)state;
    world_run(&plain, foreign_file);
    assert_int_equal(world->bug_check, 0x50);
    world_close();
}

static void filter_mutex(void)
{
    world_begin();
    KsFilterAcquireProcessingMutex(world->filter);
    KsFilterReleaseProcessingMutex(world->filter);
    assert_int_equal(world_findings(VERIFY_mutex_order), 0);
    KsFilterReleaseProcessingMutex(world->filter);
    assert_int_equal(world_findings(VERIFY_mutex_order), 1);
    KsPinReleaseProcessingMutex(world->pin);
    assert_int_equal(world_findings(VERIFY_mutex_order), 2);
    KsReleaseDevice(world->device);
    assert_int_equal(world_findings(VERIFY_mutex_order), 3);
    world_end();
}

static void releasing_a_mutex_that_is_not_held_is_a_finding(void **state)
{
    (void)state;
    world_run(&plain, filter_mutex);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void foreign_request(void)
{
    PIRP irp;

    world_begin();
    irp = IoAllocateIrp(2, FALSE);
    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->MajorFunction = IRP_MJ_SHUTDOWN;
    IoGetCurrentIrpStackLocation(irp)->FileObject = world->pin_file;
    assert_int_equal(KsDispatchIrp(world->device->FunctionalDeviceObject, irp),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(irp->IoStatus.Status, STATUS_INVALID_DEVICE_REQUEST);
    IoFreeIrp(irp);
    world_end();
}

static void a_request_nobody_has_a_routine_for_is_invalid(void **state)
{
    (void)state;
    world_live(&plain, foreign_request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bags_and_edits_say_when_there_is_no_memory),
        cmocka_unit_test(makers_of_objects_say_when_there_is_no_memory),
        cmocka_unit_test(a_filter_grows_only_with_memory),
        cmocka_unit_test(a_clone_needs_memory),
        cmocka_unit_test(every_function_tells_of_a_pointer_that_was_deleted),
        cmocka_unit_test(what_is_of_another_kind_is_null),
        cmocka_unit_test(the_type_of_a_file_that_is_none_of_avstreams_is_a_page_fault),
        cmocka_unit_test(releasing_a_mutex_that_is_not_held_is_a_finding),
        cmocka_unit_test(a_request_nobody_has_a_routine_for_is_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
