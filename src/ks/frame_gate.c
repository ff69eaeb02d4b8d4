/* SPDX-License-Identifier: MIT */
/* By default a filter processes when every pin has a frame: each pin's gate is an input of the
 * filter's AND gate. A driver softens that. KsPinAttachOrGate makes the pin an input of the
 * driver's OR gate, and that one an input of the filter's; KsPinAttachAndGate does so with an AND
 * gate, of which other inputs are the driver's. KSPIN_FLAG_SOME_FRAMES_REQUIRED_FOR_PROCESSING is
 * the common case ready made: one OR gate for all pins of the type, and no gate of the driver's
 * beside it. Flow Control Gates in AVStream; KsPinAttachAndGate; KsPinAttachOrGate.
 *
 * Our reading: the driver's gate counts in the filter's from the attachment on, a pin's in it only
 * out of STOP. UNDOC: a gate that leads elsewhere already. It goes on leading there.
 * UNDOC: a type of which some frames are required, with all its pins in STOP. It does not hold the
 * filter back, as pins in STOP do not. */
#include "ks/frame_gate.h"

#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/room.h"

/* The OR gate of one pin type. */
struct type_gate {
    LIST_ENTRY link;
    ULONG pin_id;
    ULONG members; /* pins out of STOP */
    KSGATE gate;
};

/* ---- Inputs ---------------------------------------------------------------------------------- */

static void connect(PKSGATE gate, PKSGATE next, bool next_is_or)
{
    gate->NextGate = next;
    if (next_is_or && KsGateGetStateUnsafe(gate))
        KsGateAddOnInputToOr(next);
    if (!next_is_or && !KsGateGetStateUnsafe(gate))
        KsGateAddOffInputToAnd(next);
}

static void disconnect(PKSGATE gate, bool next_is_or)
{
    PKSGATE next = gate->NextGate;

    gate->NextGate = NULL;
    if (next_is_or && KsGateGetStateUnsafe(gate))
        KsGateRemoveOnInputFromOr(next);
    if (!next_is_or && !KsGateGetStateUnsafe(gate))
        KsGateRemoveOffInputFromAnd(next);
}

/* ---- Some frames required -------------------------------------------------------------------- */

static bool some_frames_required(const struct ks_pin *pin)
{
    ULONG flags = pin->public.Descriptor->Flags;

    return (flags & KSPIN_FLAG_SOME_FRAMES_REQUIRED_FOR_PROCESSING) != 0;
}

static struct type_gate *find_type_gate(struct ks_filter *filter, ULONG pin_id)
{
    PLIST_ENTRY head = &filter->process.frame_gates;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink) {
        struct type_gate *type = CONTAINING_RECORD(link, struct type_gate, link);

        if (type->pin_id == pin_id)
            return type;
    }
    return NULL;
}

static struct type_gate *provide_type_gate(struct ks_filter *filter, ULONG pin_id)
{
    struct type_gate *type = find_type_gate(filter, pin_id);

    if (type != NULL)
        return type;
    type = ks_allocate(sizeof *type);
    if (type == NULL)
        return NULL;
    type->pin_id = pin_id;
    type->members = 0;
    KsGateInitializeOr(&type->gate, NULL);
    InsertTailList(&filter->process.frame_gates, &type->link);
    return type;
}

static NTSTATUS join_type(struct ks_pin *pin)
{
    struct type_gate *type = provide_type_gate(pin->filter, pin->public.Id);

    if (type == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (type->members++ == 0)
        connect(&type->gate, &pin->filter->processor.gate, false);
    pin->process.frame_gate = &type->gate;
    connect(&pin->processor.gate, &type->gate, true);
    return STATUS_SUCCESS;
}

static void leave_type(struct ks_pin *pin, struct type_gate *type)
{
    disconnect(&pin->processor.gate, true);
    if (--type->members == 0)
        disconnect(&type->gate, false);
}

void ks_frame_gates_free(struct ks_filter *filter)
{
    while (!IsListEmpty(&filter->process.frame_gates)) {
        PLIST_ENTRY link = RemoveHeadList(&filter->process.frame_gates);

        ks_free(CONTAINING_RECORD(link, struct type_gate, link));
    }
}

/* ---- Joining and leaving --------------------------------------------------------------------- */

NTSTATUS ks_frame_gate_join(struct ks_pin *pin)
{
    struct ks_process_pin *process = &pin->process;

    if (some_frames_required(pin))
        return join_type(pin);
    process->frame_gate = process->attached;
    if (process->frame_gate == NULL)
        process->frame_gate = &pin->filter->processor.gate;
    connect(&pin->processor.gate, process->frame_gate,
            process->attached != NULL && process->attached_is_or);
    return STATUS_SUCCESS;
}

void ks_frame_gate_leave(struct ks_pin *pin)
{
    struct ks_process_pin *process = &pin->process;
    struct type_gate *type = find_type_gate(pin->filter, pin->public.Id);

    if (type != NULL && process->frame_gate == &type->gate)
        leave_type(pin, type);
    else
        disconnect(&pin->processor.gate, process->attached != NULL && process->attached_is_or);
    process->frame_gate = NULL;
}

/* ---- The driver's gates ---------------------------------------------------------------------- */

static bool is_attached(struct ks_filter *filter, const KSGATE *gate)
{
    PLIST_ENTRY head = &filter->object.children;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink) {
        struct ks_object *object = CONTAINING_RECORD(link, struct ks_object, sibling);

        if (ks_pin_of(object->public)->process.attached == gate)
            return true;
    }
    return false;
}

void ks_frame_gate_detach(struct ks_pin *pin)
{
    PKSGATE gate = pin->process.attached;

    pin->process.attached = NULL;
    if (gate != NULL && gate->NextGate == &pin->filter->processor.gate &&
        !is_attached(pin->filter, gate))
        disconnect(gate, false);
}

static void attach(struct ks_pin *pin, PKSGATE gate, bool is_or)
{
    if (pin->processor.filter == NULL)
        return; /* UNDOC: a pin that processes by itself. Its frames are its own affair. */
    if (pin->process.active || some_frames_required(pin)) {
        KE_FINDING(ke_current(), VERIFY_gate_attach, pin->object.id);
        return;
    }
    ks_frame_gate_detach(pin);
    if (gate == NULL)
        return;
    if (gate->NextGate == NULL)
        connect(gate, &pin->filter->processor.gate, false);
    pin->process.attached = gate;
    pin->process.attached_is_or = is_or;
}

void NTAPI KsPinAttachAndGate(PKSPIN Pin, PKSGATE AndGate)
{
    attach(ks_pin_of(Pin), AndGate, false);
}

void NTAPI KsPinAttachOrGate(PKSPIN Pin, PKSGATE OrGate)
{
    attach(ks_pin_of(Pin), OrGate, true);
}
