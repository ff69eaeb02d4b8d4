/* SPDX-License-Identifier: MIT */
/* Process is called when a frame arrives at a pin that had none at its leading edge, when the pin
 * reaches its minimum state with frames waiting, and when the driver attempts it; each time only if
 * the AND gate of whoever processes, pin or filter, is open. It is called again while it returns
 * STATUS_SUCCESS and the gate is open; STATUS_PENDING (or an error) ends it until the next trigger,
 * whatever waits in the queues. Pin-Centric Processing; Filter-Centric Processing; Restarting
 * Processing in AVStream; KsPinAttemptProcessing; KsFilterAttemptProcessing.
 *
 * Our reading: a trigger that comes while Process runs, or while a driver holds the processing
 * mutex, is remembered and leads to one more call. When a frame could not be locked for want of
 * mappings, STATUS_SUCCESS does not spin: the next call comes when there is hope again (dma.c). So
 * it does after any other status, since nothing would arrive to start it; but a driver with
 * KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING is only called if its own attempt was cut short that way.
 * UNDOC: KSPIN_FLAG_ASYNCHRONOUS_PROCESSING. What the runtime starts for the pin runs in a worker.
 * UNDOC: the processing mutex of a pin whose filter processes. It excludes nothing but itself; the
 * filter's is the one to take. */
#include "ks/process.h"

#include "ks/filter.h"
#include "ks/filter_process.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/room.h"

/* A pin's, of a filter that processes for it. */
static bool stands_in_front(const struct ks_processor *processor)
{
    return processor->pin != NULL && processor->filter != NULL;
}

static struct ks_processor *who_processes(struct ks_processor *processor)
{
    return stands_in_front(processor) ? &processor->filter->processor : processor;
}

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
    if (!stands_in_front(processor))
        KsGateAddOffInputToAnd(&processor->gate); /* state */
    ks_processor_want_frames(processor, pin != NULL);
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
    KeWaitForSingleObject(&processor->idle, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&processor->lock, &irql); /* the last worker is out of it afterwards */
    KeReleaseSpinLock(&processor->lock, irql);
    IoFreeWorkItem(processor->work_item);
    processor->work_item = NULL;
}

/* ---- Inputs of the gate ---------------------------------------------------------------------- */

static void switch_input(struct ks_processor *processor, bool on)
{
    if (on)
        KsGateTurnInputOn(&processor->gate);
    else
        KsGateTurnInputOff(&processor->gate);
}

void ks_processor_set_frames(struct ks_processor *processor, bool present)
{
    if (processor->frames_on == present)
        return;
    processor->frames_on = present;
    if (processor->frames_wanted)
        switch_input(processor, present);
}

void ks_processor_want_frames(struct ks_processor *processor, bool wanted)
{
    if (processor->frames_wanted == wanted)
        return;
    processor->frames_wanted = wanted;
    if (!processor->frames_on)
        switch_input(processor, !wanted);
}

void ks_processor_set_state(struct ks_processor *processor, bool reached)
{
    if (processor->state_on == reached)
        return;
    processor->state_on = reached;
    if (!stands_in_front(processor))
        switch_input(processor, reached);
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

static NTSTATUS pin_round(struct ks_pin *pin)
{
    NTSTATUS status;

    if (pin->queue != NULL)
        pin->queue->lock_failed = false;
    status = (NTSTATUS)KE_CALL(pin->public.Descriptor->Dispatch->Process, KE_ARG(&pin->public));
    TRACE_CLASSED(ks_trace(), call, process, pin->object.id, (ULONG)status);
    return status;
}

static NTSTATUS call_process(struct ks_processor *processor)
{
    bool passive = KeGetCurrentIrql() == PASSIVE_LEVEL;
    NTSTATUS status;

    if (passive)
        ks_mutex_note_acquired(&processor->mutex);
    if (processor->pin != NULL)
        status = pin_round(processor->pin);
    else
        status = ks_filter_process_round(processor->filter);
    if (passive)
        ks_mutex_note_released(&processor->mutex);
    return status;
}

static bool is_starved(const struct ks_processor *processor)
{
    if (processor->pin == NULL)
        return ks_filter_process_is_starved(processor->filter);
    return processor->pin->queue != NULL && processor->pin->queue->lock_failed;
}

static bool wants_another_call(struct ks_processor *processor, NTSTATUS status)
{
    bool starved = is_starved(processor) && !processor->room_made;

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

static bool has_process(const struct ks_processor *processor)
{
    const KSPIN_DISPATCH *dispatch;

    if (processor->pin == NULL)
        return processor->filter->filter_centric;
    if (processor->pin->split.source != NULL)
        return false;
    dispatch = processor->pin->public.Descriptor->Dispatch;
    return dispatch != NULL && dispatch->Process != NULL;
}

void ks_processor_attempt(struct ks_processor *processor, bool asynchronous)
{
    processor = who_processes(processor);
    if (!has_process(processor))
        return;
    if (asynchronous || !may_run_here(processor))
        queue_worker(processor);
    else
        dispatch(processor);
}

void ks_processor_initiate(struct ks_processor *processor)
{
    ULONG flags = processor->pin->public.Descriptor->Flags;

    if (processor->pin->split.source != NULL)
        return;
    if ((flags & KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING) == 0)
        ks_processor_attempt(processor, (flags & KSPIN_FLAG_ASYNCHRONOUS_PROCESSING) != 0);
}

void ks_processor_resume(struct ks_processor *processor)
{
    ULONG flags = processor->pin->public.Descriptor->Flags;
    bool due;
    KIRQL irql;

    processor = who_processes(processor);
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
    processor = who_processes(processor);
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
        KeWaitForSingleObject(&processor->idle, Executive, KernelMode, FALSE, NULL);
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
