/* SPDX-License-Identifier: MIT */
/* What runs later: work items, StartIo, cancel-safe queues, timers, remove locks, workers. */
#include "io/nt_test.h"

static char story[64];

static void tell(char letter)
{
    size_t length = strlen(story);

    if (length + 1 < sizeof story)
        story[length] = letter;
}

static PDEVICE_OBJECT device_of(struct nt *nt)
{
    nt->driver = nt_driver(nt, "later");
    memset(story, 0, sizeof story);
    return nt_device(nt->driver, NULL);
}

/* ---- Work items ------------------------------------------------------------------------------ */

static KEVENT ran;
static PIO_WORKITEM item;

static void NTAPI work(PDEVICE_OBJECT device, PVOID context)
{
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(device->Type, IO_TYPE_DEVICE);
    tell(*(const char *)context);
    IoFreeWorkItem(item); /* free from here on */
    KeSetEvent(&ran, 0, FALSE);
}

static void a_work_item_runs_on_a_worker_and_may_free_itself(struct nt *nt)
{
    PDEVICE_OBJECT device = device_of(nt);

    KeInitializeEvent(&ran, NotificationEvent, FALSE);
    item = IoAllocateWorkItem(device);
    IoQueueWorkItem(item, work, DelayedWorkQueue, (PVOID)(uintptr_t) "w");
    wait_for(&ran);
    assert_string_equal(story, "w");
    sleep_ms(1);
    assert_int_equal(ob_references(nt->ob, device), 1);
}

static void NTAPI work_ex(PVOID object, PVOID context, PIO_WORKITEM work_item)
{
    (void)context;
    assert_ptr_equal(work_item, item);
    assert_int_equal(((PDEVICE_OBJECT)object)->Type, IO_TYPE_DEVICE);
    tell('x');
    if (strlen(story) < 3)
        IoQueueWorkItemEx(item, work_ex, CriticalWorkQueue, NULL);
    else
        KeSetEvent(&ran, 0, FALSE);
}

static void a_work_item_may_queue_itself_again(struct nt *nt)
{
    PDEVICE_OBJECT device = device_of(nt);

    KeInitializeEvent(&ran, NotificationEvent, FALSE);
    item = IoAllocateWorkItem(device);
    IoQueueWorkItemEx(item, work_ex, CriticalWorkQueue, NULL);
    wait_for(&ran);
    sleep_ms(1);
    assert_string_equal(story, "xxx");
    IoFreeWorkItem(item);
}

static KEVENT gate;

static void NTAPI wait_at_gate(PVOID context)
{
    (void)context;
    wait_for(&gate);
    tell('1');
}

static void NTAPI open_gate(PVOID context)
{
    tell('2');
    KeSetEvent(&gate, 0, FALSE);
    KeSetEvent(context, 0, FALSE);
}

static void an_item_that_waits_for_a_later_one_goes_on(struct nt *nt)
{
    static WORK_QUEUE_ITEM first, second;

    (void)nt;
    memset(story, 0, sizeof story);
    KeInitializeEvent(&gate, NotificationEvent, FALSE);
    KeInitializeEvent(&ran, NotificationEvent, FALSE);
    ExInitializeWorkItem(&first, wait_at_gate, NULL);
    ExInitializeWorkItem(&second, open_gate, &ran);
    ExQueueWorkItem(&first, DelayedWorkQueue);
    ExQueueWorkItem(&second, DelayedWorkQueue);
    wait_for(&ran);
    sleep_ms(1);
    assert_string_equal(story, "21");
}

static void freeing_a_queued_work_item_is_found(struct nt *nt)
{
    item = IoAllocateWorkItem(device_of(nt));
    IoQueueWorkItem(item, work, DelayedWorkQueue, (PVOID)(uintptr_t) "w");
    IoUninitializeWorkItem(item);
}

static void queue_twice(struct nt *nt)
{
    KIRQL irql;

    item = IoAllocateWorkItem(device_of(nt));
    KeRaiseIrql(DISPATCH_LEVEL, &irql); /* no worker gets in between */
    IoQueueWorkItem(item, work, DelayedWorkQueue, (PVOID)(uintptr_t) "w");
    IoQueueWorkItem(item, work, DelayedWorkQueue, (PVOID)(uintptr_t) "w");
}

