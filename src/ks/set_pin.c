/* SPDX-License-Identifier: MIT */
/* What every pin answers: KSPROPSETID_Connection, KSPROPSETID_Stream as far as the runtime knows,
 * and KSPROPSETID_StreamInterface. KSPROPERTY_CONNECTION_STATE is where clients drive the state
 * machine. KSPROPSETID_Connection and the pages of its properties; KSPROPERTY_STREAM_MASTERCLOCK.
 * The STATE page knows no Get, but the header's item has one: it gives DeviceState.
 * PROPOSEDATAFORMAT is for the driver: without a handler of its own, a change is refused. */
#include "ks/automation.h"
#include "ks/exchange.h"
#include "ks/filter.h"
#include "ks/format.h"
#include "ks/handlers.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/room.h"

static struct ks_pin *pin_of(PIRP irp)
{
    return ks_pin_of(KsGetPinFromIrp(irp));
}

static NTSTATUS NTAPI get_state(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return ks_answer(Irp, &pin_of(Irp)->public.DeviceState, sizeof(KSSTATE));
}

static NTSTATUS NTAPI set_state(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    KSSTATE target = *(KSSTATE *)Data;

    UNREFERENCED_PARAMETER(Request);
    return target <= KSSTATE_RUN ? ks_pipe_set_state(pin_of(Irp), target)
                                 : STATUS_INVALID_PARAMETER;
}

static NTSTATUS NTAPI get_priority(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return ks_answer(Irp, &pin_of(Irp)->public.ConnectionPriority, sizeof(KSPRIORITY));
}

static NTSTATUS NTAPI set_priority(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    UNREFERENCED_PARAMETER(Request);
    pin_of(Irp)->public.ConnectionPriority = *(PKSPRIORITY)Data;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI get_format(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    struct ks_pin *pin = pin_of(Irp);
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    ks_mutex_acquire(&pin->filter->control);
    status = ks_answer(Irp, pin->public.ConnectionFormat, pin->public.ConnectionFormat->FormatSize);
    if (status == STATUS_SUCCESS && pin->queue != NULL)
        ks_queue_format_fetched(pin->queue);
    ks_mutex_release(&pin->filter->control);
    return status;
}

static NTSTATUS NTAPI set_format(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    ULONG bytes = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;
    struct ks_pin *pin = pin_of(Irp);
    PKSMULTIPLE_ITEM attributes;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Request);
    if ((pin->public.Descriptor->Flags & KSPIN_FLAG_FIXED_FORMAT) != 0)
        return STATUS_INVALID_DEVICE_REQUEST;
    status = ks_format_check(Data, bytes, &attributes);
    if (!NT_SUCCESS(status))
        return status;
    ks_mutex_acquire(&pin->filter->control);
    status = ks_format_set(pin, Data, attributes);
    ks_mutex_release(&pin->filter->control);
    return status;
}

static NTSTATUS NTAPI get_acquire_ordering(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    BOOL ordering = FALSE;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return ks_answer(Irp, &ordering, sizeof ordering);
}

static NTSTATUS NTAPI get_header_size(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return ks_answer(Irp, &pin_of(Irp)->public.StreamHeaderSize, sizeof(ULONG));
}

static const KSPROPERTY_ITEM connection_items[] = {
    KS_GET_SET(KSPROPERTY_CONNECTION_STATE, get_state, set_state, sizeof(KSPROPERTY),
               sizeof(KSSTATE)),
    KS_GET_SET(KSPROPERTY_CONNECTION_PRIORITY, get_priority, set_priority, sizeof(KSPROPERTY),
               sizeof(KSPRIORITY)),
    KS_GET_SET(KSPROPERTY_CONNECTION_DATAFORMAT, get_format, set_format, sizeof(KSPROPERTY), 0),
    KS_GET(KSPROPERTY_CONNECTION_ALLOCATORFRAMING, ks_get_framing, sizeof(KSPROPERTY),
           sizeof(KSALLOCATOR_FRAMING)),
    KS_GET(KSPROPERTY_CONNECTION_ACQUIREORDERING, get_acquire_ordering, sizeof(KSPROPERTY),
           sizeof(BOOL)),
    KS_GET(KSPROPERTY_CONNECTION_ALLOCATORFRAMING_EX, ks_get_framing_ex, sizeof(KSPROPERTY), 0),
};

static const KSPROPERTY_ITEM stream_items[] = {
    KS_GET_SET(KSPROPERTY_STREAM_MASTERCLOCK, ks_get_master_clock, ks_set_master_clock,
               sizeof(KSPROPERTY), sizeof(HANDLE)),
};

static const KSPROPERTY_ITEM interface_items[] = {
    KS_GET(KSPROPERTY_STREAMINTERFACE_HEADERSIZE, get_header_size, sizeof(KSPROPERTY),
           sizeof(ULONG)),
};

static const KSPROPERTY_SET sets[] = {
    {&KSPROPSETID_Connection, ARRAY_LEN(connection_items), connection_items, 0, NULL},
    {&KSPROPSETID_Stream, ARRAY_LEN(stream_items), stream_items, 0, NULL},
    {&KSPROPSETID_StreamInterface, ARRAY_LEN(interface_items), interface_items, 0, NULL},
};

static const KSEVENT_ITEM connection_events[] = {
    {.EventId = KSEVENT_CONNECTION_ENDOFSTREAM, .DataInput = sizeof(KSEVENTDATA)},
};

static const KSEVENT_SET event_sets[] = {
    {&KSEVENTSETID_Connection, ARRAY_LEN(connection_events), connection_events},
};

const KSAUTOMATION_TABLE ks_pin_table = {
    .PropertySetsCount = ARRAY_LEN(sets),
    .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
    .PropertySets = sets,
};

const KSAUTOMATION_TABLE ks_pin_eos_table = {
    .EventSetsCount = ARRAY_LEN(event_sets),
    .EventItemSize = sizeof(KSEVENT_ITEM),
    .EventSets = event_sets,
};
