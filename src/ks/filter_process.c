/* SPDX-License-Identifier: MIT */
/* A filter whose filter dispatch has a Process is called once for all its pins. It is shown an
 * index by pin type, each entry with the process pins of that type: where the next frame's data
 * lies and how much there is. It says how much it used, and whether to let go of the frame before
 * its end; the frames are moved on after it has returned. Filter-Centric Processing; KSPROCESSPIN;
 * KSPROCESSPIN_INDEXENTRY; KsProcessPinUpdate.
 *
 * The filter's AND gate has one input for states: every pin out of STOP is in its minimum state, of
 * the pins that say PROCESS_IF_ANY_IN_RUN_STATE one is in RUN, and of every type there are
 * InstancesNecessary. The other inputs are the pins' frames (frame_gate.c).
 *
 * Our reading: the index shows all open pins on the standard transport; those in STOP have no data.
 * A frame of no data is used up as soon as Process has seen it. A zero-length sample that is not
 * for the driver ends the output frames that are under way, with its own flags and time stamp, and
 * Process is not called for it. UNDOC: StreamPointer and Data of a pin without a frame. They are
 * NULL. UNDOC: a filter with all its pins in STOP. Nothing is processed: there is no pipe. UNDOC:
 * frames of pins that generate mappings. Data is the mapping table, and counts are of mappings, as
 * in the offsets of the stream pointer. UNDOC: a pin with a Process of its own on such a filter. It
 * processes by itself. An output pin that has its frames from an input pin (in_place.c) is shown
 * the same frame, and what both used of it is told at once. */
#include "ks/filter_process.h"

#include <string.h>

#include "ks/filter.h"
#include "ks/frame_gate.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"

static struct ks_pin *pin_at(PLIST_ENTRY link)
{
    return ks_pin_of(CONTAINING_RECORD(link, struct ks_object, sibling)->public);
}

static bool filter_processes(const struct ks_pin *pin)
{
    return pin->processor.filter != NULL;
}

/* The runtime fills its frames; the filter need not wait for them. */
static bool is_copy(const struct ks_pin *pin)
{
    return pin->split.source != NULL;
}

static ULONG flags_of(const struct ks_pin *pin)
{
    return pin->public.Descriptor->Flags;
}

/* ---- The index ------------------------------------------------------------------------------- */

void ks_filter_process_init(struct ks_filter *filter)
{
    InitializeListHead(&filter->process.frame_gates);
}

void ks_filter_process_fini(struct ks_filter *filter)
{
    ks_frame_gates_free(filter);
    ks_free(filter->process.index);
    filter->process.index = NULL;
}

/* Pins of a type in the order of their opening, type after type. Process does not run. */
static void fill_index(struct ks_filter *filter)
{
    struct ks_filter_process *process = &filter->process;
    PKSPROCESSPIN *next = (PKSPROCESSPIN *)(void *)(process->index + process->type_count);
    PLIST_ENTRY head = &filter->object.children;

    for (ULONG type = 0; type < process->type_count; type++) {
        process->index[type].Pins = next;
        process->index[type].Count = 0;
        for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink) {
            struct ks_pin *pin = pin_at(link);

            if (!pin->process.listed || pin->public.Id != type)
                continue;
            *next++ = &pin->process.public;
            process->index[type].Count++;
        }
    }
}

static ULONG count_children(const struct ks_filter *filter)
{
    const LIST_ENTRY *head = &filter->object.children;
    ULONG count = 0;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink)
        count++;
    return count;
}

