/* SPDX-License-Identifier: MIT */
/* Events on lists of a driver's own, under every kind of lock, told or kept until asked for. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static const GUID set_guid = {0x94, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID other_guid = {0x93, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

enum { PLAIN, LONGER, DRIVERS, REFUSED, WITH_SUPPORT, BY_DEFAULT };

static LIST_ENTRY list, driver_list;
static KSEVENTS_LOCKTYPE lock_type;
static PVOID lock;
static unsigned removed;
static PFNKSALLOCATOR allocator;

static NTSTATUS NTAPI add_to_driver(PIRP irp, PKSEVENTDATA data, PKSEVENT_ENTRY entry)
{
    assert_int_equal(data->NotificationType, KSEVENTF_EVENT_HANDLE);
    assert_ptr_equal(KSEVENT_ENTRY_IRP_STORAGE(irp), entry);
    InsertTailList(&driver_list, &entry->ListEntry);
    return STATUS_SUCCESS;
}

static void NTAPI remove_from_driver(PFILE_OBJECT file, PKSEVENT_ENTRY entry)
{
    assert_ptr_equal(entry->FileObject, file);
    removed++;
    RemoveEntryList(&entry->ListEntry);
}

static NTSTATUS NTAPI refuse(PIRP irp, PKSEVENTDATA data, PKSEVENT_ENTRY entry)
{
    (void)irp, (void)data, (void)entry;
    return STATUS_DEVICE_BUSY;
}

static NTSTATUS NTAPI say_support(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    (void)irp, (void)request, (void)data;
    return STATUS_DEVICE_POWERED_OFF;
}

static const KSEVENT_ITEM items[] = {
    {.EventId = PLAIN, .DataInput = sizeof(KSEVENTDATA)},
    {.EventId = LONGER, .DataInput = sizeof(KSEVENTDATA) + 8, .ExtraEntryData = 64},
    {.EventId = DRIVERS, .DataInput = sizeof(KSEVENTDATA), .AddHandler = add_to_driver,
     .RemoveHandler = remove_from_driver},
    {.EventId = REFUSED, .DataInput = sizeof(KSEVENTDATA), .AddHandler = refuse},
    {.EventId = WITH_SUPPORT, .SupportHandler = say_support},
    {.EventId = BY_DEFAULT, .DataInput = sizeof(KSEVENTDATA),
     .AddHandler = KsDefaultAddEventHandler},
};
static const KSEVENT_SET sets[] = {{&set_guid, ARRAY_LEN(items), items}};

static NTSTATUS answer(PIRP irp)
{
    NTSTATUS status;

    if (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode ==
        IOCTL_KS_DISABLE_EVENT)
        return KsDisableEvent(irp, &list, lock_type, lock);
    irp->IoStatus.Information = 99;
    if (allocator == NULL)
        return KsEnableEvent(irp, ARRAY_LEN(sets), sets, &list, lock_type, lock);
    status = KsEnableEventWithAllocator(irp, 1, sets, &list, lock_type, lock, allocator, 44);
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    assert_int_equal(irp->IoStatus.Information, 0);
    status = KsEnableEventWithAllocator(irp, 1, sets, &list, lock_type, lock, allocator, 32);
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    return KsEnableEventWithAllocator(irp, 1, sets, &list, lock_type, lock, allocator,
                                      sizeof(KSEVENT_ITEM));
}

static PFILE_OBJECT file;
static HANDLE event;
static uint64_t data_va; /* of the client's KSEVENTDATA, which names the event */

enum { DATA_ROOM = 256 };

