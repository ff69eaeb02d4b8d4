/* SPDX-License-Identifier: MIT */
/* Process is called when a frame arrives at a pin that had none at its leading edge, when the pin
 * reaches its minimum state with frames waiting, and when the driver attempts it; each time only if
 * the pin's AND gate is open. It is called again while it returns STATUS_SUCCESS and the gate is
 * open; STATUS_PENDING (or an error) ends it until the next trigger, whatever waits in the queue.
 * Pin-Centric Processing; Restarting Processing in AVStream; KsPinAttemptProcessing.
 *
 * Our reading: a trigger that comes while Process runs, or while a driver holds the processing
 * mutex, is remembered and leads to one more call. When a frame could not be locked for want of
 * mappings, STATUS_SUCCESS does not spin: the next call comes when there is hope again (dma.c). So
 * it does after any other status, since nothing would arrive to start it; but a driver with
 * KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING is only called if its own attempt was cut short that way.
 * Left out: filter-centric processing. A filter's processor exists, with its gate, and stops the
 * machine by name when it would have to run. */
#include "ks/process.h"

#include "base/fatal.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/room.h"

static WORK_QUEUE_TYPE work_queue_for(ULONG flags)
{
    if ((flags & KSPIN_FLAG_HYPERCRITICAL_PROCESSING) != 0)
        return HyperCriticalWorkQueue;
    return (flags & KSPIN_FLAG_CRITICAL_PROCESSING) != 0 ? CriticalWorkQueue : DelayedWorkQueue;
}