NTSTATUS ks_filter_process_make_room(struct ks_filter *filter)
{
    ULONG type_count = filter->public.Descriptor->PinDescriptorsCount;
    PKSPROCESSPIN_INDEXENTRY index, old = filter->process.index;

    if (!filter->filter_centric)
        return STATUS_SUCCESS;
    index = ks_allocate(type_count * sizeof(KSPROCESSPIN_INDEXENTRY) +
                        (SIZE_T)count_children(filter) * sizeof(PKSPROCESSPIN));
    if (index == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ks_processor_acquire(&filter->processor);
    filter->process.index = index;
    filter->process.type_count = type_count;
    fill_index(filter);
    ks_processor_release(&filter->processor);
    ks_free(old);
    return STATUS_SUCCESS;
}

static void set_listed(struct ks_pin *pin, bool listed)
{
    ks_processor_acquire(&pin->filter->processor);
    pin->process.listed = listed;
    fill_index(pin->filter);
    ks_processor_release(&pin->filter->processor);
}

void ks_process_list(struct ks_pin *pin)
{
    if (filter_processes(pin) && pin->standard_transport)
        set_listed(pin, true);
}

void ks_process_unlist(struct ks_pin *pin)
{
    ks_frame_gate_detach(pin);
    if (pin->process.listed)
        set_listed(pin, false);
}

/* ---- States ---------------------------------------------------------------------------------- */

static bool has_reached_minimum(const struct ks_pin *pin)
{
    return pin->process.state >= ks_pin_minimum_state(pin);
}

static ULONG count_ready(struct ks_filter *filter, ULONG type)
{
    PLIST_ENTRY head = &filter->object.children;
    ULONG count = 0;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink) {
        struct ks_pin *pin = pin_at(link);

        if (pin->public.Id == type && has_reached_minimum(pin))
            count++;
    }
    return count;
}

/* Bridges and the like are opened by nobody. */
static bool necessary_instances_are_ready(struct ks_filter *filter)
{
    for (ULONG type = 0; type < filter->public.Descriptor->PinDescriptorsCount; type++) {
        const KSPIN_DESCRIPTOR_EX *descriptor = ks_filter_pin_descriptor(filter, type);
        KSPIN_COMMUNICATION communication = descriptor->PinDescriptor.Communication;

        if (communication != KSPIN_COMMUNICATION_NONE &&
            communication != KSPIN_COMMUNICATION_BRIDGE &&
            count_ready(filter, type) < descriptor->InstancesNecessary)
            return false;
    }
    return true;
}

static bool active_pins_are_ready(struct ks_filter *filter)
{
    PLIST_ENTRY head = &filter->object.children;
    bool any_active = false, any_must_run = false, any_runs = false;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink) {
        const struct ks_pin *pin = pin_at(link);

        if (!pin->process.active)
            continue;
        if (!has_reached_minimum(pin))
            return false;
        any_active = true;
        if ((flags_of(pin) & KSPIN_FLAG_PROCESS_IF_ANY_IN_RUN_STATE) != 0) {
            any_must_run = true;
            any_runs |= pin->process.state == KSSTATE_RUN;
        }
    }
    return any_active && (any_runs || !any_must_run);
}

static bool set_state(struct ks_processor *processor, bool reached)
{
    bool before = processor->state_on;

    ks_processor_set_state(processor, reached);
    return reached && !before;
}

static bool update_filter(struct ks_filter *filter)
{
    return filter->filter_centric &&
           set_state(&filter->processor,
                     active_pins_are_ready(filter) && necessary_instances_are_ready(filter));
}

/* A pin that processes by itself may still be an instance its filter has waited for. */
bool ks_process_state(struct ks_pin *pin, KSSTATE state)
{
    bool pin_began, filter_began;

    pin->process.state = state;
    pin_began = set_state(&pin->processor, has_reached_minimum(pin));
    filter_began = update_filter(pin->filter);
    if (filter_processes(pin) && !is_copy(pin))
        return filter_began;
    if (filter_began)
        ks_processor_attempt(&pin->filter->processor, false);
    return pin_began;
}

NTSTATUS ks_process_join(struct ks_pin *pin)
{
    bool optional = (flags_of(pin) & KSPIN_FLAG_FRAMES_NOT_REQUIRED_FOR_PROCESSING) != 0 ||
                    (pin->pipe.in_place != NULL && pin->public.DataFlow == KSPIN_DATAFLOW_OUT);
    NTSTATUS status;

    if (!filter_processes(pin) || !pin->standard_transport || is_copy(pin) ||
        pin->pipe.frame_return != NULL)
        return STATUS_SUCCESS;
    ks_processor_want_frames(&pin->processor, !optional);
    status = ks_frame_gate_join(pin);
    if (!NT_SUCCESS(status))
        return status;
    pin->process.active = true;
    update_filter(pin->filter);
    return STATUS_SUCCESS;
}