static void begin(void)
{
    InitializeListHead(&list);
    InitializeListHead(&driver_list);
    removed = 0;
    allocator = NULL;
    lock_type = KSEVENTS_NONE;
    lock = NULL;
    legacy.control = answer;
    legacy_begin();
    file = legacy_open();
    assert_int_equal(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(mm_user_allocate(world->mm, DATA_ROOM, 0, &data_va), 0);
}

static void end(void)
{
    mm_user_free(world->mm, data_va);
    assert_int_equal(ZwClose(event), STATUS_SUCCESS);
    io_file_close(file);
    legacy_end();
}

static NTSTATUS send(ULONG code, const void *request, ULONG request_bytes, uint64_t request_va,
                     uint64_t out_va, ULONG out_bytes, ULONG_PTR *information)
{
    uint64_t va = request_va;
    ULONG_PTR ignored;
    NTSTATUS status;

    if (request != NULL) {
        assert_int_equal(mm_user_allocate(world->mm, request_bytes, 0, &va), 0);
        assert_true(mm_copy_to_va(world->mm, va, request, request_bytes));
    }
    status = io_file_control_wait(file, code, va, request_bytes, out_va, out_bytes,
                                  information != NULL ? information : &ignored);
    if (request != NULL)
        mm_user_free(world->mm, va);
    return status;
}

static NTSTATUS enable_set(const GUID *set, ULONG id, ULONG flags, ULONG type, ULONG bytes)
{
    KSEVENT request = {{{*set, id, flags}}};
    KSEVENTDATA data = {.NotificationType = type, .EventHandle = {.Event = event}};
    ULONG_PTR information = 0;
    NTSTATUS status;

    assert_true(mm_copy_to_va(world->mm, data_va, &data, sizeof data));
    status = send(IOCTL_KS_ENABLE_EVENT, &request, sizeof request, 0, bytes != 0 ? data_va : 0,
                  bytes, &information);
    assert_int_equal(information, 0);
    return status;
}

static NTSTATUS enable(ULONG id, ULONG flags)
{
    return enable_set(&set_guid, id, flags, KSEVENTF_EVENT_HANDLE, sizeof(KSEVENTDATA) + 8);
}

static NTSTATUS disable(void)
{
    return send(IOCTL_KS_DISABLE_EVENT, NULL, sizeof(KSEVENTDATA), data_va, 0, 0, NULL);
}

static bool told(void)
{
    LARGE_INTEGER now = {0};
    NTSTATUS status = ZwWaitForSingleObject(event, FALSE, &now);

    ZwClearEvent(event);
    return status == STATUS_SUCCESS;
}

static PKSEVENT_ENTRY first_of(PLIST_ENTRY head)
{
    assert_false(IsListEmpty(head));
    return CONTAINING_RECORD(head->Flink, KSEVENT_ENTRY, ListEntry);
}

/* ---- Enabling and disabling ------------------------------------------------------------------ */

static void enable_body(void)
{
    GUID other = other_guid;
    GUID set = set_guid;

    begin();
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_ENABLE), STATUS_SUCCESS);
    assert_int_equal(enable(DRIVERS, KSEVENT_TYPE_ENABLE), STATUS_SUCCESS);
    KsGenerateEventList(NULL, LONGER, &list, KSEVENTS_NONE, NULL);
    KsGenerateEventList(&other, PLAIN, &list, KSEVENTS_NONE, NULL);
    assert_false(told());
    KsGenerateEventList(&set, PLAIN, &list, KSEVENTS_NONE, NULL);
    assert_true(told());
    KsGenerateEventList(NULL, PLAIN, &list, KSEVENTS_NONE, NULL);
    assert_true(told());
    assert_int_equal(KsGenerateEvent(first_of(&driver_list)), STATUS_SUCCESS);
    assert_true(told());
    assert_int_equal(disable(), STATUS_SUCCESS);
    assert_true(IsListEmpty(&list));
    assert_int_equal(disable(), STATUS_UNSUCCESSFUL);
    assert_int_equal(send(IOCTL_KS_DISABLE_EVENT, NULL, 8, data_va, 0, 0, NULL),
                     STATUS_INVALID_BUFFER_SIZE);
    KsFreeEventList(file, &driver_list, KSEVENTS_NONE, NULL); /* by its remove handler */
    assert_int_equal(removed, 1);
    assert_true(IsListEmpty(&driver_list));
    end();
}

static void an_event_on_a_driver_s_list_is_told_until_it_is_disabled(void **state)
{
    (void)state;
    world_live(&plain, enable_body);
}

