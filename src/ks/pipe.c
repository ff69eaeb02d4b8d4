/* SPDX-License-Identifier: MIT */
/* A client that opens a pin with the handle of another makes the two one pipe: the pin with the
 * handle is the IRP source, the other one the IRP sink, whichever way the data flow. The sink's
 * driver hears of it (Connect, Disconnect), and for both the connection is not external. KS Pins;
 * KSPIN_CONNECT; KSPIN_DISPATCH; AVStream Pipes and Circuits.
 *
 * The state that drivers are told is the pipe's: it goes up when both pins have been set so far,
 * and down when either is set lower. KStrPinSetState; KSPIN, DeviceState.
 *
 * Our reading: on the way up the pin that receives data is told first, on the way down the one that
 * sends. A step that one of them refuses is taken back by the others. UNDOC: a sink that is
 * connected already, or whose data flow the same way. It is refused with STATUS_INVALID_PARAMETER,
 * as is what is no pin. UNDOC: pins that do not use the standard transport. They are connected, and
 * their drivers do the rest; each has its state for itself. Left out: pins of other class drivers,
 * which would be sent IRPs. */
#include "ks/pipe.h"

#include "base/fatal.h"
#include "ks/device.h"
#include "ks/file.h"
#include "ks/filter.h"
#include "ks/in_place.h"
#include "ks/pin.h"
#include "ks/requester.h"
#include "ks/room.h"
#include "ks/state.h"

enum { PIPE_PINS = 32 };

/* ---- Connecting ------------------------------------------------------------------------------ */

static bool same_kind(const KSIDENTIFIER *one, const KSIDENTIFIER *other)
{
    return IsEqualGUID(&one->Set, &other->Set) && one->Id == other->Id;
}

static NTSTATUS check_sink(const KSPIN_CONNECT *connect, KSPIN_DATAFLOW flow, PFILE_OBJECT file)
{
    struct ks_file *sink_file = ks_file_of(file);
    const KSPIN *sink;

    if (sink_file != NULL && sink_file->kind == KS_FILE_FOREIGN)
        weir_not_implemented("connections to pins of other class drivers");
    if (sink_file == NULL || sink_file->kind != KS_FILE_PIN)
        return STATUS_INVALID_PARAMETER;
    sink = sink_file->object->public;
    if (sink->Communication != KSPIN_COMMUNICATION_SINK || sink->DataFlow == flow ||
        ks_pin_of((PKSPIN)(ULONG_PTR)sink)->pipe.peer != NULL)
        return STATUS_INVALID_PARAMETER;
    if (!same_kind(&connect->Interface, &sink->ConnectionInterface) ||
        !same_kind(&connect->Medium, &sink->ConnectionMedium))
        return STATUS_NO_MATCH;
    return STATUS_SUCCESS;
}

NTSTATUS ks_pipe_find(const KSPIN_CONNECT *connect, KSPIN_DATAFLOW flow, KPROCESSOR_MODE mode,
                      PFILE_OBJECT *file)
{
    PVOID object;
    NTSTATUS status = ObReferenceObjectByHandle(connect->PinToHandle, 0, *IoFileObjectType, mode,
                                                &object, NULL);

    if (!NT_SUCCESS(status))
        return status;
    status = check_sink(connect, flow, object);
    if (!NT_SUCCESS(status)) {
        ObDereferenceObject(object);
        return status;
    }
    *file = object;
    return STATUS_SUCCESS;
}

/* The control mutex of the other end, when it is not the caller's own. */
static struct ks_mutex *mutex_of_other(const struct ks_pin *pin, const struct ks_pin *other)
{
    return other->filter != pin->filter ? &other->filter->control : NULL;
}

static void set_ends(struct ks_pin *source, struct ks_pin *sink, bool connected)
{
    source->pipe.peer = connected ? sink : NULL;
    sink->pipe.peer = connected ? source : NULL;
    source->public.ConnectionIsExternal = !connected;
    sink->public.ConnectionIsExternal = !connected;
}

static NTSTATUS call_connect(struct ks_pin *sink)
{
    const KSPIN_DISPATCH *dispatch = sink->public.Descriptor->Dispatch;

    if (dispatch == NULL || dispatch->Connect == NULL)
        return STATUS_SUCCESS;
    return ks_check_status((NTSTATUS)KE_CALL(dispatch->Connect, KE_ARG(&sink->public)));
}

static void call_disconnect(struct ks_pin *sink)
{
    const KSPIN_DISPATCH *dispatch = sink->public.Descriptor->Dispatch;

    if (dispatch != NULL && dispatch->Disconnect != NULL)
        KE_CALL(dispatch->Disconnect, KE_ARG(&sink->public));
}