static void queue_twice_ex(struct nt *nt)
{
    KIRQL irql;

    item = IoAllocateWorkItem(device_of(nt));
    KeRaiseIrql(DISPATCH_LEVEL, &irql); /* no worker gets in between */
    IoQueueWorkItemEx(item, work_ex, DelayedWorkQueue, NULL);
    IoQueueWorkItemEx(item, work_ex, DelayedWorkQueue, NULL);
}

static void a_work_item_that_is_queued_cannot_be_queued(void **state)
{
    enum { WORKER_INVALID = 0xE4 };
    struct nt nt;

    (void)state;
    nt_live(&nt, 1, 1, queue_twice);
    assert_int_equal(nt.world.bug_check, WORKER_INVALID);
    nt_live(&nt, 1, 1, queue_twice_ex);
    assert_int_equal(nt.world.bug_check, WORKER_INVALID);
}

/* ---- StartIo --------------------------------------------------------------------------------- */

static void NTAPI start_io(PDEVICE_OBJECT device, PIRP irp)
{
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_ptr_equal(device->CurrentIrp, irp);
    tell((char)('0' + irp->IoStatus.Information));
}

static PIRP packet(ULONG_PTR number)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    irp->IoStatus.Information = number;
    return irp;
}

static void start_io_gets_one_packet_at_a_time(struct nt *nt)
{
    PDEVICE_OBJECT device = device_of(nt);
    ULONG key = 5, smaller = 1;
    KIRQL old;
    int i;

    nt->driver->DriverStartIo = ke_thunk((const void *)start_io, "start io", 0);
    IoStartPacket(device, packet(1), NULL, NULL);
    IoStartPacket(device, packet(2), &key, NULL);
    IoStartPacket(device, packet(3), &smaller, NULL);
    assert_string_equal(story, "1");
    old = KeRaiseIrqlToDpcLevel();
    for (i = 0; i < 3; i++)
        IoStartNextPacket(device, FALSE);
    KeLowerIrql(old);
    assert_string_equal(story, "132");
    assert_null(device->CurrentIrp);
}

/* ---- Cancel-safe queues ---------------------------------------------------------------------- */

struct my_queue {
    IO_CSQ csq;
    KSPIN_LOCK lock;
    LIST_ENTRY irps;
};

static struct my_queue *mine(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, struct my_queue, csq);
}

static void NTAPI csq_insert(PIO_CSQ csq, PIRP irp)
{
    InsertTailList(&mine(csq)->irps, &irp->Tail.Overlay.ListEntry);
}

static void NTAPI csq_remove(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI csq_peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    PLIST_ENTRY head = &mine(csq)->irps;
    PLIST_ENTRY next = irp != NULL ? irp->Tail.Overlay.ListEntry.Flink : head->Flink;

    (void)context;
    return next != head ? CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry) : NULL;
}

static void NTAPI csq_acquire(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&mine(csq)->lock, irql);
}

static void NTAPI csq_release(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&mine(csq)->lock, irql);
}

static void NTAPI csq_canceled(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    (void)irp;
    tell('x');
}

static void a_cancel_safe_queue_gives_each_irp_out_once(struct nt *nt)
{
    struct my_queue *queue = ExAllocatePoolWithTag(NonPagedPool, sizeof *queue, 0x31313131);
    IO_CSQ_IRP_CONTEXT context;
    PIRP irps[4];
    int i;

    (void)nt;
    memset(story, 0, sizeof story);
    KeInitializeSpinLock(&queue->lock);
    InitializeListHead(&queue->irps);
    IoCsqInitialize(&queue->csq, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release,
                    csq_canceled);
    for (i = 0; i < 4; i++) {
        irps[i] = IoAllocateIrp(1, FALSE);
        IoSetNextIrpStackLocation(irps[i]);
        if (i == 3)
            irps[i]->Cancel = TRUE; /* on its way in */
        IoCsqInsertIrp(&queue->csq, irps[i], i == 1 ? &context : NULL);
    }
    assert_string_equal(story, "x");
    assert_true(IoCancelIrp(irps[0]));
    assert_string_equal(story, "xx");
    assert_ptr_equal(IoCsqRemoveIrp(&queue->csq, &context), irps[1]);
    assert_null(IoCsqRemoveIrp(&queue->csq, &context));
    assert_ptr_equal(IoCsqRemoveNextIrp(&queue->csq, NULL), irps[2]);
    assert_null(IoCsqRemoveNextIrp(&queue->csq, NULL));
    assert_false(IoCancelIrp(irps[2]));
    ExFreePool(queue);
}