NTSTATUS ks_processor_init(struct ks_processor *processor, PDEVICE_OBJECT device,
                           struct ks_pin *pin, struct ks_filter *filter, ULONG flags)
{
    processor->pin = pin;
    processor->filter = filter;
    processor->at_dispatch = (flags & KSPIN_FLAG_DISPATCH_LEVEL_PROCESSING) != 0;
    processor->work_queue = work_queue_for(flags);
    KeInitializeSpinLock(&processor->lock);
    KeInitializeEvent(&processor->idle, NotificationEvent, TRUE);
    KeInitializeEvent(&processor->drained, NotificationEvent, TRUE);
    ks_mutex_init(&processor->mutex, KS_MUTEX_PROCESSING);
    KsGateInitializeAnd(&processor->gate, NULL);
    KsGateAddOffInputToAnd(&processor->gate); /* frames */
    KsGateAddOffInputToAnd(&processor->gate); /* state */
    processor->work_item = IoAllocateWorkItem(device);
    return processor->work_item != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

void ks_processor_fini(struct ks_processor *processor)
{
    KIRQL irql;

    if (processor->work_item == NULL)
        return;
    ks_processor_set_state(processor, false);
    KeWaitForSingleObject(&processor->drained, Executive, KernelMode, FALSE, NULL);
    ks_processor_wait_idle(processor);
    KeAcquireSpinLock(&processor->lock, &irql); /* the last worker is out of it afterwards */
    KeReleaseSpinLock(&processor->lock, irql);
    IoFreeWorkItem(processor->work_item);
    processor->work_item = NULL;
}

/* ---- Inputs of the gate ---------------------------------------------------------------------- */

static void switch_input(struct ks_processor *processor, bool *input, bool on)
{
    if (*input == on)
        return;
    *input = on;
    if (on)
        KsGateTurnInputOn(&processor->gate);
    else
        KsGateTurnInputOff(&processor->gate);
}

void ks_processor_set_frames(struct ks_processor *processor, bool present)
{
    switch_input(processor, &processor->frames_on, present);
}

void ks_processor_set_state(struct ks_processor *processor, bool reached)
{
    switch_input(processor, &processor->state_on, reached);
}

void ks_processor_set_sleep(struct ks_processor *processor, bool sleeping)
{
    if (processor->sleeping == sleeping)
        return;
    processor->sleeping = sleeping;
    if (sleeping)
        KsGateAddOffInputToAnd(&processor->gate);
    else
        KsGateRemoveOffInputFromAnd(&processor->gate);
}

/* ---- The loop -------------------------------------------------------------------------------- */

static NTSTATUS call_process(struct ks_processor *processor)
{
    struct ks_pin *pin = processor->pin;
    bool passive = KeGetCurrentIrql() == PASSIVE_LEVEL;
    NTSTATUS status;

    if (pin->queue != NULL)
        pin->queue->lock_failed = false;
    if (passive)
        ks_mutex_note_acquired(&processor->mutex);
    status = (NTSTATUS)KE_CALL(pin->public.Descriptor->Dispatch->Process, KE_ARG(&pin->public));
    if (passive)
        ks_mutex_note_released(&processor->mutex);
    TRACE_CLASSED(ks_trace(), call, process, pin->object.id, (ULONG)status);
    return status;
}

static bool wants_another_call(struct ks_processor *processor, NTSTATUS status)
{
    struct ks_queue *queue = processor->pin->queue;
    bool starved = queue != NULL && queue->lock_failed && !processor->room_made;

    processor->cut_short = status == STATUS_SUCCESS && starved;
    return processor->again || (status == STATUS_SUCCESS && !starved);
}

static bool begin(struct ks_processor *processor)
{
    bool captured = false;
    KIRQL irql;

    KeAcquireSpinLock(&processor->lock, &irql);
    if (processor->running || processor->held) {
        processor->again = true;
    } else if (KsGateCaptureThreshold(&processor->gate)) {
        processor->running = true;
        processor->again = false;
        processor->room_made = false;
        processor->cut_short = false;
        KeClearEvent(&processor->idle);
        captured = true;
    }
    KeReleaseSpinLock(&processor->lock, irql);
    return captured;
}

/* After one call: true when another one is due, and then the gate is taken again. */
static bool go_on(struct ks_processor *processor, NTSTATUS status)
{
    bool captured;
    KIRQL irql;

    KeAcquireSpinLock(&processor->lock, &irql);
    captured = wants_another_call(processor, status);
    processor->again = false;
    processor->room_made = false;
    KsGateTurnInputOn(&processor->gate);
    captured = captured && KsGateCaptureThreshold(&processor->gate);
    if (!captured) {
        processor->running = false;
        KeSetEvent(&processor->idle, IO_NO_INCREMENT, FALSE);
    }
    KeReleaseSpinLock(&processor->lock, irql);
    return captured;
}

static void dispatch(struct ks_processor *processor)
{
    NTSTATUS status;

    if (!begin(processor))
        return;
    do {
        status = call_process(processor);
    } while (go_on(processor, status));
}

static void NTAPI process_in_worker(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    struct ks_processor *processor = Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeAcquireSpinLock(&processor->lock, &irql);
    processor->work_queued = false;
    KeReleaseSpinLock(&processor->lock, irql);
    dispatch(processor);
    KeAcquireSpinLock(&processor->lock, &irql);
    if (--processor->workers == 0)
        KeSetEvent(&processor->drained, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&processor->lock, irql);
}

static void queue_worker(struct ks_processor *processor)
{
    bool fresh;
    KIRQL irql;

    KeAcquireSpinLock(&processor->lock, &irql);
    fresh = !processor->work_queued;
    if (fresh) {
        processor->work_queued = true;
        processor->workers++;
        KeClearEvent(&processor->drained);
        IoQueueWorkItem(processor->work_item, KS_ROUTINE(process_in_worker), processor->work_queue,
                        processor);
    }
    KeReleaseSpinLock(&processor->lock, irql);
}

static bool may_run_here(const struct ks_processor *processor)
{
    KIRQL irql = KeGetCurrentIrql();

    return irql == PASSIVE_LEVEL || (irql == DISPATCH_LEVEL && processor->at_dispatch);
}

/* A filter that does not process is not asked to; neither is one for a pin that is not ready. */
static void attempt_filter(const struct ks_processor *processor)
{
    bool ready = processor->pin == NULL || processor->gate.Count > 0;

    if (processor->filter->filter_centric && ready)
        weir_not_implemented("filter-centric processing");
}

void ks_processor_attempt(struct ks_processor *processor, bool asynchronous)
{
    if (processor->filter != NULL) {
        attempt_filter(processor);
        return;
    }
    if (processor->pin->public.Descriptor->Dispatch == NULL ||
        processor->pin->public.Descriptor->Dispatch->Process == NULL)
        return;
    if (asynchronous || !may_run_here(processor))
        queue_worker(processor);
    else
        dispatch(processor);
}

void ks_processor_resume(struct ks_processor *processor)
{
    ULONG flags = processor->pin->public.Descriptor->Flags;
    bool due;
    KIRQL irql;

    KeAcquireSpinLock(&processor->lock, &irql);
    processor->room_made = true;
    due = processor->cut_short || (flags & KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING) == 0;
    KeReleaseSpinLock(&processor->lock, irql);
    if (due)
        ks_processor_attempt(processor, true);
}

/* ---- The processing mutex -------------------------------------------------------------------- */

void ks_processor_wait_idle(struct ks_processor *processor)
{
    KeWaitForSingleObject(&processor->idle, Executive, KernelMode, FALSE, NULL);
}

static bool try_hold(struct ks_processor *processor)
{
    bool mine;
    KIRQL irql;

    KeAcquireSpinLock(&processor->lock, &irql);
    mine = !processor->running && !processor->held;
    if (mine) {
        processor->held = true;
        KeClearEvent(&processor->idle);
    }
    KeReleaseSpinLock(&processor->lock, irql);
    return mine;
}

void ks_processor_acquire(struct ks_processor *processor)
{
    ks_mutex_check_order(&processor->mutex);
    while (!try_hold(processor))
        ks_processor_wait_idle(processor);
    ks_mutex_note_acquired(&processor->mutex);
}

void ks_processor_release(struct ks_processor *processor)
{
    bool again;
    KIRQL irql;

    if (!processor->held || !ks_mutex_is_mine(&processor->mutex)) {
        KE_FINDING(ke_current(), VERIFY_mutex_order, KS_MUTEX_PROCESSING, KS_MUTEX_PROCESSING);
        return;
    }
    ks_mutex_note_released(&processor->mutex);
    KeAcquireSpinLock(&processor->lock, &irql);
    processor->held = false;
    again = processor->again;
    processor->again = false;
    KeSetEvent(&processor->idle, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&processor->lock, irql);
    if (again)
        ks_processor_attempt(processor, true);
}

/* ---- What drivers call ----------------------------------------------------------------------- */

void NTAPI KsPinAttemptProcessing(PKSPIN Pin, BOOLEAN Asynchronous)
{
    ks_processor_attempt(&ks_pin_of(Pin)->processor, Asynchronous);
}

void NTAPI KsFilterAttemptProcessing(PKSFILTER Filter, BOOLEAN Asynchronous)
{
    ks_processor_attempt(&ks_filter_of(Filter)->processor, Asynchronous);
}

BOOLEAN NTAPI KsProcessPinUpdate(PKSPROCESSPIN ProcessPin)
{
    UNREFERENCED_PARAMETER(ProcessPin);
    weir_not_implemented("KsProcessPinUpdate");
}