static NTSTATUS provide_mutex(struct ks *room)
{
    if (room->pipes == NULL)
        room->pipes = ks_allocate(sizeof *room->pipes);
    if (room->pipes == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ks_mutex_init(room->pipes, KS_MUTEX_PIPES);
    return STATUS_SUCCESS;
}

NTSTATUS ks_pipe_join(struct ks_pin *source, PFILE_OBJECT file)
{
    struct ks_pin *sink = ks_pin_of(ks_file_of(file)->object->public);
    struct ks_mutex *control = mutex_of_other(source, sink);
    NTSTATUS status = ks_room()->pipes == NULL ? provide_mutex(ks_room()) : STATUS_SUCCESS;

    if (!NT_SUCCESS(status))
        return status;
    status = STATUS_INVALID_PARAMETER;
    if (control != NULL)
        ks_mutex_acquire(control);
    if (sink->pipe.peer == NULL && sink->public.ClientState == KSSTATE_STOP) {
        set_ends(source, sink, true);
        status = call_connect(sink);
        if (!NT_SUCCESS(status))
            set_ends(source, sink, false);
    }
    if (control != NULL)
        ks_mutex_release(control);
    if (NT_SUCCESS(status))
        source->pipe.file = file;
    return status;
}

void ks_pipe_leave(struct ks_pin *source)
{
    struct ks_pin *sink = source->pipe.peer;
    struct ks_mutex *control;

    if (source->pipe.file == NULL)
        return;
    control = mutex_of_other(source, sink);
    if (control != NULL)
        ks_mutex_acquire(control);
    call_disconnect(sink);
    set_ends(source, sink, false);
    sink->public.DeviceState = sink->public.ClientState;
    if (control != NULL)
        ks_mutex_release(control);
}

/* ---- The way of a frame ---------------------------------------------------------------------- */

struct ks_pin *ks_pipe_next(const struct ks_pin *pin)
{
    return pin->public.DataFlow == KSPIN_DATAFLOW_OUT ? pin->pipe.peer : pin->pipe.in_place;
}

struct ks_pin *ks_pipe_previous(const struct ks_pin *pin)
{
    return pin->public.DataFlow == KSPIN_DATAFLOW_IN ? pin->pipe.peer : pin->pipe.in_place;
}

/* ---- States ---------------------------------------------------------------------------------- */

struct pipe {
    struct ks_pin *pins[PIPE_PINS]; /* in the direction of the data */
    int count;
    struct ks_pin *source; /* whose requester sends frames round; NULL: a client does */
};

/* As ks_pipe_next and ks_pipe_previous, of pins that may be coupled from now on. */
static struct ks_pin *next_of(struct ks_pin *pin)
{
    return pin->public.DataFlow == KSPIN_DATAFLOW_OUT ? pin->pipe.peer : ks_in_place_couple(pin);
}

static struct ks_pin *previous_of(struct ks_pin *pin)
{
    return pin->public.DataFlow == KSPIN_DATAFLOW_IN ? pin->pipe.peer : ks_in_place_couple(pin);
}

static struct ks_pin *head_of(struct ks_pin *pin)
{
    struct ks_pin *head = pin, *previous;

    while ((previous = previous_of(head)) != NULL && previous != pin)
        head = previous;
    return head;
}

static struct pipe pipe_of(struct ks_pin *pin)
{
    struct ks_pin *head = head_of(pin);
    struct pipe pipe = {.pins = {head}, .count = 1};
    struct ks_pin *next = head;

    while ((next = next_of(next)) != NULL && next != head && pipe.count < PIPE_PINS)
        pipe.pins[pipe.count++] = next;
    if (head->public.DataFlow == KSPIN_DATAFLOW_OUT && head->pipe.peer != NULL)
        pipe.source = head->pipe.file != NULL ? head : head->pipe.peer;
    return pipe;
}

static bool may_share_states(const struct ks_pin *pin)
{
    return ks_room()->pipes != NULL && pin->standard_transport;
}

static NTSTATUS step(struct ks_pin *pin, KSSTATE to, bool force)
{
    NTSTATUS status = STATUS_SUCCESS;

    ks_mutex_acquire(&pin->filter->control);
    if (force)
        ks_state_force_step(pin, to);
    else
        status = ks_state_step(pin, to);
    ks_mutex_release(&pin->filter->control);
    return status;
}

/* Receivers first. */
static NTSTATUS step_up(const struct pipe *pipe, KSSTATE to)
{
    NTSTATUS status = STATUS_SUCCESS;
    int left = pipe->count;

    while (left > 0 && NT_SUCCESS(status)) {
        left--;
        if (pipe->pins[left]->public.ClientState < to)
            status = step(pipe->pins[left], to, false);
    }
    if (NT_SUCCESS(status) && to == KSSTATE_ACQUIRE && pipe->source != NULL)
        status = ks_requester_start(pipe->source);
    for (; !NT_SUCCESS(status) && left < pipe->count; left++) {
        if (pipe->pins[left]->public.ClientState == to)
            step(pipe->pins[left], to - 1, true);
    }
    return status;
}

/* Nothing is sent round any more before the last step; after it everything is home. */
static NTSTATUS step_down(const struct pipe *pipe, KSSTATE to, bool force)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (to == KSSTATE_STOP && pipe->source != NULL)
        ks_requester_stop(pipe->source);
    for (int i = 0; i < pipe->count && NT_SUCCESS(status); i++) {
        if (pipe->pins[i]->public.ClientState > to)
            status = step(pipe->pins[i], to, force);
    }
    if (NT_SUCCESS(status) && to == KSSTATE_STOP && pipe->source != NULL)
        ks_requester_end(pipe->source);
    return status;
}