/* ---- Timers and locks ------------------------------------------------------------------------ */

static void NTAPI each_second(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    (void)context;
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    tell('t');
}

static void the_io_timer_ticks_once_a_second(struct nt *nt)
{
    PDEVICE_OBJECT device = device_of(nt);

    assert_int_equal(IoInitializeTimer(device, each_second, NULL), STATUS_SUCCESS);
    sleep_ms(1500);
    assert_string_equal(story, "");
    IoStartTimer(device);
    sleep_ms(3500);
    IoStopTimer(device);
    sleep_ms(3000);
    assert_string_equal(story, "ttt");
}

static IO_REMOVE_LOCK remove_lock;

static void release_later(void *ctx)
{
    (void)ctx;
    sleep_ms(5);
    tell('r');
    IoReleaseRemoveLock(&remove_lock, NULL);
}

static void removal_waits_for_those_who_hold_the_lock(struct nt *nt)
{
    memset(story, 0, sizeof story);
    IoInitializeRemoveLock(&remove_lock, 0, 0, 0);
    assert_int_equal(IoAcquireRemoveLock(&remove_lock, NULL), STATUS_SUCCESS);
    assert_int_equal(IoAcquireRemoveLock(&remove_lock, NULL), STATUS_SUCCESS);
    assert_int_equal(ke_thread_start(nt->world.ke, "holder", release_later, NULL, NULL), 0);
    IoReleaseRemoveLockAndWait(&remove_lock, NULL);
    tell('w');
    assert_string_equal(story, "rw");
    assert_int_equal(IoAcquireRemoveLock(&remove_lock, NULL), STATUS_DELETE_PENDING);
}

static void releasing_a_remove_lock_too_often_is_found(struct nt *nt)
{
    (void)nt;
    IoInitializeRemoveLock(&remove_lock, 0, 0, 0);
    IoReleaseRemoveLock(&remove_lock, NULL);
    IoReleaseRemoveLock(&remove_lock, NULL);
}

NT_TEST(a_work_item_runs_on_a_worker_and_may_free_itself)
NT_TEST(a_work_item_may_queue_itself_again)
NT_TEST(an_item_that_waits_for_a_later_one_goes_on)
NT_FINDING_TEST(freeing_a_queued_work_item_is_found, work_item, 0)
NT_TEST(start_io_gets_one_packet_at_a_time)
NT_TEST(a_cancel_safe_queue_gives_each_irp_out_once)
NT_TEST(the_io_timer_ticks_once_a_second)
NT_TEST(removal_waits_for_those_who_hold_the_lock)
NT_FINDING_TEST(releasing_a_remove_lock_too_often_is_found, remove_lock, 0)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_work_item_runs_on_a_worker_and_may_free_itself),
        cmocka_unit_test(test_a_work_item_may_queue_itself_again),
        cmocka_unit_test(test_an_item_that_waits_for_a_later_one_goes_on),
        cmocka_unit_test(test_freeing_a_queued_work_item_is_found),
        cmocka_unit_test(a_work_item_that_is_queued_cannot_be_queued),
        cmocka_unit_test(test_start_io_gets_one_packet_at_a_time),
        cmocka_unit_test(test_a_cancel_safe_queue_gives_each_irp_out_once),
        cmocka_unit_test(test_the_io_timer_ticks_once_a_second),
        cmocka_unit_test(test_removal_waits_for_those_who_hold_the_lock),
        cmocka_unit_test(test_releasing_a_remove_lock_too_often_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