static void refusals_body(void)
{
    ULONG ok = KSEVENT_TYPE_ENABLE;

    begin();
    assert_int_equal(enable(99, ok), STATUS_NOT_FOUND);
    assert_int_equal(enable_set(&other_guid, PLAIN, ok, KSEVENTF_EVENT_HANDLE, 32),
                     STATUS_PROPSET_NOT_FOUND);
    assert_int_equal(enable_set(&set_guid, PLAIN, ok, KSEVENTF_EVENT_HANDLE, 16),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(enable_set(&set_guid, LONGER, ok, KSEVENTF_EVENT_HANDLE, 32),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(enable_set(&set_guid, PLAIN, ok, KSEVENTF_EVENT_OBJECT, 32),
                     STATUS_INVALID_PARAMETER); /* for kernel clients */
    assert_int_equal(enable_set(&set_guid, PLAIN, ok, KSEVENTF_KSWORKITEM, 32),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(enable_set(&set_guid, PLAIN, ok, 0x4000, 32), STATUS_INVALID_PARAMETER);
    assert_int_equal(enable_set(&set_guid, PLAIN, ok, KSEVENTF_SEMAPHORE_HANDLE, 32),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(enable(REFUSED, ok), STATUS_DEVICE_BUSY); /* by its add handler */
    assert_int_equal(enable(BY_DEFAULT, ok), STATUS_INVALID_DEVICE_REQUEST); /* no object */
    assert_true(IsListEmpty(&list));
    assert_int_equal(send(IOCTL_KS_ENABLE_EVENT, &set_guid, sizeof set_guid, 0, 0, 0, NULL),
                     STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(enable_set(&set_guid, 0, KSEVENT_TYPE_SETSUPPORT, 0, 0), STATUS_SUCCESS);
    assert_int_equal(enable_set(&other_guid, 0, KSEVENT_TYPE_SETSUPPORT, 0, 0),
                     STATUS_PROPSET_NOT_FOUND);
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_BASICSUPPORT), STATUS_SUCCESS);
    assert_int_equal(enable(WITH_SUPPORT, KSEVENT_TYPE_BASICSUPPORT), STATUS_DEVICE_POWERED_OFF);
    assert_int_equal(enable(99, KSEVENT_TYPE_BASICSUPPORT), STATUS_NOT_FOUND);
    end();
}

static void an_event_that_cannot_be_enabled_leaves_nothing(void **state)
{
    (void)state;
    world_live(&plain, refusals_body);
}

static void all_body(void)
{
    PFILE_OBJECT first;

    begin();
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_ENABLE), STATUS_SUCCESS);
    assert_int_equal(enable(LONGER, KSEVENT_TYPE_ENABLE), STATUS_SUCCESS);
    first = file;
    file = legacy_open();
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_ENABLE), STATUS_SUCCESS);
    assert_int_equal(send(IOCTL_KS_DISABLE_EVENT, NULL, 0, 0, 0, 0, NULL), STATUS_SUCCESS);
    assert_ptr_equal(list.Flink->Flink, list.Blink); /* the other file's two are left */
    io_file_close(file);
    file = first;
    KsFreeEventList(file, &list, KSEVENTS_NONE, NULL);
    assert_true(IsListEmpty(&list));
    end();
}

static void all_events_of_one_file_go_at_once(void **state)
{
    (void)state;
    world_live(&plain, all_body);
}

static void oneshot_body(void)
{
    begin();
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT), STATUS_SUCCESS);
    KsGenerateEventList(NULL, PLAIN, &list, KSEVENTS_NONE, NULL);
    assert_true(told());
    KsGenerateEventList(NULL, PLAIN, &list, KSEVENTS_NONE, NULL);
    assert_false(told());
    KsFreeEventList(file, &list, KSEVENTS_NONE, NULL);
    end();
}

static void a_one_shot_event_is_told_once(void **state)
{
    (void)state;
    world_live(&plain, oneshot_body);
}

static void discard_body(void)
{
    PKSEVENT_ENTRY entry;

    begin();
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_ENABLE), STATUS_SUCCESS);
    entry = first_of(&list);
    entry->NotificationType = 0x4000; /* none of the standards */
    assert_int_equal(KsGenerateEvent(entry), STATUS_INVALID_PARAMETER);
    entry->NotificationType = KSEVENTF_EVENT_HANDLE;
    RemoveEntryList(&entry->ListEntry); /* the driver takes it and throws it away */
    KsDiscardEvent(entry);
    assert_int_equal(disable(), STATUS_UNSUCCESSFUL);
    end();
}

static void a_driver_may_take_an_entry_and_discard_it(void **state)
{
    (void)state;
    world_live(&plain, discard_body);
}

/* ---- Locks ----------------------------------------------------------------------------------- */

static void go_round(KSEVENTS_LOCKTYPE type, PVOID with)
{
    lock_type = type;
    lock = with;
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_ENABLE), STATUS_SUCCESS);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KsGenerateEventList(NULL, PLAIN, &list, type, with);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(told());
    assert_int_equal(disable(), STATUS_SUCCESS);
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_ENABLE), STATUS_SUCCESS);
    KsFreeEventList(file, &list, type, with);
    assert_true(IsListEmpty(&list));
}