/* What all pins have been set to. */
static KSSTATE target_of(const struct pipe *pipe)
{
    KSSTATE lowest = KSSTATE_RUN;

    for (int i = 0; i < pipe->count; i++) {
        if (pipe->pins[i]->public.DeviceState < lowest)
            lowest = pipe->pins[i]->public.DeviceState;
    }
    return lowest;
}

static KSSTATE lowest_of(const struct pipe *pipe)
{
    KSSTATE lowest = KSSTATE_RUN;

    for (int i = 0; i < pipe->count; i++) {
        if (pipe->pins[i]->public.ClientState < lowest)
            lowest = pipe->pins[i]->public.ClientState;
    }
    return lowest;
}

static KSSTATE highest_of(const struct pipe *pipe)
{
    KSSTATE highest = KSSTATE_STOP;

    for (int i = 0; i < pipe->count; i++) {
        if (pipe->pins[i]->public.ClientState > highest)
            highest = pipe->pins[i]->public.ClientState;
    }
    return highest;
}

static NTSTATUS move(const struct pipe *pipe, bool force)
{
    KSSTATE target = target_of(pipe);
    NTSTATUS status = STATUS_SUCCESS;

    while (NT_SUCCESS(status) && lowest_of(pipe) < target)
        status = step_up(pipe, lowest_of(pipe) + 1);
    while (NT_SUCCESS(status) && highest_of(pipe) > target)
        status = step_down(pipe, highest_of(pipe) - 1, force);
    for (int i = 0; i < pipe->count && highest_of(pipe) == KSSTATE_STOP; i++)
        ks_in_place_uncouple(pipe->pins[i]);
    return status;
}

static NTSTATUS set_alone(struct ks_pin *pin, KSSTATE target)
{
    NTSTATUS status;

    ks_mutex_acquire(&pin->filter->control);
    status = ks_state_set(pin, target);
    ks_mutex_release(&pin->filter->control);
    return status;
}

/* A driver may set the other end's state from its own SetDeviceState. */
NTSTATUS ks_pipe_set_state(struct ks_pin *pin, KSSTATE target)
{
    struct ks_mutex *pipes = ks_room()->pipes;
    struct pipe pipe;
    NTSTATUS status;

    if (!may_share_states(pin) || ks_mutex_is_mine(pipes))
        return set_alone(pin, target);
    ks_mutex_acquire(pipes);
    pipe = pipe_of(pin);
    if (pipe.count == 1) {
        status = set_alone(pin, target);
    } else {
        pin->public.DeviceState = target;
        status = move(&pipe, false);
        if (!NT_SUCCESS(status))
            pin->public.DeviceState = pin->public.ClientState;
    }
    ks_mutex_release(pipes);
    return status;
}

static void stop_alone(struct ks_pin *pin)
{
    ks_mutex_acquire(&pin->filter->control);
    ks_state_force_stop(pin);
    ks_mutex_release(&pin->filter->control);
}

void ks_pipe_force_stop(struct ks_pin *pin)
{
    struct ks_mutex *pipes = ks_room()->pipes;
    struct pipe pipe;

    if (may_share_states(pin)) {
        ks_mutex_acquire(pipes);
        pipe = pipe_of(pin);
        pin->public.DeviceState = KSSTATE_STOP;
        move(&pipe, true);
        ks_mutex_release(pipes);
    }
    stop_alone(pin);
}