void ks_process_inherit(struct ks_pin *pin)
{
    if (NT_SUCCESS(ks_process_join(pin)))
        ks_processor_initiate(&pin->processor);
}

/* The others may have waited for this one only. */
void ks_process_leave(struct ks_pin *pin)
{
    if (!pin->process.active)
        return;
    pin->process.active = false;
    ks_frame_gate_leave(pin);
    if (update_filter(pin->filter))
        ks_processor_initiate(&pin->processor);
}

/* ---- Giving frames out, and taking them back ------------------------------------------------- */

static void forget_frame(struct ks_process_pin *process)
{
    KSPROCESSPIN *public = &process->public;

    public->StreamPointer = NULL;
    public->Data = NULL;
    public->BytesAvailable = 0;
    public->BytesUsed = 0;
    public->Flags = 0;
    public->Terminate = FALSE;
}

static bool is_input(const struct ks_pin *pin)
{
    return pin->public.DataFlow == KSPIN_DATAFLOW_IN;
}

static void show_frame(struct ks_pin *pin, PKSSTREAM_POINTER pointer)
{
    KSPROCESSPIN *public = &pin->process.public;

    pin->process.frame_id = ks_pointer_of(pointer)->frame->id;
    public->StreamPointer = pointer;
    public->Data = pointer->Offset->Data;
    public->BytesAvailable = pointer->Offset->Remaining;
    public->Flags = is_input(pin) ? pointer->StreamHeader->OptionsFlags : 0;
}

/* Half of an in-place transform: it is shown the frames of its input pin. */
static bool has_frames_of_input(const struct ks_pin *pin)
{
    return pin->pipe.in_place != NULL && !is_input(pin);
}

static void show_in_place(struct ks_pin *output, PKSSTREAM_POINTER pointer)
{
    KSPROCESSPIN *public = &output->process.public;

    public->Pin = &output->public;
    public->StreamPointer = pointer;
    public->Data = pointer->OffsetOut.Data;
    public->BytesAvailable = pointer->OffsetOut.Remaining;
}

static void forget_frames(struct ks_pin *pin)
{
    forget_frame(&pin->process);
    if (pin->pipe.in_place != NULL)
        forget_frame(&pin->pipe.in_place->process);
}

/* Without a frame of its own a pin is content when its frames do not matter, or when those of the
 * others behind the same gate do. */
static bool is_content(struct ks_pin *pin)
{
    PKSGATE gate = pin->process.frame_gate;

    if (pin->process.public.StreamPointer != NULL || !pin->processor.frames_wanted)
        return true;
    return gate != &pin->filter->processor.gate && KsGateGetStateUnsafe(gate);
}

/* Locks the frame at the leading edge and shows it; true when the pin's conditions are met. */
static bool give_frame(struct ks_pin *pin)
{
    KSPROCESSPIN *public = &pin->process.public;
    PKSSTREAM_POINTER pointer = NULL;

    public->Pin = &pin->public;
    public->CopySource = is_copy(pin) ? &pin->split.source->process.public : NULL;
    public->InPlaceCounterpart =
        pin->pipe.in_place != NULL ? &pin->pipe.in_place->process.public : NULL;
    if (has_frames_of_input(pin))
        return pin->processor.state_on;
    forget_frames(pin);
    if (!pin->process.active || !pin->processor.state_on)
        return false;
    pointer = KsPinGetLeadingEdgeStreamPointer(&pin->public, KSSTREAM_POINTER_STATE_LOCKED);
    if (pointer != NULL)
        show_frame(pin, pointer);
    if (pointer != NULL && pin->pipe.in_place != NULL)
        show_in_place(pin->pipe.in_place, pointer);
    return is_content(pin);
}

/* The driver may have moved the leading edge itself; what it used of an earlier frame is then told
 * already. */
