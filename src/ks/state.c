/* SPDX-License-Identifier: MIT */
/* A client may jump from STOP to RUN; the driver of a pin on the standard transport is led there in
 * single steps. ClientState is the step's target while SetDeviceState runs and goes back if it
 * fails; DeviceState is what the client asked for. The queue exists from STOP->ACQUIRE to
 * ACQUIRE->STOP. State Transitions; Streaming States; KStrPinSetState; KSPIN.
 *
 * Our reading, where the pages are silent: DeviceState equals ClientState after a failure. Going
 * down, processing of RUN-only pins is closed before the PAUSE callback, and PAUSE->ACQUIRE waits
 * for a Process call that is under way. After the STOP callback everything left in the queue is
 * cancelled, then Reset runs. Reaching the minimum state with frames waiting starts processing
 * after the callback. */
#include "ks/state.h"

#include "ks/device.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/room.h"
#include "ks/stream_io.h"
#include "ks/stream_options.h"

/* InstancesNecessary counts pins a client can connect; bridges are none of them. */
static bool instances_are_there(const struct ks_filter *filter)
{
    for (ULONG id = 0; id < filter->public.Descriptor->PinDescriptorsCount; id++) {
        const KSPIN_DESCRIPTOR_EX *descriptor = ks_filter_pin_descriptor(filter, id);
        KSPIN_COMMUNICATION communication = descriptor->PinDescriptor.Communication;

        if (communication == KSPIN_COMMUNICATION_NONE ||
            communication == KSPIN_COMMUNICATION_BRIDGE)
            continue;
        if (KsFilterGetChildPinCount((PKSFILTER)(ULONG_PTR)&filter->public, id) <
            descriptor->InstancesNecessary)
            return false;
    }
    return true;
}

static NTSTATUS provide_queue(struct ks_pin *pin)
{
    bool in_place = pin->pipe.in_place != NULL && pin->public.DataFlow == KSPIN_DATAFLOW_OUT;

    if (!pin->standard_transport || pin->pipe.frame_return != NULL || in_place)
        return STATUS_SUCCESS;
    if (pin->spare_queue != NULL && ks_queue_reopen(pin->spare_queue)) {
        pin->queue = pin->spare_queue;
        pin->spare_queue = NULL;
        return STATUS_SUCCESS;
    }
    ks_queue_destroy(pin->spare_queue);
    pin->spare_queue = NULL;
    return ks_queue_create(pin, &pin->queue);
}

/* The pin counts before frames can come, and until none can. */
static NTSTATUS open_queue(struct ks_pin *pin)
{
    NTSTATUS status;

    if (!instances_are_there(pin->filter))
        return STATUS_INVALID_DEVICE_STATE;
    status = ks_process_join(pin);
    if (!NT_SUCCESS(status))
        return status;
    status = provide_queue(pin);
    if (!NT_SUCCESS(status))
        ks_process_leave(pin);
    return status;
}

/* A driver's DPC may still hold the leading edge; it finds an empty queue and no freed memory. */
static void close_queue(struct ks_pin *pin)
{
    struct ks_queue *queue = pin->queue;

    if (queue == NULL)
        return;
    ks_queue_close(queue);
    pin->queue = NULL;
    pin->spare_queue = queue;
}

static NTSTATUS call_driver(struct ks_pin *pin, KSSTATE to, KSSTATE from)
{
    const KSPIN_DISPATCH *dispatch = pin->public.Descriptor->Dispatch;
    NTSTATUS status = STATUS_SUCCESS;

    pin->public.ClientState = to;
    if (dispatch != NULL && dispatch->SetDeviceState != NULL)
        status = ks_check_status(
            (NTSTATUS)KE_CALL(dispatch->SetDeviceState, KE_ARG(&pin->public), to, from));
    if (!NT_SUCCESS(status))
        pin->public.ClientState = from;
    TRACE(ks_trace(), pin_state, pin->object.id, from, to, (ULONG)status);
    return status;
}

/* ---- Up -------------------------------------------------------------------------------------- */

static void begin_processing(struct ks_pin *pin, KSSTATE to)
{
    if (ks_process_state(pin, to))
        ks_processor_initiate(&pin->processor);
}

