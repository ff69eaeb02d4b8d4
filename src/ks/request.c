/* SPDX-License-Identifier: MIT */
/* IOCTL_KS_READ_STREAM and IOCTL_KS_WRITE_STREAM carry an array of KSSTREAM_HEADERs, each with a buffer
 * of the client's. The pages name the input buffer for it; real clients, and KsProbeStreamIrp, use the
 * output buffer, so that is looked at first. The headers are captured into a system buffer, which the
 * I/O manager copies back on completion of a read, up to IoStatus.Information; buffers are locked, one
 * MDL a header, chained at the IRP. IOCTL_KS_READ_STREAM; KsProbeStreamIrp; KSSTREAM_HEADER.
 *
 * Our reading: a header may be longer than the pin asked for, never shorter than KSSTREAM_HEADER, and
 * all headers of an IRP are of one size. The driver sees a system address in Data; the client gets its
 * own value back. */
#include "ks/request.h"

#include <string.h>

#include "ks/cancel.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/room.h"
#include "ks/user.h"

enum { REQUEST_TAG = 0x7152734b, HEADERS_TAG = 0x6448734b, HEADERS_MAX = 1024 };

ULONG ks_frame_size_bytes(const struct ks_queue *queue, const struct ks_frame *frame)
{
    return queue->output ? frame->header->FrameExtent : frame->header->DataUsed;
}

bool ks_request_has_locked_frame(const struct ks_request *request)
{
    for (ULONG i = 0; i < request->frame_count; i++) {
        if (request->frames[i].locks != 0)
            return true;
    }
    return false;
}

/* ---- The object ---------------------------------------------------------------------------------------- */

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
    request->frame_count = 0;
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

/* ---- Headers ------------------------------------------------------------------------------------------- */

struct header_list {
    void *client; /* where they lie */
    ULONG bytes;
    bool in_output;
};

static void find_headers(PIRP irp, struct header_list *list)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    list->in_output = stack->Parameters.DeviceIoControl.OutputBufferLength != 0;
    if (list->in_output) {
        list->client = irp->UserBuffer;
        list->bytes = stack->Parameters.DeviceIoControl.OutputBufferLength;
    } else {
        list->client = stack->Parameters.DeviceIoControl.Type3InputBuffer;
        list->bytes = stack->Parameters.DeviceIoControl.InputBufferLength;
    }
}

static NTSTATUS check_header(const struct ks_queue *queue, const KSSTREAM_HEADER *header,
                             ULONG size)
{
    if (header->Size != size)
        return STATUS_INVALID_BUFFER_SIZE;
    if (queue->output) {
        if (header->DataUsed != 0)
            return STATUS_INVALID_BUFFER_SIZE;
        return header->OptionsFlags != 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    }
    return header->DataUsed > header->FrameExtent ? STATUS_INVALID_BUFFER_SIZE : STATUS_SUCCESS;
}

static NTSTATUS check_headers(const struct ks_queue *queue, const UCHAR *headers, ULONG bytes,
                              ULONG *count)
{
    ULONG size = ((const KSSTREAM_HEADER *)(const void *)headers)->Size;

    if (size < sizeof(KSSTREAM_HEADER) || size % 8 != 0 || bytes % size != 0 ||
        bytes / size > HEADERS_MAX)
        return STATUS_INVALID_BUFFER_SIZE;
    for (ULONG at = 0; at < bytes; at += size) {
        NTSTATUS status =
            check_header(queue, (const KSSTREAM_HEADER *)(const void *)(headers + at), size);

        if (!NT_SUCCESS(status))
            return status;
    }
    *count = bytes / size;
    return STATUS_SUCCESS;
}

/* The captured copy becomes the IRP's system buffer, which its completion frees. */
static NTSTATUS capture_headers(struct ks_queue *queue, PIRP irp, ULONG *bytes, ULONG *count)
{
    struct header_list list;
    UCHAR *copy;
    NTSTATUS status;

    find_headers(irp, &list);
    if (list.bytes < sizeof(KSSTREAM_HEADER))
        return STATUS_INVALID_BUFFER_SIZE;
    copy = ExAllocatePoolWithTag(NonPagedPool, list.bytes, HEADERS_TAG);
    if (copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ks_user_read(irp->RequestorMode, copy, list.client, list.bytes);
    if (NT_SUCCESS(status))
        status = check_headers(queue, copy, list.bytes, count);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(copy, HEADERS_TAG);
        return status;
    }
    irp->AssociatedIrp.SystemBuffer = copy;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    if (queue->output && list.in_output)
        irp->Flags |= IRP_INPUT_OPERATION;
    *bytes = list.bytes;
    return STATUS_SUCCESS;
}

