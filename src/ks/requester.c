/* SPDX-License-Identifier: MIT */
/* Between two AVStream pins nobody sends IRPs: the source's requester gets frames from an allocator
 * and puts them into the queue of the pin whose data flow out; what that pin has filled goes into
 * the queue of the other, and comes home when it is done with. AVStream Pipes and Circuits;
 * AVStream Allocators. Frames that a driver injects (inject.c) go the same way, and back to it.
 *
 * Our reading: the frames' number is the largest of what the pins' framings ask for, their size the
 * largest that suits all. A pin with KSALLOCATOR_DISPATCH whose framing says that it can or
 * must allocate is asked, the IRP source before the sink; else frames are nonpaged pool. UNDOC:
 * pins without framing. There are four frames, of the format's sample size. */
#include "ks/requester.h"

#include <string.h>

#include "base/fatal.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"
#include "ks/stream_io.h"

enum { FRAMES_DEFAULT = 4, FRAMES_MAX = 256, FRAME_BYTES_MAX = 64 << 20 };

struct ks_requester {
    struct ks_pin *source;
    struct ks_pin *allocating; /* whose driver allocates the frames; NULL: pool */
    PVOID allocator; /* its context */
    LIST_ENTRY carriers;
    bool stopping;
};

/* ---- Carriers -------------------------------------------------------------------------------- */

void ks_carrier_destroy(struct ks_carrier *carrier)
{
    if (carrier->mdl != NULL && carrier->mdl != carrier->given_mdl)
        IoFreeMdl(carrier->mdl);
    if (carrier->irp != NULL)
        IoFreeIrp(carrier->irp);
    ks_free(carrier);
}

/* What a driver sees that looks at the frame's IRP. */
static void dress_irp(struct ks_carrier *carrier, const struct ks_pin *source)
{
    PIO_STACK_LOCATION stack;

    IoSetNextIrpStackLocation(carrier->irp);
    stack = IoGetCurrentIrpStackLocation(carrier->irp);
    stack->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    stack->FileObject = source->file_object;
    stack->DeviceObject = source->file_object->DeviceObject;
    stack->Parameters.DeviceIoControl.OutputBufferLength = carrier->header.Size;
    stack->Parameters.DeviceIoControl.IoControlCode =
        source->public.DataFlow == KSPIN_DATAFLOW_OUT ? IOCTL_KS_WRITE_STREAM
                                                      : IOCTL_KS_READ_STREAM;
}

