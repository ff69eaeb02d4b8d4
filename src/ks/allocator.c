/* SPDX-License-Identifier: MIT */
/* The default allocator: a file that gives out frames of one size, as many as its framing allows.
 * A request for a frame waits until one comes back; the functions of the table, for callers at
 * DISPATCH_LEVEL, fail instead, and such callers enable FREEFRAME. Memory comes from a pool or from
 * functions of the driver's. KsCreateDefaultAllocatorEx; KSALLOCATOR_FRAMING;
 * KSPROPSETID_StreamAllocator; KSMETHOD_STREAMALLOCATOR_ALLOC.
 * UNDOC: framing without SYSTEM_MEMORY asks for memory of a device's. The default memory is pool,
 * so it is refused with STATUS_INVALID_PARAMETER; a driver's functions may have some.
 * UNDOC: clients from user mode cannot use the frames, and get STATUS_INVALID_DEVICE_REQUEST.
 * UNDOC: the table of an allocator of paged pool. Its functions would not work at DISPATCH_LEVEL:
 * STATUS_INVALID_DEVICE_REQUEST.
 * UNDOC: frames that are still out when the allocator is closed are freed with it. */
#include <string.h>

#include "ks/device.h"
#include "ks/file.h"
#include "ks/handlers.h"
#include "ks/room.h"

enum { FRAME_TAG = 0x7246734b, FRAMES_OF_KS = 16 /* pool's own alignment */ };

static const uint64_t allocator_magic = 0x6b73616c6c6f6321u;

struct frame {
    LIST_ENTRY link;
    PVOID block; /* of the pool; the same as data unless it had to be aligned */
    PVOID data;
};

struct ks_allocator {
    KSOBJECT_HEADER header; /* first: FsContext points here */
    uint64_t magic;
    KSALLOCATOR_FRAMING framing;
    PFNKSDEFAULTALLOCATE allocate; /* NULL: pool */
    PFNKSDEFAULTFREE free;
    PFNKSDELETEALLOCATOR delete;
    PVOID context;
    KSPIN_LOCK lock;
    LIST_ENTRY frames; /* that are out */
    ULONG allocated;
    KSPIN_LOCK waiting_lock;
    LIST_ENTRY waiting; /* IRPs for a frame */
    KSPIN_LOCK events_lock;
    LIST_ENTRY events;
};

static struct ks_allocator *allocator_of(PFILE_OBJECT file)
{
    struct ks_allocator *allocator = file->FsContext;

    if (allocator == NULL || allocator->magic != allocator_magic)
        ks_not_an_object(file);
    return allocator;
}

