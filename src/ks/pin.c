/* SPDX-License-Identifier: MIT */
/* Opening {146F1A80-...} under a filter, with a KSPIN_CONNECT and a format behind the name, makes a
 * pin. The connection is checked against the pin type's descriptor, the format is set
 * (SetDataFormat), and then Create runs, all under the filter's control mutex. Cleanup walks the
 * state down to STOP; close frees events, calls Close and empties the bag. KS Pins; KSPIN_DISPATCH;
 * KSPIN_DESCRIPTOR_EX.
 *
 * Our reading: opening more instances than InstancesPossible fails with
 * STATUS_INVALID_DEVICE_REQUEST; an opening denied to user mode with STATUS_ACCESS_DENIED. */
#include "ks/pin.h"

#include <string.h>

#include "base/fatal.h"
#include "ks/connect.h"
#include "ks/device.h"
#include "ks/filter.h"
#include "ks/format.h"
#include "ks/pending.h"
#include "ks/pin_flags.h"
#include "ks/queue.h"
#include "ks/room.h"

static const uint64_t pin_magic = 0x6b7370696e212121u;

struct ks_pin *ks_pin_of(PKSPIN pin)
{
    struct ks_pin *state = (struct ks_pin *)pin;

    if (state == NULL || state->magic != pin_magic)
        ks_not_an_object(pin);
    return state;
}

struct ks_dma *ks_pin_dma(struct ks_pin *pin)
{
    return &pin->object.device->dma;
}

KSSTATE ks_pin_minimum_state(const struct ks_pin *pin)
{
    bool run_only = (pin->public.Descriptor->Flags & KSPIN_FLAG_PROCESS_IN_RUN_STATE_ONLY) != 0;

    return run_only ? KSSTATE_RUN : KSSTATE_PAUSE;
}

/* ---- The request ----------------------------------------------------------------------------- */

/* Aligned copy of what stands behind the name. */
struct connection {
    KSPIN_CONNECT *connect;
    PKSDATAFORMAT format;
    PKSMULTIPLE_ITEM attributes;
    const KSPIN_DESCRIPTOR_EX *descriptor;
    PFILE_OBJECT other_end; /* referenced until a pin has it; NULL: the client itself */
};

/* A filter that is denied takes its pins along. */
static bool is_denied_to_user_mode(const struct ks_filter *filter,
                                   const KSPIN_DESCRIPTOR_EX *descriptor)
{
    return (filter->public.Descriptor->Flags & KSFILTER_FLAG_DENY_USERMODE_ACCESS) != 0 ||
           (descriptor->Flags & KSPIN_FLAG_DENY_USERMODE_ACCESS) != 0;
}