static void locks_body(void)
{
    struct {
        KSPIN_LOCK spin;
        KMUTEX mutex;
        FAST_MUTEX fast;
        ERESOURCE resource;
    } *locks = ExAllocatePoolWithTag(NonPagedPool, sizeof *locks, 'tseT');

    begin();
    KeInitializeSpinLock(&locks->spin);
    KeInitializeMutex(&locks->mutex, 0);
    ExInitializeFastMutex(&locks->fast);
    ExInitializeResourceLite(&locks->resource);
    go_round(KSEVENTS_NONE, NULL);
    go_round(KSEVENTS_SPINLOCK, &locks->spin);
    go_round(KSEVENTS_MUTEX, &locks->mutex);
    go_round(KSEVENTS_FMUTEX, &locks->fast);
    go_round(KSEVENTS_FMUTEXUNSAFE, &locks->fast);
    go_round(KSEVENTS_ERESOURCE, &locks->resource);
    ExDeleteResourceLite(&locks->resource);
    ExFreePoolWithTag(locks, 'tseT');
    end();
}

static void a_list_is_guarded_by_the_lock_its_owner_names(void **state)
{
    (void)state;
    world_live(&plain, locks_body);
}

/* ---- Buffers --------------------------------------------------------------------------------- */

static NTSTATUS query(uint64_t which, void *data, ULONG bytes, ULONG_PTR *information)
{
    KSQUERYBUFFER request = {.Event = {{{set_guid, PLAIN, KSEVENT_TYPE_QUERYBUFFER}}},
                             .EventData = (PKSEVENTDATA)which};
    uint64_t va = data_va + sizeof(KSEVENTDATA);
    NTSTATUS status = send(IOCTL_KS_ENABLE_EVENT, &request, sizeof request, 0,
                           bytes != 0 ? va : 0, bytes, information);

    if (NT_SUCCESS(status) && bytes != 0)
        assert_true(mm_copy_from_va(world->mm, data, va, bytes));
    return status;
}

static void buffer_body(void)
{
    ULONG pair[2] = {7, 8};
    ULONG got[2] = {0};
    ULONG_PTR bytes = 0;

    begin();
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_ENABLEBUFFERED), STATUS_SUCCESS);
    assert_int_equal(query(data_va, got, sizeof got, NULL), STATUS_NO_MORE_ENTRIES);
    assert_int_equal(KsGenerateDataEvent(first_of(&list), sizeof pair, pair), STATUS_SUCCESS);
    pair[0] = 17;
    assert_int_equal(KsGenerateDataEvent(first_of(&list), sizeof pair[0], pair), STATUS_SUCCESS);
    assert_false(told()); /* it is kept instead */
    assert_int_equal(query(data_va, NULL, 0, &bytes), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(bytes, sizeof pair);
    assert_int_equal(query(data_va, got, 4, NULL), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(query(data_va, got, sizeof got, &bytes), STATUS_SUCCESS);
    assert_int_equal(bytes, sizeof got);
    assert_int_equal(got[0], 7); /* the oldest first, unharmed by the failures */
    assert_int_equal(got[1], 8);
    assert_int_equal(query(data_va, got, sizeof got, &bytes), STATUS_SUCCESS);
    assert_int_equal(bytes, 4);
    assert_int_equal(got[0], 17);
    assert_int_equal(query(data_va, got, sizeof got, NULL), STATUS_NO_MORE_ENTRIES);
    assert_int_equal(KsGenerateEvent(first_of(&list)), STATUS_SUCCESS); /* without data */
    assert_int_equal(query(data_va, got, sizeof got, &bytes), STATUS_SUCCESS);
    assert_int_equal(bytes, 0);
    assert_int_equal(query(data_va + 8, got, sizeof got, NULL), STATUS_UNSUCCESSFUL);
    assert_int_equal(query(0, got, sizeof got, NULL), STATUS_UNSUCCESSFUL);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(KsGenerateDataEvent(first_of(&list), 4, pair), STATUS_SUCCESS);
    assert_int_equal(KsGenerateDataEvent(first_of(&list), 4, pair), STATUS_INSUFFICIENT_RESOURCES);
    KsFreeEventList(file, &list, KSEVENTS_NONE, NULL); /* with all that is kept */
    assert_int_equal(query(data_va, got, sizeof got, NULL), STATUS_UNSUCCESSFUL);
    end();
}

static void a_buffered_event_is_kept_until_the_client_asks(void **state)
{
    (void)state;
    world_live(&plain, buffer_body);
}

/* ---- Allocators and workers ------------------------------------------------------------------ */

static NTSTATUS NTAPI allocate(PIRP irp, ULONG bytes, BOOLEAN input_operation)
{
    assert_false(input_operation);
    assert_in_range(bytes, sizeof(KSEVENT) + sizeof(KSEVENTDATA), 200);
    irp->AssociatedIrp.SystemBuffer = ExAllocatePoolWithTag(NonPagedPool, bytes, 'tseT');
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI no_buffer(PIRP irp, ULONG bytes, BOOLEAN input_operation)
{
    (void)irp, (void)bytes, (void)input_operation;
    return STATUS_QUOTA_EXCEEDED;
}

static void allocator_body(void)
{
    begin();
    allocator = allocate;
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_ENABLE), STATUS_SUCCESS);
    KsGenerateEventList(NULL, PLAIN, &list, KSEVENTS_NONE, NULL);
    assert_true(told());
    assert_int_equal(disable(), STATUS_SUCCESS);
    allocator = no_buffer;
    assert_int_equal(enable(PLAIN, KSEVENT_TYPE_ENABLE), STATUS_QUOTA_EXCEEDED);
    assert_true(IsListEmpty(&list));
    end();
}