static struct ks_allocator *allocator_of_irp(PIRP irp)
{
    return allocator_of(IoGetCurrentIrpStackLocation(irp)->FileObject);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static bool get_memory(struct ks_allocator *allocator, struct frame *frame)
{
    ULONG mask = allocator->framing.FileAlignment;
    SIZE_T slack = mask >= FRAMES_OF_KS ? mask : 0;

    if (allocator->allocate != NULL)
        frame->block = (PVOID)KE_CALL(allocator->allocate, KE_ARG(allocator->context));
    else
        frame->block = ExAllocatePoolWithTag(allocator->framing.PoolType,
                                             allocator->framing.FrameSize + slack, FRAME_TAG);
    frame->data = frame->block;
    if (allocator->allocate == NULL)
        frame->data = (PVOID)(((ULONG_PTR)frame->block + slack) & ~(ULONG_PTR)slack);
    return frame->block != NULL;
}

static void put_memory(struct ks_allocator *allocator, struct frame *frame)
{
    if (allocator->allocate != NULL)
        KE_CALL(allocator->free, KE_ARG(allocator->context), KE_ARG(frame->block));
    else
        ExFreePoolWithTag(frame->block, FRAME_TAG);
    ks_free(frame);
}

static bool reserve(struct ks_allocator *allocator)
{
    bool free;
    KIRQL irql;

    KeAcquireSpinLock(&allocator->lock, &irql);
    free = allocator->allocated < allocator->framing.Frames;
    if (free)
        allocator->allocated++;
    KeReleaseSpinLock(&allocator->lock, irql);
    return free;
}

static void unreserve(struct ks_allocator *allocator)
{
    KIRQL irql;

    KeAcquireSpinLock(&allocator->lock, &irql);
    allocator->allocated--;
    KeReleaseSpinLock(&allocator->lock, irql);
}

/* STATUS_DEVICE_BUSY: all frames are out. */
static NTSTATUS take_frame(struct ks_allocator *allocator, PVOID *data)
{
    struct frame *frame;
    KIRQL irql;

    if (!reserve(allocator))
        return STATUS_DEVICE_BUSY;
    frame = ks_allocate(sizeof *frame);
    if (frame == NULL || !get_memory(allocator, frame)) {
        ks_free(frame);
        unreserve(allocator);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeAcquireSpinLock(&allocator->lock, &irql);
    InsertTailList(&allocator->frames, &frame->link);
    KeReleaseSpinLock(&allocator->lock, irql);
    *data = frame->data;
    return STATUS_SUCCESS;
}

/* The frame with this address, NULL for any; NULL when there is none. */
static struct frame *unlink_frame(struct ks_allocator *allocator, const void *data)
{
    struct frame *found = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&allocator->lock, &irql);
    for (PLIST_ENTRY link = allocator->frames.Flink; link != &allocator->frames && found == NULL;
         link = link->Flink) {
        struct frame *frame = CONTAINING_RECORD(link, struct frame, link);

        if (data == NULL || frame->data == data)
            found = frame;
    }
    if (found != NULL) {
        RemoveEntryList(&found->link);
        allocator->allocated--;
    }
    KeReleaseSpinLock(&allocator->lock, irql);
    return found;
}

/* ---- Giving back ----------------------------------------------------------------------------- */

static void answer_frame(PIRP irp, PVOID data)
{
    memcpy(irp->AssociatedIrp.SystemBuffer, &data, sizeof data);
    irp->IoStatus.Information = sizeof data;
}

/* Whoever waits longest gets the frame that has become free. */
static void serve_waiting(struct ks_allocator *allocator)
{
    PIRP irp = KsRemoveIrpFromCancelableQueue(&allocator->waiting, &allocator->waiting_lock,
                                              KsListEntryHead, KsAcquireAndRemove);
    NTSTATUS status;
    PVOID data;

    if (irp == NULL)
        return;
    status = take_frame(allocator, &data);
    if (NT_SUCCESS(status))
        answer_frame(irp, data);
    ks_complete(irp, status);
}

static bool give_back(struct ks_allocator *allocator, const void *data)
{
    struct frame *frame = data != NULL ? unlink_frame(allocator, data) : NULL;

    if (frame == NULL)
        return false;
    put_memory(allocator, frame);
    serve_waiting(allocator);
    KsGenerateEventList(NULL, KSEVENT_STREAMALLOCATOR_FREEFRAME, &allocator->events,
                        KSEVENTS_SPINLOCK, &allocator->events_lock);
    return true;
}

/* ---- Methods --------------------------------------------------------------------------------- */

static NTSTATUS NTAPI alloc_method(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    struct ks_allocator *allocator = allocator_of_irp(Irp);
    NTSTATUS status;
    PVOID frame;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    if (Irp->RequestorMode != KernelMode)
        return STATUS_INVALID_DEVICE_REQUEST;
    status = take_frame(allocator, &frame);
    if (NT_SUCCESS(status))
        answer_frame(Irp, frame);
    if (status != STATUS_DEVICE_BUSY)
        return status;
    IoMarkIrpPending(Irp);
    KsAddIrpToCancelableQueue(&allocator->waiting, &allocator->waiting_lock, Irp, KsListEntryTail,
                              NULL);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI free_method(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    UNREFERENCED_PARAMETER(Request);
    if (Irp->RequestorMode != KernelMode)
        return STATUS_INVALID_DEVICE_REQUEST;
    Irp->IoStatus.Information = 0;
    return give_back(allocator_of_irp(Irp), *(PVOID *)Data) ? STATUS_SUCCESS
                                                           : STATUS_INVALID_PARAMETER;
}

/* ---- Properties ------------------------------------------------------------------------------ */

static NTSTATUS NTAPI allocate_frame(PFILE_OBJECT FileObject, PVOID *Frame)
{
    NTSTATUS status = take_frame(allocator_of(FileObject), Frame);

    return status == STATUS_DEVICE_BUSY ? STATUS_INSUFFICIENT_RESOURCES : status;
}

static void NTAPI free_frame(PFILE_OBJECT FileObject, PVOID Frame)
{
    if (!give_back(allocator_of(FileObject), Frame))
        ks_not_an_object(Frame);
}

static NTSTATUS NTAPI get_function_table(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    KSSTREAMALLOCATOR_FUNCTIONTABLE *table = Data;

    UNREFERENCED_PARAMETER(Request);
    if (Irp->RequestorMode != KernelMode ||
        allocator_of_irp(Irp)->framing.PoolType == PagedPool)
        return STATUS_INVALID_DEVICE_REQUEST;
    table->AllocateFrame = KS_ROUTINE(allocate_frame);
    table->FreeFrame = KS_ROUTINE(free_frame);
    Irp->IoStatus.Information = sizeof *table;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI get_status(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    struct ks_allocator *allocator = allocator_of_irp(Irp);
    KSSTREAMALLOCATOR_STATUS *status = Data;

    UNREFERENCED_PARAMETER(Request);
    *status = (KSSTREAMALLOCATOR_STATUS){.Framing = allocator->framing,
                                         .AllocatedFrames = allocator->allocated};
    Irp->IoStatus.Information = sizeof *status;
    return STATUS_SUCCESS;
}

/* ---- The file -------------------------------------------------------------------------------- */

static const KSPROPERTY_ITEM property_items[] = {
    KS_GET(KSPROPERTY_STREAMALLOCATOR_FUNCTIONTABLE, get_function_table, sizeof(KSPROPERTY),
           sizeof(KSSTREAMALLOCATOR_FUNCTIONTABLE)),
    KS_GET(KSPROPERTY_STREAMALLOCATOR_STATUS, get_status, sizeof(KSPROPERTY),
           sizeof(KSSTREAMALLOCATOR_STATUS)),
};
static const KSPROPERTY_SET property_sets[] = {
    {&KSPROPSETID_StreamAllocator, ARRAY_LEN(property_items), property_items, 0, NULL}};

static const KSMETHOD_ITEM method_items[] = {
    {.MethodId = KSMETHOD_STREAMALLOCATOR_ALLOC, .MethodHandler = alloc_method,
     .MinMethod = sizeof(KSMETHOD), .MinData = sizeof(PVOID), .Flags = KSMETHOD_TYPE_WRITE},
    {.MethodId = KSMETHOD_STREAMALLOCATOR_FREE, .MethodHandler = free_method,
     .MinMethod = sizeof(KSMETHOD), .MinData = sizeof(PVOID), .Flags = KSMETHOD_TYPE_READ},
};
static const KSMETHOD_SET method_sets[] = {
    {&KSMETHODSETID_StreamAllocator, ARRAY_LEN(method_items), method_items, 0, NULL}};

static const KSEVENT_ITEM event_items[] = {
    {.EventId = KSEVENT_STREAMALLOCATOR_FREEFRAME, .DataInput = sizeof(KSEVENTDATA)}};
static const KSEVENT_SET event_sets[] = {
    {&KSEVENTSETID_StreamAllocator, ARRAY_LEN(event_items), event_items}};

static NTSTATUS NTAPI allocator_control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG code = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode;
    struct ks_allocator *allocator = allocator_of_irp(Irp);
    NTSTATUS status;

    switch (code) {
    case IOCTL_KS_PROPERTY:
        status = KsPropertyHandler(Irp, ARRAY_LEN(property_sets), property_sets);
        break;
    case IOCTL_KS_METHOD:
        status = KsMethodHandler(Irp, ARRAY_LEN(method_sets), method_sets);
        break;
    case IOCTL_KS_ENABLE_EVENT:
        status = KsEnableEvent(Irp, ARRAY_LEN(event_sets), event_sets, &allocator->events,
                               KSEVENTS_SPINLOCK, &allocator->events_lock);
        break;
    case IOCTL_KS_DISABLE_EVENT:
        status = KsDisableEvent(Irp, &allocator->events, KSEVENTS_SPINLOCK,
                                &allocator->events_lock);
        break;
    default:
        return KsDefaultDeviceIoCompletion(DeviceObject, Irp);
    }
    return status == STATUS_PENDING ? status : ks_complete(Irp, status);
}

static void free_allocator(struct ks_allocator *allocator)
{
    struct frame *frame;

    while ((frame = unlink_frame(allocator, NULL)) != NULL)
        put_memory(allocator, frame);
    if (allocator->delete != NULL)
        KE_CALL(allocator->delete, KE_ARG(allocator->context));
    allocator->magic = 0;
    ks_free(allocator);
}

static NTSTATUS NTAPI allocator_close(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct ks_allocator *allocator = allocator_of_irp(Irp);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;

    UNREFERENCED_PARAMETER(DeviceObject);
    KsFreeEventList(file, &allocator->events, KSEVENTS_SPINLOCK, &allocator->events_lock);
    KsFreeObjectHeader(allocator->header);
    file->FsContext = NULL;
    free_allocator(allocator);
    return ks_complete(Irp, STATUS_SUCCESS);
}

static const KSDISPATCH_TABLE allocator_table = {.DeviceIoControl = allocator_control,
                                                 .Read = KsDispatchInvalidDeviceRequest,
                                                 .Write = KsDispatchInvalidDeviceRequest,
                                                 .Flush = KsDispatchInvalidDeviceRequest,
                                                 .Close = allocator_close,
                                                 .QuerySecurity = KsDispatchQuerySecurity,
                                                 .SetSecurity = KsDispatchSetSecurity};

/* ---- Making one ------------------------------------------------------------------------------ */

static struct ks_allocator *make_allocator(const KSALLOCATOR_FRAMING *framing)
{
    struct ks_allocator *allocator = ks_allocate(sizeof *allocator);

    if (allocator == NULL)
        return NULL;
    allocator->magic = allocator_magic;
    allocator->framing = *framing;
    KeInitializeSpinLock(&allocator->lock);
    KeInitializeSpinLock(&allocator->waiting_lock);
    KeInitializeSpinLock(&allocator->events_lock);
    InitializeListHead(&allocator->frames);
    InitializeListHead(&allocator->waiting);
    InitializeListHead(&allocator->events);
    return allocator;
}

static NTSTATUS set_up(struct ks_allocator *allocator, PIRP irp, PVOID context,
                       PFNKSINITIALIZEALLOCATOR initialize, PFNKSDELETEALLOCATOR delete)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    NTSTATUS status = STATUS_SUCCESS;

    if (initialize != NULL)
        status = (NTSTATUS)KE_CALL(initialize, KE_ARG(context), KE_ARG(&allocator->framing),
                                   KE_ARG(&allocator->context));
    if (!NT_SUCCESS(status))
        return status;
    allocator->delete = delete;
    file->FsContext = allocator;
    status = KsAllocateObjectHeader(&allocator->header, 0, NULL, irp, &allocator_table);
    if (!NT_SUCCESS(status))
        file->FsContext = NULL;
    return status;
}

NTSTATUS NTAPI KsCreateDefaultAllocatorEx(PIRP Irp, PVOID InitializeContext,
                                          PFNKSDEFAULTALLOCATE DefaultAllocate,
                                          PFNKSDEFAULTFREE DefaultFree,
                                          PFNKSINITIALIZEALLOCATOR InitializeAllocator,
                                          PFNKSDELETEALLOCATOR DeleteAllocator)
{
    bool external = DefaultAllocate != NULL;
    struct ks_allocator *allocator;
    PKSALLOCATOR_FRAMING framing;
    NTSTATUS status = KsValidateAllocatorCreateRequest(Irp, &framing);

    if (!NT_SUCCESS(status))
        return status;
    if (external != (DefaultFree != NULL))
        return STATUS_INVALID_PARAMETER;
    if (!external && (InitializeContext != NULL || InitializeAllocator != NULL ||
                      DeleteAllocator != NULL ||
                      (framing->OptionsFlags & KSALLOCATOR_OPTIONF_SYSTEM_MEMORY) == 0))
        return STATUS_INVALID_PARAMETER;
    allocator = make_allocator(framing);
    if (allocator == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    allocator->allocate = DefaultAllocate;
    allocator->free = DefaultFree;
    status = set_up(allocator, Irp, InitializeContext, InitializeAllocator, DeleteAllocator);
    if (!NT_SUCCESS(status))
        free_allocator(allocator);
    return status;
}

NTSTATUS NTAPI KsCreateDefaultAllocator(PIRP Irp)
{
    return KsCreateDefaultAllocatorEx(Irp, NULL, NULL, NULL, NULL, NULL);
}