/* ---- Buffers ------------------------------------------------------------------------------------------- */

static NTSTATUS lock_buffer(struct ks_request *request, struct ks_frame *frame)
{
    PKSSTREAM_HEADER header = frame->header;
    PIRP irp = request->irp;
    PVOID system_address;

    frame->client_data = header->Data;
    frame->mdl = NULL;
    if (header->Data == NULL || header->FrameExtent == 0)
        return STATUS_SUCCESS;
    if (!ks_user_range_exists(irp->RequestorMode, header->Data, header->FrameExtent))
        return STATUS_ACCESS_VIOLATION;
    frame->mdl = IoAllocateMdl(header->Data, header->FrameExtent, irp->MdlAddress != NULL, FALSE,
                               irp);
    if (frame->mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmProbeAndLockPages(frame->mdl, irp->RequestorMode,
                        request->queue->output ? IoWriteAccess : IoReadAccess);
    system_address = MmGetSystemAddressForMdlSafe(frame->mdl, NormalPagePriority);
    if (system_address == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    header->Data = system_address;
    return STATUS_SUCCESS;
}

static void unlock_buffers(struct ks_request *request)
{
    PIRP irp = request->irp;

    while (irp->MdlAddress != NULL) {
        PMDL mdl = irp->MdlAddress;

        irp->MdlAddress = mdl->Next;
        if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
}

static NTSTATUS add_frame(struct ks_request *request, PKSSTREAM_HEADER header)
{
    struct ks_frame *frame = &request->frames[request->frame_count++];

    InitializeListHead(&frame->link);
    frame->request = request;
    frame->header = header;
    frame->id = ++ks_room()->next_frame_id;
    frame->references = 0;
    frame->locks = 0;
    frame->passed_leading = false;
    frame->passed_trailing = false;
    frame->cancelled = false;
    frame->freed = false;
    return lock_buffer(request, frame);
}

static void restore_client_data(struct ks_request *request)
{
    for (ULONG i = 0; i < request->frame_count; i++)
        request->frames[i].header->Data = request->frames[i].client_data;
}

/* ---- Build, abandon, complete ---------------------------------------------------------------------------- */

void ks_request_abandon(struct ks_request *request)
{
    restore_client_data(request);
    unlock_buffers(request);
    put_spare(request);
}

NTSTATUS ks_request_build(struct ks_queue *queue, PIRP irp, struct ks_request **out)
{
    struct ks_request *request;
    ULONG bytes = 0;
    ULONG count = 0;
    NTSTATUS status = capture_headers(queue, irp, &bytes, &count);
    UCHAR *headers = irp->AssociatedIrp.SystemBuffer;

    if (!NT_SUCCESS(status))
        return status;
    request = provide_request(queue, count);
    if (request == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    request->irp = irp;
    request->header_bytes = bytes;
    for (ULONG i = 0; i < count && NT_SUCCESS(status); i++)
        status = add_frame(request, (PKSSTREAM_HEADER)(void *)(headers + i * (bytes / count)));
    if (!NT_SUCCESS(status)) {
        ks_request_abandon(request);
        return status;
    }
    request->frames_left = count;
    *out = request;
    return STATUS_SUCCESS;
}

static ULONG_PTR information_of(const struct ks_request *request)
{
    ULONG_PTR bytes = 0;

    if (!NT_SUCCESS(request->status))
        return 0;
    if (request->queue->output)
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

void ks_request_complete(struct ks_request *request)
{
    PIRP irp = request->irp;

    irp->IoStatus.Status = request->status;
    irp->IoStatus.Information = information_of(request);
    tell_completed(request);
    restore_client_data(request);
    unlock_buffers(request);
    put_spare(request);
    IofCompleteRequest(irp, IO_VIDEO_INCREMENT);
}