static void a_request_s_buffer_may_be_the_driver_s(void **state)
{
    (void)state;
    world_live(&plain, allocator_body);
}

static unsigned worked;

static void NTAPI work(PVOID context)
{
    (void)context;
    worked++;
}

/* As another driver in the kernel sends it. */
static NTSTATUS enable_for_kernel(PKSEVENTDATA data, PKSEVENT request)
{
    ULONG bytes;

    return KsSynchronousIoControlDevice(file, KernelMode, IOCTL_KS_ENABLE_EVENT, request,
                                        sizeof *request, data, sizeof *data, &bytes);
}

static void worker_body(void)
{
    struct {
        KSEVENT request;
        KSEVENTDATA data;
        WORK_QUEUE_ITEM item;
    } *kernel = ExAllocatePoolWithTag(NonPagedPool, sizeof *kernel, 'tseT');
    PKSWORKER worker;

    begin();
    worked = 0;
    memset(kernel, 0, sizeof *kernel);
    assert_int_equal(KsRegisterWorker(DelayedWorkQueue, &worker), STATUS_SUCCESS);
    ExInitializeWorkItem(&kernel->item, work, NULL);
    kernel->request = (KSEVENT){{{set_guid, PLAIN, KSEVENT_TYPE_ENABLE}}};
    kernel->data.NotificationType = KSEVENTF_KSWORKITEM;
    kernel->data.KsWorkItem.WorkQueueItem = &kernel->item;
    kernel->data.KsWorkItem.KsWorkerObject = worker;
    assert_int_equal(enable_for_kernel(&kernel->data, &kernel->request), STATUS_SUCCESS);
    KsGenerateEventList(NULL, PLAIN, &list, KSEVENTS_NONE, NULL);
    KsUnregisterWorker(worker); /* waits for it */
    assert_int_equal(worked, 1);
    KsFreeEventList(file, &list, KSEVENTS_NONE, NULL);
    ExFreePoolWithTag(kernel, 'tseT');
    end();
}

static void a_kernel_client_is_told_by_a_work_item(void **state)
{
    (void)state;
    world_live(&plain, worker_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_on_a_driver_s_list_is_told_until_it_is_disabled),
        cmocka_unit_test(an_event_that_cannot_be_enabled_leaves_nothing),
        cmocka_unit_test(all_events_of_one_file_go_at_once),
        cmocka_unit_test(a_one_shot_event_is_told_once),
        cmocka_unit_test(a_driver_may_take_an_entry_and_discard_it),
        cmocka_unit_test(a_list_is_guarded_by_the_lock_its_owner_names),
        cmocka_unit_test(a_buffered_event_is_kept_until_the_client_asks),
        cmocka_unit_test(a_request_s_buffer_may_be_the_driver_s),
        cmocka_unit_test(a_kernel_client_is_told_by_a_work_item),
    };

    return cmocka_run_group_tests_name("event_list", tests, NULL, NULL);
}