static void take_frame(struct ks_pin *pin)
{
    const KSPROCESSPIN *in = &pin->process.public, *out = in;
    const struct ks_stream_pointer *pointer;

    if (in->StreamPointer == NULL || has_frames_of_input(pin))
        return;
    if (pin->pipe.in_place != NULL)
        out = &pin->pipe.in_place->process.public;
    pointer = ks_pointer_of(in->StreamPointer);
    if (pointer->frame != NULL && pointer->frame->id == pin->process.frame_id)
        KsStreamPointerAdvanceOffsetsAndUnlock(in->StreamPointer, in->BytesUsed, out->BytesUsed,
                                               in->Terminate || out->Terminate);
    else
        KsStreamPointerUnlock(in->StreamPointer, FALSE);
    forget_frames(pin);
}

/* ---- A round --------------------------------------------------------------------------------- */

bool ks_filter_process_each(const struct ks_filter *filter, ks_process_visit *visit, void *context)
{
    const struct ks_filter_process *process = &filter->process;
    bool all = true;

    for (ULONG type = 0; type < process->type_count; type++) {
        const KSPROCESSPIN_INDEXENTRY *entry = &process->index[type];

        for (ULONG i = 0; i < entry->Count; i++)
            all &= visit(CONTAINING_RECORD(entry->Pins[i], struct ks_pin, process.public), context);
    }
    return all;
}

static bool give(struct ks_pin *pin, void *context)
{
    UNREFERENCED_PARAMETER(context);
    if (pin->queue != NULL)
        pin->queue->lock_failed = false;
    return give_frame(pin) || !pin->process.active;
}

static bool take(struct ks_pin *pin, void *context)
{
    UNREFERENCED_PARAMETER(context);
    take_frame(pin);
    return true;
}

static bool put_back(struct ks_pin *pin, void *context)
{
    UNREFERENCED_PARAMETER(context);
    if (has_frames_of_input(pin))
        return true;
    if (pin->process.public.StreamPointer != NULL)
        KsStreamPointerUnlock(pin->process.public.StreamPointer, FALSE);
    forget_frames(pin);
    return true;
}

static bool has_enough_memory(struct ks_pin *pin, void *context)
{
    UNREFERENCED_PARAMETER(context);
    return pin->queue == NULL || !pin->queue->lock_failed;
}

bool ks_filter_process_is_starved(const struct ks_filter *filter)
{
    return !ks_filter_process_each(filter, has_enough_memory, NULL);
}

/* ---- Process --------------------------------------------------------------------------------- */

static NTSTATUS call_driver(struct ks_filter *filter)
{
    NTSTATUS status =
        (NTSTATUS)KE_CALL(filter->public.Descriptor->Dispatch->Process, KE_ARG(&filter->public),
                          KE_ARG(filter->process.index));

    TRACE_CLASSED(ks_trace(), call, process, filter->object.id, (ULONG)status);
    return status;
}

/* A frame may have been cancelled between the gate and the lock; its successor brings the next
 * attempt. Or the lock failed for want of resources, and this round would go on if it had not. */
NTSTATUS ks_filter_process_round(struct ks_filter *filter)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (!ks_filter_process_each(filter, give, NULL)) {
        ks_filter_process_each(filter, put_back, NULL);
        return ks_filter_process_is_starved(filter) ? STATUS_SUCCESS : STATUS_PENDING;
    }
    if (!ks_filter_samples_pass_on(filter))
        status = call_driver(filter);
    ks_filter_process_each(filter, take, NULL);
    return status;
}

BOOLEAN NTAPI KsProcessPinUpdate(PKSPROCESSPIN ProcessPin)
{
    struct ks_pin *pin = CONTAINING_RECORD(ProcessPin, struct ks_pin, process.public);

    if (ks_pin_of(&pin->public)->processor.filter == NULL || !pin->filter->processor.running)
        return FALSE;
    if (has_frames_of_input(pin))
        pin = pin->pipe.in_place;
    take_frame(pin);
    return give_frame(pin);
}