static NTSTATUS step_up(struct ks_pin *pin, KSSTATE to, KSSTATE from)
{
    NTSTATUS status = from == KSSTATE_STOP ? open_queue(pin) : STATUS_SUCCESS;

    if (!NT_SUCCESS(status))
        return status;
    status = call_driver(pin, to, from);
    if (!NT_SUCCESS(status)) {
        if (from == KSSTATE_STOP) {
            close_queue(pin);
            ks_process_leave(pin);
        }
        return status;
    }
    ks_pin_clock_state(pin, to);
    begin_processing(pin, to);
    return STATUS_SUCCESS;
}

/* ---- Down ------------------------------------------------------------------------------------ */

static void end_processing(struct ks_pin *pin, KSSTATE to)
{
    ks_process_state(pin, to);
    if (to < KSSTATE_PAUSE)
        ks_processor_wait_idle(&pin->processor);
}

static void finish_stop(struct ks_pin *pin)
{
    close_queue(pin);
    ks_stream_call_reset(pin);
    ks_process_leave(pin);
}

static NTSTATUS step_down(struct ks_pin *pin, KSSTATE to, KSSTATE from)
{
    NTSTATUS status;

    end_processing(pin, to);
    status = call_driver(pin, to, from);
    if (!NT_SUCCESS(status)) {
        ks_process_state(pin, from);
        return status;
    }
    ks_pin_clock_state(pin, to);
    if (to == KSSTATE_PAUSE && pin->queue != NULL)
        ks_options_paused(pin->queue);
    if (to == KSSTATE_STOP)
        finish_stop(pin);
    return STATUS_SUCCESS;
}

/* ---- Whole ways ------------------------------------------------------------------------------ */

static KSSTATE next_state(const struct ks_pin *pin, KSSTATE target)
{
    KSSTATE now = pin->public.ClientState;

    if (!pin->standard_transport)
        return target;
    return target > now ? now + 1 : now - 1;
}

NTSTATUS ks_state_step(struct ks_pin *pin, KSSTATE to)
{
    KSSTATE from = pin->public.ClientState;

    return to > from ? step_up(pin, to, from) : step_down(pin, to, from);
}

static NTSTATUS walk(struct ks_pin *pin, KSSTATE target)
{
    NTSTATUS status = STATUS_SUCCESS;

    while (pin->public.ClientState != target && NT_SUCCESS(status))
        status = ks_state_step(pin, next_state(pin, target));
    return status;
}

NTSTATUS ks_state_set(struct ks_pin *pin, KSSTATE target)
{
    NTSTATUS status;

    pin->public.DeviceState = target;
    status = walk(pin, target);
    if (!NT_SUCCESS(status))
        pin->public.DeviceState = pin->public.ClientState;
    return status;
}

void ks_state_force_step(struct ks_pin *pin, KSSTATE to)
{
    if (NT_SUCCESS(step_down(pin, to, pin->public.ClientState)))
        return;
    pin->public.ClientState = to;
    ks_process_state(pin, to);
    if (to == KSSTATE_STOP)
        finish_stop(pin);
}

void ks_state_force_stop(struct ks_pin *pin)
{
    while (pin->public.ClientState != KSSTATE_STOP)
        ks_state_force_step(pin, next_state(pin, KSSTATE_STOP));
    pin->public.DeviceState = KSSTATE_STOP;
}

void ks_state_sleep(struct ks_pin *pin)
{
    if (pin->public.ClientState == KSSTATE_RUN)
        walk(pin, KSSTATE_PAUSE);
    ks_processor_set_sleep(&pin->processor, true);
}

/* What arrived in the meantime has met a closed gate, and nothing else would start it. */
void ks_state_wake(struct ks_pin *pin)
{
    bool was_ready = pin->processor.state_on;

    ks_processor_set_sleep(&pin->processor, false);
    if (pin->public.DeviceState == KSSTATE_RUN && pin->public.ClientState == KSSTATE_PAUSE)
        walk(pin, KSSTATE_RUN);
    if (was_ready)
        ks_processor_initiate(&pin->processor);
}
