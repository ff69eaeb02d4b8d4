/* SPDX-License-Identifier: MIT */
/* A stream IRP becomes a request with a frame for each of its headers. The driver works on the
 * captured headers, in which Data is a system address, good in any context; the client gets its own
 * value back, and with a read all that the driver wrote into the headers. Information is the size
 * of the headers of a read, the bytes of data of a write. KSSTREAM_HEADER; IOCTL_KS_READ_STREAM;
 * IOCTL_KS_WRITE_STREAM. Objects and their mapping tables are kept for the next IRP, so that a
 * running stream allocates nothing of ours but the copy of its headers. */
#include "ks/request.h"

#include <string.h>

#include "ks/cancel.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/requester.h"
#include "ks/room.h"
#include "ks/splitter.h"
#include "ks/stream_headers.h"
#include "ks/stream_io.h"
#include "ks/stream_options.h"

enum { REQUEST_TAG = 0x7152734b }; /* "KsRq" */

bool ks_request_has_locked_frame(const struct ks_request *request)
{
    for (ULONG i = 0; i < request->frame_count; i++) {
        if (request->frames[i].locks != 0)
            return true;
    }
    return false;
}

/* ---- The object ------------------------------------------------------------------------------ */

static struct ks_request *take_spare(struct ks_queue *queue, ULONG frame_count)
{
    struct ks_queue_hold hold;
    struct ks_request *found = NULL;

    ks_queue_enter(queue, &hold);
    for (PLIST_ENTRY link = queue->spare_requests.Flink; link != &queue->spare_requests;
         link = link->Flink) {
        struct ks_request *spare = CONTAINING_RECORD(link, struct ks_request, link);

        if (spare->frame_capacity >= frame_count) {
            RemoveEntryList(&spare->link);
            found = spare;
            break;
        }
    }
    ks_queue_leave(queue, &hold);
    return found;
}

static struct ks_request *provide_request(struct ks_queue *queue, ULONG frame_count)
{
    struct ks_request *request = take_spare(queue, frame_count);
    SIZE_T bytes = sizeof *request + frame_count * sizeof request->frames[0];

    if (request == NULL) {
        request = ExAllocatePoolWithTag(NonPagedPool, bytes, REQUEST_TAG);
        if (request == NULL)
            return NULL;
        memset(request, 0, bytes);
        request->frame_capacity = frame_count;
    }
    request->queue = queue;
    request->carrier = NULL;
    request->reads = queue->output;
    request->continued = false;
    request->frame_count = 0;
    request->frames_left = frame_count;
    request->status = STATUS_SUCCESS;
    request->cancel_seen = false;
    request->cancel_asked = false;
    request->cancelled = false;
    request->finished = false;
    return request;
}

void ks_request_free(struct ks_request *request)
{
    for (ULONG i = 0; i < request->frame_capacity; i++)
        ks_mapping_free_table(&request->frames[i].mapping);
    ExFreePoolWithTag(request, REQUEST_TAG);
}