static NTSTATUS read_connection(struct ks_filter *filter, PIRP irp, const void *parameters,
                                ULONG bytes, struct connection *connection)
{
    NTSTATUS status;

    if (bytes < sizeof(KSPIN_CONNECT) + sizeof(KSDATAFORMAT))
        return STATUS_INVALID_PARAMETER;
    connection->connect = ks_allocate(bytes);
    if (connection->connect == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(connection->connect, parameters, bytes);
    connection->format = (PKSDATAFORMAT)(void *)(connection->connect + 1);
    connection->descriptor = ks_filter_pin_descriptor(filter, connection->connect->PinId);
    if (connection->descriptor == NULL)
        return STATUS_INVALID_PARAMETER;
    if (irp->RequestorMode != KernelMode && is_denied_to_user_mode(filter, connection->descriptor))
        return STATUS_ACCESS_DENIED;
    status = ks_connect_check(&connection->descriptor->PinDescriptor, connection->connect);
    if (!NT_SUCCESS(status))
        return status;
    status = ks_format_check(connection->format, bytes - (ULONG)sizeof(KSPIN_CONNECT),
                             &connection->attributes);
    if (NT_SUCCESS(status) && connection->connect->PinToHandle != NULL)
        status = ks_pipe_find(connection->connect, connection->descriptor->PinDescriptor.DataFlow,
                              irp->RequestorMode, &connection->other_end);
    return status;
}

static NTSTATUS check_instances(struct ks_filter *filter, const struct connection *connection)
{
    ULONG possible = connection->descriptor->InstancesPossible;
    ULONG current = KsFilterGetChildPinCount(&filter->public, connection->connect->PinId);

    if (possible != KSINSTANCE_INDETERMINATE && current >= possible)
        return STATUS_INVALID_DEVICE_REQUEST;
    return STATUS_SUCCESS;
}

/* ---- The object ------------------------------------------------------------------------------ */

static void fill_public(struct ks_pin *pin, const struct connection *connection)
{
    const KSPIN_CONNECT *connect = connection->connect;
    PKSPIN public = &pin->public;

    public->Descriptor = connection->descriptor;
    public->Id = connect->PinId;
    public->Communication = connect->PinToHandle == NULL ? KSPIN_COMMUNICATION_SINK
                                                         : KSPIN_COMMUNICATION_SOURCE;
    public->ConnectionIsExternal = TRUE;
    public->ConnectionInterface = connect->Interface;
    public->ConnectionMedium = connect->Medium;
    public->ConnectionPriority = connect->Priority;
    public->StreamHeaderSize = sizeof(KSSTREAM_HEADER);
    public->DataFlow = connection->descriptor->PinDescriptor.DataFlow;
    public->ResetState = KSRESET_END;
}

static void free_pin(struct ks_pin *pin)
{
    ks_splitter_leave(pin);
    ks_queue_destroy(pin->spare_queue);
    ks_processor_fini(&pin->processor);
    ks_pin_clock_fini(pin);
    ks_file_fini(&pin->file);
    ks_object_fini(&pin->object);
    ks_format_free(pin);
    pin->magic = 0;
    ks_free(pin);
}

/* What a pin refers to. Given up without the control mutex, since that may close another pin. */
struct held_files {
    PFILE_OBJECT other_end; /* of the connection, or NULL */
    PFILE_OBJECT master_clock; /* or NULL */
};

/* Control mutex held. */
static struct held_files destroy_pin(struct ks_pin *pin)
{
    struct held_files held = {.other_end = pin->pipe.file,
                              .master_clock = ks_pin_clock_take_master(pin)};

    ks_pipe_leave(pin);
    pin->file_object->FsContext = NULL;
    free_pin(pin);
    return held;
}

static void let_go(struct held_files held)
{
    if (held.other_end != NULL)
        ObDereferenceObject(held.other_end);
    ks_clock_drop_master(held.master_clock);
}

/* NULL when the pin processes by itself. */
static struct ks_filter *processing_filter(struct ks_filter *filter,
                                           const KSPIN_DESCRIPTOR_EX *descriptor)
{
    bool by_itself = descriptor->Dispatch != NULL && descriptor->Dispatch->Process != NULL;

    return filter->filter_centric && !by_itself ? filter : NULL;
}

static NTSTATUS allocate_pin(struct ks_filter *filter, PIRP irp,
                             const struct connection *connection, struct ks_pin **out)
{
    struct ks_pin *pin = ks_allocate(sizeof *pin);
    ULONG flags = connection->descriptor->Flags;
    NTSTATUS status;

    if (pin == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    pin->magic = pin_magic;
    pin->filter = filter;
    pin->file_object = IoGetCurrentIrpStackLocation(irp)->FileObject;
    pin->standard_transport = ks_connect_is_standard(connection->connect, flags);
    fill_public(pin, connection);
    ks_object_init(&pin->object, KsObjectTypePin, &pin->public, filter->object.device,
                   &filter->object);
    ks_file_init(&pin->file, KS_FILE_PIN, &pin->object, irp);
    ks_splitter_join(pin);
    ks_pin_flags_check(&pin->object, filter->public.Descriptor, connection->descriptor,
                       pin->standard_transport);
    status = ks_processor_init(&pin->processor,
                               filter->object.device->public.FunctionalDeviceObject, pin,
                               processing_filter(filter, connection->descriptor), flags);
    if (NT_SUCCESS(status))
        status = ks_filter_process_make_room(filter);
    if (NT_SUCCESS(status))
        status = ks_pin_clock_init(pin);
    if (NT_SUCCESS(status) && connection->other_end != NULL)
        status = ks_pipe_join(pin, connection->other_end);
    if (!NT_SUCCESS(status)) {
        destroy_pin(pin);
        return status;
    }
    *out = pin;
    return STATUS_SUCCESS;
}

/* ---- Create ---------------------------------------------------------------------------------- */

static NTSTATUS call_create(struct ks_pin *pin, PIRP irp)
{
    const KSPIN_DISPATCH *dispatch = pin->public.Descriptor->Dispatch;

    if (dispatch == NULL || dispatch->Create == NULL)
        return STATUS_SUCCESS;
    return ks_pending_check(irp,
                            (NTSTATUS)KE_CALL(dispatch->Create, KE_ARG(&pin->public), KE_ARG(irp)));
}

static NTSTATUS create_connected(struct ks_filter *filter, PIRP irp,
                                 struct connection *connection)
{
    struct ks_pin *pin;
    NTSTATUS status = check_instances(filter, connection);

    if (NT_SUCCESS(status))
        status = allocate_pin(filter, irp, connection, &pin);
    if (!NT_SUCCESS(status))
        return status;
    status = ks_format_set(pin, connection->format, connection->attributes);
    if (NT_SUCCESS(status))
        status = call_create(pin, irp);
    if (!NT_SUCCESS(status)) {
        destroy_pin(pin);
        return status;
    }
    connection->other_end = NULL;
    if (status != STATUS_PENDING)
        ks_process_list(pin);
    return status;
}

NTSTATUS ks_pin_create(struct ks_filter *filter, PIRP irp, const void *parameters, ULONG bytes)
{
    struct connection connection = {0};
    NTSTATUS status = read_connection(filter, irp, parameters, bytes, &connection);

    if (NT_SUCCESS(status)) {
        ks_mutex_acquire(&filter->control);
        status = create_connected(filter, irp, &connection);
        ks_mutex_release(&filter->control);
    }
    let_go((struct held_files){.other_end = connection.other_end});
    ks_free(connection.connect);
    return status;
}

void ks_pin_create_finished(struct ks_pin *pin, NTSTATUS status)
{
    struct ks_mutex *control = &pin->filter->control;

    if (!NT_SUCCESS(status)) {
        ks_pin_close_finished(pin);
        return;
    }
    ks_mutex_acquire(control);
    ks_process_list(pin);
    ks_mutex_release(control);
}

/* ---- Cleanup and close ----------------------------------------------------------------------- */

/* The last handle is gone. Frames that the driver has locked keep their IRPs, and so the file, in
 * being: the pin must be stopped now, since close comes only after them. */
void ks_pin_cleanup(struct ks_pin *pin)
{
    ks_mutex_acquire(&pin->filter->control);
    if (pin->queue != NULL && pin->pipe.peer == NULL)
        ks_queue_cancel_all(pin->queue);
    ks_mutex_release(&pin->filter->control);
    ks_pipe_force_stop(pin);
}

static NTSTATUS call_close(struct ks_pin *pin, PIRP irp)
{
    const KSPIN_DISPATCH *dispatch = pin->public.Descriptor->Dispatch;

    if (dispatch == NULL || dispatch->Close == NULL)
        return STATUS_SUCCESS;
    return ks_pending_check(irp,
                            (NTSTATUS)KE_CALL(dispatch->Close, KE_ARG(&pin->public), KE_ARG(irp)));
}

void ks_pin_close_finished(struct ks_pin *pin)
{
    struct ks_mutex *control = &pin->filter->control;
    struct held_files held;

    ks_mutex_acquire(control);
    held = destroy_pin(pin);
    ks_mutex_release(control);
    let_go(held);
}

NTSTATUS ks_pin_close(struct ks_pin *pin, PIRP irp)
{
    struct ks_mutex *control = &pin->filter->control;
    struct held_files held = {0};
    NTSTATUS status;

    ks_mutex_acquire(control);
    ks_process_unlist(pin);
    ks_events_free(&pin->object.events, NULL);
    status = call_close(pin, irp);
    if (status != STATUS_PENDING)
        held = destroy_pin(pin);
    ks_mutex_release(control);
    let_go(held);
    return status;
}