static NTSTATUS describe_data(struct ks_carrier *carrier)
{
    if (carrier->given_mdl != NULL) {
        carrier->mdl = carrier->given_mdl;
        return STATUS_SUCCESS;
    }
    if (carrier->data == NULL)
        return STATUS_SUCCESS;
    carrier->mdl = IoAllocateMdl(carrier->data, carrier->bytes, FALSE, FALSE, NULL);
    if (carrier->mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(carrier->mdl);
    return STATUS_SUCCESS;
}

/* As an empty frame. */
static void reset_header(struct ks_carrier *carrier)
{
    ULONG size = carrier->header.Size;

    memset(&carrier->header, 0, size);
    carrier->header.Size = size;
    carrier->header.PresentationTime.Numerator = 1;
    carrier->header.PresentationTime.Denominator = 1;
    carrier->header.FrameExtent = carrier->bytes;
    carrier->header.Data = carrier->data;
}

struct ks_carrier *ks_carrier_create(struct ks_requester *requester, PVOID data, ULONG bytes,
                                     PMDL mdl, ULONG header_bytes)
{
    struct ks_carrier *carrier =
        ks_allocate(sizeof *carrier - sizeof carrier->header + header_bytes);

    if (carrier == NULL)
        return NULL;
    carrier->requester = requester;
    carrier->data = data;
    carrier->bytes = bytes;
    carrier->given_mdl = mdl;
    carrier->header.Size = header_bytes;
    carrier->irp = IoAllocateIrp(1, FALSE);
    if (carrier->irp == NULL || !NT_SUCCESS(describe_data(carrier))) {
        ks_carrier_destroy(carrier);
        return NULL;
    }
    dress_irp(carrier, requester->source);
    reset_header(carrier);
    return carrier;
}

/* ---- Round and round ------------------------------------------------------------------------- */

/* The pin that fills the frames. */
static struct ks_pin *first_filler(const struct ks_pin *source)
{
    return source->public.DataFlow == KSPIN_DATAFLOW_OUT ? (struct ks_pin *)(ULONG_PTR)source
                                                         : source->pipe.peer;
}

/* Where frames begin their round. */
static struct ks_pin *first_stop(const struct ks_pin *source)
{
    struct ks_pin *filler = first_filler(source);

    return filler->pipe.frame_return == NULL ? filler : ks_pipe_next(filler);
}

NTSTATUS ks_carrier_send(struct ks_carrier *carrier)
{
    struct ks_queue *queue = first_stop(carrier->requester->source)->queue;
    struct ks_request *request;

    if (queue == NULL)
        return STATUS_INVALID_DEVICE_STATE;
    carrier->irp->Cancel = FALSE;
    carrier->irp->IoStatus.Status = STATUS_SUCCESS;
    request = ks_request_carry(queue, carrier);
    return request != NULL ? ks_stream_append(queue, request) : STATUS_INSUFFICIENT_RESOURCES;
}

static void give_back(struct ks_carrier *carrier, NTSTATUS status)
{
    struct ks_pin *pin = carrier->requester->source;

    KE_CALL(pin->pipe.frame_return, KE_ARG(&pin->public),
            KE_ARG(carrier->given_mdl != NULL ? NULL : carrier->data),
            carrier->given_mdl != NULL ? 0 : carrier->bytes, KE_ARG(carrier->given_mdl),
            KE_ARG(carrier->context), (ULONG)status);
    ks_carrier_destroy(carrier);
}

/* Sent out again unless the pipe stops; a frame that cannot be sent waits for the end. */
void ks_requester_take_home(struct ks_carrier *carrier, NTSTATUS status)
{
    struct ks_requester *requester = carrier->requester;

    if (requester->source->pipe.frame_return != NULL) {
        give_back(carrier, status);
        return;
    }
    reset_header(carrier);
    if (!requester->stopping)
        ks_carrier_send(carrier);
}

/* ---- Allocating ------------------------------------------------------------------------------ */

static const KS_FRAMING_ITEM *framing_of(const struct ks_pin *pin)
{
    const KSALLOCATOR_FRAMING_EX *framing = pin->public.Descriptor->AllocatorFraming;

    return framing != NULL && framing->CountItems != 0 ? &framing->FramingItem[0] : NULL;
}

/* The largest frame that suits all pins of the pipe; what a pin does not say suits it. */
static ULONG frame_bytes(const struct ks_pin *source)
{
    ULONG least = 0, most = FRAME_BYTES_MAX;
    bool said = false;

    for (const struct ks_pin *pin = first_filler(source); pin != NULL; pin = ks_pipe_next(pin)) {
        const KS_FRAMING_ITEM *item = framing_of(pin);

        if (item == NULL)
            continue;
        said = true;
        if (item->FramingRange.Range.MinFrameSize > least)
            least = item->FramingRange.Range.MinFrameSize;
        if (item->FramingRange.Range.MaxFrameSize < most)
            most = item->FramingRange.Range.MaxFrameSize;
    }
    if (!said)
        return source->public.ConnectionFormat->SampleSize;
    return most >= least && most != FRAME_BYTES_MAX ? most : least;
}

static ULONG frame_count(const struct ks_pin *source)
{
    ULONG count = 0;

    for (const struct ks_pin *pin = first_filler(source); pin != NULL; pin = ks_pipe_next(pin)) {
        if (framing_of(pin) != NULL && framing_of(pin)->Frames > count)
            count = framing_of(pin)->Frames;
    }
    if (count == 0)
        return FRAMES_DEFAULT;
    return count < FRAMES_MAX ? count : FRAMES_MAX;
}

static const KSALLOCATOR_DISPATCH *allocator_of(const struct ks_pin *pin)
{
    const KSPIN_DISPATCH *dispatch = pin->public.Descriptor->Dispatch;
    const KS_FRAMING_ITEM *item = framing_of(pin);
    ULONG willing = KSALLOCATOR_REQUIREMENTF_MUST_ALLOCATE | KSALLOCATOR_FLAG_CAN_ALLOCATE;

    if (dispatch == NULL || dispatch->Allocator == NULL || item == NULL ||
        (item->Flags & willing) == 0)
        return NULL;
    return dispatch->Allocator;
}

static NTSTATUS choose_allocator(struct ks_requester *requester, ULONG count, ULONG bytes)
{
    struct ks_pin *source = requester->source;
    struct ks_pin *pin = allocator_of(source) != NULL ? source : source->pipe.peer;
    const KSALLOCATOR_DISPATCH *dispatch = allocator_of(pin);
    KSALLOCATOR_FRAMING *framing;
    NTSTATUS status;

    if (dispatch == NULL)
        return STATUS_SUCCESS;
    framing = ks_allocate(sizeof *framing);
    if (framing == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    framing->PoolType = NonPagedPool;
    framing->Frames = count;
    framing->FrameSize = bytes;
    framing->FileAlignment = framing_of(pin)->FileAlignment;
    status = (NTSTATUS)KE_CALL(dispatch->InitializeAllocator, KE_ARG(&pin->public),
                               KE_ARG(framing), KE_ARG(&requester->allocator));
    ks_free(framing);
    if (NT_SUCCESS(status))
        requester->allocating = pin;
    return status;
}

static PVOID allocate_frame(struct ks_requester *requester, ULONG bytes)
{
    if (requester->allocating == NULL)
        return ks_allocate(bytes);
    return (PVOID)(ULONG_PTR)KE_CALL(allocator_of(requester->allocating)->Allocate,
                                     KE_ARG(requester->allocator));
}

static void free_frame(struct ks_requester *requester, PVOID frame)
{
    if (requester->allocating == NULL)
        ks_free(frame);
    else
        KE_CALL(allocator_of(requester->allocating)->Free, KE_ARG(requester->allocator),
                KE_ARG(frame));
}

static NTSTATUS make_frame(struct ks_requester *requester, ULONG bytes)
{
    PVOID frame = allocate_frame(requester, bytes);
    ULONG header_bytes = requester->source->public.StreamHeaderSize;
    struct ks_carrier *carrier;

    if (frame == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (requester->source->pipe.peer->public.StreamHeaderSize > header_bytes)
        header_bytes = requester->source->pipe.peer->public.StreamHeaderSize;
    carrier = ks_carrier_create(requester, frame, bytes, NULL, header_bytes);
    if (carrier == NULL) {
        free_frame(requester, frame);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    InsertTailList(&requester->carriers, &carrier->link);
    return STATUS_SUCCESS;
}

static void free_frames(struct ks_requester *requester)
{
    while (!IsListEmpty(&requester->carriers)) {
        struct ks_carrier *carrier =
            CONTAINING_RECORD(RemoveHeadList(&requester->carriers), struct ks_carrier, link);

        free_frame(requester, carrier->data);
        ks_carrier_destroy(carrier);
    }
    if (requester->allocating != NULL)
        KE_CALL(allocator_of(requester->allocating)->DeleteAllocator,
                KE_ARG(requester->allocator));
    requester->allocating = NULL;
}

static NTSTATUS make_frames(struct ks_requester *requester)
{
    ULONG bytes = frame_bytes(requester->source), count = frame_count(requester->source);
    NTSTATUS status = choose_allocator(requester, count, bytes);

    for (ULONG i = 0; i < count && NT_SUCCESS(status); i++)
        status = make_frame(requester, bytes);
    if (!NT_SUCCESS(status))
        free_frames(requester);
    return status;
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static void send_all(struct ks_requester *requester)
{
    PLIST_ENTRY head = &requester->carriers;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink)
        ks_carrier_send(CONTAINING_RECORD(link, struct ks_carrier, link));
}

NTSTATUS ks_requester_start(struct ks_pin *source)
{
    struct ks_requester *requester = ks_allocate(sizeof *requester);
    NTSTATUS status = STATUS_SUCCESS;

    if (requester == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    requester->source = source;
    InitializeListHead(&requester->carriers);
    if (source->pipe.frame_return == NULL)
        status = make_frames(requester);
    if (!NT_SUCCESS(status)) {
        ks_free(requester);
        return status;
    }
    source->pipe.requester = requester;
    send_all(requester);
    return STATUS_SUCCESS;
}

void ks_requester_stop(struct ks_pin *source)
{
    if (source->pipe.requester != NULL)
        source->pipe.requester->stopping = true;
}

void ks_requester_end(struct ks_pin *source)
{
    struct ks_requester *requester = source->pipe.requester;

    if (requester == NULL)
        return;
    source->pipe.requester = NULL;
    free_frames(requester);
    ks_free(requester);
}

bool ks_requester_sends(const struct ks_requester *requester)
{
    return requester != NULL && !requester->stopping;
}