static void put_spare(struct ks_request *request)
{
    struct ks_queue *queue = request->queue;
    struct ks_queue_hold hold;

    ks_queue_enter(queue, &hold);
    InsertHeadList(&queue->spare_requests, &request->link);
    ks_queue_leave(queue, &hold);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

/* The driver sees a system address in Data from now on. */
static NTSTATUS lock_buffer(struct ks_request *request, struct ks_frame *frame)
{
    PKSSTREAM_HEADER header = frame->header;
    NTSTATUS status;
    PVOID address;

    status = ks_stream_headers_lock(
        request->irp, header, request->queue->output ? IoWriteAccess : IoReadAccess, &frame->mdl);
    if (!NT_SUCCESS(status) || frame->mdl == NULL)
        return status;
    address = MmGetSystemAddressForMdlSafe(frame->mdl, NormalPagePriority);
    if (address == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    header->Data = address;
    return STATUS_SUCCESS;
}

static struct ks_frame *add_frame(struct ks_request *request, PKSSTREAM_HEADER header)
{
    struct ks_frame *frame = &request->frames[request->frame_count++];

    InitializeListHead(&frame->link);
    frame->request = request;
    frame->header = header;
    frame->mdl = NULL;
    frame->client_data = header->Data;
    frame->size_bytes = request->queue->output ? header->FrameExtent : header->DataUsed;
    frame->id = ++ks_room()->next_frame_id;
    frame->references = 0;
    frame->locks = 0;
    frame->passed_leading = false;
    frame->passed_trailing = false;
    frame->cancelled = false;
    frame->freed = false;
    return frame;
}

static void restore_client_data(struct ks_request *request)
{
    for (ULONG i = 0; i < request->frame_count; i++)
        request->frames[i].header->Data = request->frames[i].client_data;
}

/* ---- Build, abandon, complete ---------------------------------------------------------------- */

void ks_request_abandon(struct ks_request *request)
{
    if (request->carrier == NULL && !request->continued) {
        restore_client_data(request);
        ks_stream_headers_unlock(request->irp);
    }
    put_spare(request);
}

NTSTATUS ks_request_build(struct ks_queue *queue, PIRP irp, struct ks_request **out)
{
    struct ks_stream_headers headers;
    struct ks_request *request;
    NTSTATUS status = ks_stream_headers_capture(irp, queue->output, 0, &headers);

    if (NT_SUCCESS(status))
        status = ks_options_check(queue, &headers);
    if (!NT_SUCCESS(status))
        return status;
    request = provide_request(queue, headers.count);
    if (request == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    request->irp = irp;
    request->header_bytes = headers.bytes;
    for (ULONG i = 0; i < headers.count && NT_SUCCESS(status); i++)
        status = lock_buffer(request, add_frame(request, ks_stream_headers_at(&headers, i)));
    if (!NT_SUCCESS(status)) {
        ks_request_abandon(request);
        return status;
    }
    *out = request;
    return STATUS_SUCCESS;
}

struct ks_request *ks_request_carry(struct ks_queue *queue, struct ks_carrier *carrier)
{
    struct ks_request *request = provide_request(queue, 1);

    if (request == NULL)
        return NULL;
    request->irp = carrier->irp;
    request->carrier = carrier;
    request->header_bytes = carrier->header.Size;
    add_frame(request, &carrier->header)->mdl = carrier->mdl;
    return request;
}

/* The same IRP in the queue of another pin. */
static struct ks_request *continue_in(struct ks_queue *queue, const struct ks_request *from)
{
    struct ks_request *request = provide_request(queue, from->frame_count);

    if (request == NULL)
        return NULL;
    request->irp = from->irp;
    request->carrier = from->carrier;
    request->reads = from->reads;
    request->continued = true;
    request->header_bytes = from->header_bytes;
    for (ULONG i = 0; i < from->frame_count; i++) {
        struct ks_frame *frame = add_frame(request, from->frames[i].header);

        frame->mdl = from->frames[i].mdl;
        frame->client_data = from->frames[i].client_data;
    }
    return request;
}

static ULONG_PTR information_of(const struct ks_request *request)
{
    ULONG_PTR bytes = 0;

    if (!NT_SUCCESS(request->status))
        return 0;
    if (request->reads)
        return request->header_bytes;
    for (ULONG i = 0; i < request->frame_count; i++)
        bytes += request->frames[i].header->DataUsed;
    return bytes;
}

static void tell_completed(const struct ks_request *request)
{
    uint64_t pin_id = request->queue->pin->object.id;

    for (ULONG i = 0; i < request->frame_count; i++) {
        const struct ks_frame *frame = &request->frames[i];

        TRACE(ks_trace(), frame_completed, pin_id, frame->id, (ULONG)request->status,
              frame->header->DataUsed);
    }
}

/* True when the next pin of the pipe has the IRP now. An output pin that has its frames from an
 * input pin is passed over. */
static bool hand_on(const struct ks_request *request)
{
    const struct ks_pin *next = ks_pipe_next(request->queue->pin);
    struct ks_request *continued;

    if (next != NULL && next->pipe.in_place == request->queue->pin)
        next = ks_pipe_next(next);
    if (next == NULL || next->queue == NULL || !NT_SUCCESS(request->status))
        return false;
    continued = continue_in(next->queue, request);
    return continued != NULL && ks_stream_append(next->queue, continued) == STATUS_PENDING;
}

/* KsPinRegisterIrpCompletionCallback, of every pin that the IRP has been to. */
static void tell_drivers(const struct ks_request *request)
{
    for (struct ks_pin *pin = request->queue->pin; pin != NULL; pin = ks_pipe_previous(pin)) {
        if (pin->irp_completion != NULL)
            KE_CALL(pin->irp_completion, KE_ARG(&pin->public), KE_ARG(request->irp));
    }
}

static void complete_for_client(struct ks_request *request)
{
    struct ks_queue *queue = request->queue;
    bool ends = queue->output && ks_options_include(request, KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM);
    PIRP irp = request->irp;

    restore_client_data(request);
    ks_stream_headers_unlock(irp);
    put_spare(request);
    IofCompleteRequest(irp, IO_VIDEO_INCREMENT);
    if (ends)
        ks_options_stream_ended(queue);
}

void ks_request_complete(struct ks_request *request)
{
    struct ks_carrier *carrier = request->carrier;
    NTSTATUS status = request->status;

    tell_completed(request);
    ks_splitter_copy(request);
    ks_options_completing(request);
    if (hand_on(request)) {
        put_spare(request);
        return;
    }
    request->irp->IoStatus.Status = status;
    request->irp->IoStatus.Information = information_of(request);
    tell_drivers(request);
    if (carrier == NULL) {
        complete_for_client(request);
        return;
    }
    put_spare(request);
    ks_requester_take_home(carrier, status);
}
