/* SPDX-License-Identifier: MIT */
/* On a pin that generates mappings, the first lock of any pointer on a frame asks the driver's
 * adapter for the frame's scatter/gather list, on the driver's behalf, and cuts it into the mapping
 * table that all pointers on the frame share. The list goes back before the IRP completes; only
 * then has bounced data reached the client's pages. AVStream DMA Services; Packet-Based DMA in
 * AVStream; GetScatterGatherList.
 *
 * The call is made at DISPATCH_LEVEL under the queue's lock. The adapter calls back within it if it
 * has map registers, else whenever another transfer frees some: then the lock has failed by that
 * time, and the late callback stores the list and attempts processing. While a list is owed the
 * frame stays.
 * UNDOC: until when the table exists. We keep it, with what the driver wrote into it, until the
 * frame is retired, or until the device stops while no pointer locks the frame.
 *
 * UNDOC: a frame that takes more map registers than the adapter grants, which no waiting helps. Its
 * locks fail, the finding is told once, and the adapter is not asked again for it before another
 * registration; the frame stays at the leading edge until its IRP is cancelled or the pin stops.
 * What it takes is one register for each page it touches. The bound is what the driver registered,
 * then what CalculateScatterGatherList says. An adapter of version 1 has no such routine, and there
 * may be less low memory than a frame takes: eight refusals in a row with nothing of the device
 * mapped are taken for one that no waiting helps either. */
#include "ks/mapping.h"

#include "base/fatal.h"
#include "ks/device.h"
#include "ks/dma.h"
#include "ks/mapping_split.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"

enum { MAPPING_TAG = 0x614d734b /* "KsMa" */, FAILURES_MAX = 8 };

/* ---- The table ------------------------------------------------------------------------------- */

static NTSTATUS provide_table(struct ks_mapping *mapping, ULONGLONG bytes)
{
    if (bytes <= mapping->table_bytes)
        return STATUS_SUCCESS;
    if (bytes > MAXULONG)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (mapping->table != NULL)
        ExFreePoolWithTag(mapping->table, MAPPING_TAG);
    mapping->table_bytes = 0;
    mapping->table = ExAllocatePoolWithTag(NonPagedPool, (SIZE_T)bytes, MAPPING_TAG);
    if (mapping->table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    mapping->table_bytes = (ULONG)bytes;
    return STATUS_SUCCESS;
}

/* A driver that describes another device to AVStream than to its adapter, and cuts addresses short
 * by it. */
static void check_reach(struct ks_dma *dma, const SCATTER_GATHER_LIST *list)
{
    ULONGLONG reach = dma->registered.highest_la;
    ULONGLONG highest = reach == ~0ull ? 0 : ks_mapping_split_highest(list);

    if (highest <= reach)
        return;
    KE_FINDING(ke_current(), VERIFY_adapter_description, highest, reach);
    dma->registered.highest_la = ~0ull; /* told once */
}

static NTSTATUS build_table(struct ks_queue *queue, struct ks_frame *frame)
{
    const struct ks_registration *registered = &queue->dma->registered;
    struct ks_mapping *mapping = &frame->mapping;
    ULONG bound =
        ks_mapping_split_bound(mapping->list, registered->limit_bytes, frame->size_bytes);
    NTSTATUS status = provide_table(mapping, (ULONGLONG)bound * registered->stride_bytes);

    if (!NT_SUCCESS(status))
        return status;
    check_reach(queue->dma, mapping->list);
    mapping->count = ks_mapping_split(mapping->list, registered->limit_bytes,
                                      registered->stride_bytes, mapping->table, bound);
    mapping->stride_bytes = registered->stride_bytes;
    mapping->state = KS_MAPPING_MADE;
    return STATUS_SUCCESS;
}

/* ---- The list -------------------------------------------------------------------------------- */

static void store_list(struct ks_queue *queue, struct ks_frame *frame, PSCATTER_GATHER_LIST list)
{
    frame->mapping.list = list;
    frame->mapping.state = KS_MAPPING_LISTED;
    frame->mapping.failures = 0;
    TRACE(ks_trace(), frame_list, queue->pin->object.id, frame->id, KE_ARG(list));
    frame->references--;
    ks_dma_frame_mapped(queue->dma);
}

/* On whatever thread gave registers back. Inside a cancel callback of this very queue its lock is
 * ours already; then the outer leave looks after the rest. */
static void list_came_late(struct ks_queue *queue, struct ks_frame *frame,
                           PSCATTER_GATHER_LIST list)
{
    struct ks_queue_hold hold;

    ks_queue_enter(queue, &hold);
    store_list(queue, frame, list);
    ks_queue_release_if_free(queue, frame);
    if (!hold.nested)
        ks_queue_stay(queue);
    ks_queue_leave(queue, &hold);
    ks_processor_resume(&queue->pin->processor);
    if (hold.nested)
        return;
    if (queue->dma->stopped)
        ks_mapping_release_idle(queue);
    ks_queue_stay_over(queue);
}

static void NTAPI list_came(PDEVICE_OBJECT DeviceObject, PIRP Irp, PSCATTER_GATHER_LIST List,
                            PVOID Context)
{
    struct ks_frame *frame = Context;
    struct ks_queue *queue = frame->request->queue;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    if (frame->mapping.asking == KeGetCurrentProcessorNumber() + 1)
        store_list(queue, frame, List);
    else
        list_came_late(queue, frame, List);
}

static ULONG registers_for(const struct ks_frame *frame)
{
    return ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(frame->mdl), frame->size_bytes);
}

/* Whether the adapter, having refused, would refuse whoever else gives up what. */
static bool is_refused_for_good(struct ks_queue *queue, struct ks_frame *frame)
{
    const struct ks_registration *registered = &queue->dma->registered;
    struct ks_mapping *mapping = &frame->mapping;
    ULONG list_bytes;

    if (registered->operations->Size > offsetof(DMA_OPERATIONS, CalculateScatterGatherList) &&
        !NT_SUCCESS((NTSTATUS)KE_CALL(registered->operations->CalculateScatterGatherList,
                                      KE_ARG(registered->adapter), KE_ARG(frame->mdl),
                                      KE_ARG(MmGetMdlVirtualAddress(frame->mdl)), frame->size_bytes,
                                      KE_ARG(&list_bytes), 0)))
        return true;
    mapping->failures = queue->dma->mapped_frames == 0 ? mapping->failures + 1 : 0;
    if (mapping->failures < FAILURES_MAX)
        return false;
    KE_FINDING(ke_current(), VERIFY_frame_never_mapped, frame->size_bytes, FAILURES_MAX);
    return true;
}

static NTSTATUS refuse_for_good(struct ks_queue *queue, struct ks_frame *frame)
{
    frame->mapping.state = KS_MAPPING_REFUSED;
    frame->mapping.registrations = queue->dma->registrations;
    frame->mapping.failures = 0;
    ks_dma_await_registration(queue->dma, queue);
    return STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS refuse_beyond_grant(struct ks_queue *queue, struct ks_frame *frame)
{
    KE_FINDING(ke_current(), VERIFY_frame_beyond_grant, frame->size_bytes, registers_for(frame),
               queue->dma->registered.map_registers);
    return refuse_for_good(queue, frame);
}

/* Success does not say that the list is here. */
static NTSTATUS call_adapter(struct ks_queue *queue, struct ks_frame *frame)
{
    const struct ks_registration *registered = &queue->dma->registered;
    PDEVICE_OBJECT device = queue->pin->object.device->public.FunctionalDeviceObject;
    struct ks_mapping *mapping = &frame->mapping;
    NTSTATUS status;

    mapping->adapter = registered->adapter;
    mapping->operations = registered->operations;
    mapping->asking = KeGetCurrentProcessorNumber() + 1;
    frame->references++; /* until the list is here */
    status = (NTSTATUS)KE_CALL(mapping->operations->GetScatterGatherList, KE_ARG(mapping->adapter),
                               KE_ARG(device), KE_ARG(frame->mdl),
                               KE_ARG(MmGetMdlVirtualAddress(frame->mdl)), frame->size_bytes,
                               KE_ARG(KS_ROUTINE(list_came)), KE_ARG(frame), !queue->output);
    mapping->asking = 0;
    if (!NT_SUCCESS(status))
        frame->references--;
    return status;
}

static NTSTATUS ask_for_list(struct ks_queue *queue, struct ks_frame *frame)
{
    ULONG bound = queue->dma->registered.map_registers;

    if (bound != 0 && registers_for(frame) > bound)
        return refuse_beyond_grant(queue, frame);
    if (!NT_SUCCESS(call_adapter(queue, frame)))
        return is_refused_for_good(queue, frame) ? refuse_for_good(queue, frame)
                                                 : STATUS_INSUFFICIENT_RESOURCES;
    if (frame->mapping.state == KS_MAPPING_LISTED)
        return build_table(queue, frame);
    frame->mapping.state = KS_MAPPING_ASKED;
    return STATUS_DEVICE_NOT_READY;
}

static NTSTATUS refuse_without_adapter(struct ks_queue *queue)
{
    if (!queue->dma->stopped && !queue->pin->adapter_missed) {
        KE_FINDING(ke_current(), VERIFY_no_adapter, queue->pin->object.id);
        queue->pin->adapter_missed = true;
    }
    ks_dma_await_registration(queue->dma, queue);
    return STATUS_DEVICE_NOT_READY;
}

static NTSTATUS make_empty(struct ks_queue *queue, struct ks_frame *frame)
{
    frame->mapping.count = 0;
    frame->mapping.stride_bytes = queue->dma->registered.stride_bytes;
    frame->mapping.state = KS_MAPPING_MADE;
    return STATUS_SUCCESS;
}

static NTSTATUS make(struct ks_queue *queue, struct ks_frame *frame)
{
    struct ks_mapping *mapping = &frame->mapping;

    if (mapping->state == KS_MAPPING_MADE)
        return STATUS_SUCCESS;
    if (mapping->state == KS_MAPPING_ASKED)
        return STATUS_DEVICE_NOT_READY;
    if (mapping->state == KS_MAPPING_LISTED)
        return build_table(queue, frame);
    if (queue->dma->registered.adapter == NULL || queue->dma->stopped)
        return refuse_without_adapter(queue);
    if (mapping->state == KS_MAPPING_REFUSED && mapping->registrations == queue->dma->registrations)
        return refuse_for_good(queue, frame);
    mapping->state = KS_MAPPING_NONE;
    return frame->size_bytes == 0 || frame->mdl == NULL ? make_empty(queue, frame)
                                                        : ask_for_list(queue, frame);
}

NTSTATUS ks_mapping_make(struct ks_queue *queue, struct ks_frame *frame)
{
    ULONG releases = queue->dma->releases;
    NTSTATUS status = make(queue, frame);

    if (status == STATUS_INSUFFICIENT_RESOURCES && frame->mapping.state != KS_MAPPING_REFUSED)
        ks_dma_starved(queue->dma, queue, releases);
    return status;
}

/* ---- Giving back ----------------------------------------------------------------------------- */

/* What the mapping held, which forgets it. */
static struct ks_mapping take_away(struct ks_mapping *mapping)
{
    struct ks_mapping taken = *mapping;

    weir_assert(mapping->state != KS_MAPPING_ASKED);
    mapping->list = NULL;
    mapping->adapter = NULL;
    mapping->operations = NULL;
    mapping->count = 0;
    mapping->failures = 0;
    mapping->state = KS_MAPPING_NONE;
    return taken;
}

static void give_back(struct ks_queue *queue, const struct ks_mapping *taken)
{
    KIRQL irql;

    if (taken->list == NULL)
        return;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KE_CALL(taken->operations->PutScatterGatherList, KE_ARG(taken->adapter), KE_ARG(taken->list),
            !queue->output);
    KeLowerIrql(irql);
    ks_dma_frame_released(queue->dma);
}

void ks_mapping_put(struct ks_queue *queue, struct ks_frame *frame)
{
    struct ks_mapping taken = take_away(&frame->mapping);

    give_back(queue, &taken);
}

static struct ks_frame *idle_frame(struct ks_queue *queue)
{
    for (PLIST_ENTRY link = queue->frames.Flink; link != &queue->frames; link = link->Flink) {
        struct ks_frame *frame = CONTAINING_RECORD(link, struct ks_frame, link);

        if (frame->mapping.list != NULL && frame->locks == 0)
            return frame;
    }
    return NULL;
}

void ks_mapping_release_idle(struct ks_queue *queue)
{
    struct ks_queue_hold hold;
    struct ks_frame *frame;

    ks_queue_enter(queue, &hold);
    while ((frame = idle_frame(queue)) != NULL) {
        struct ks_mapping taken = take_away(&frame->mapping);

        ks_queue_reload(queue, frame);
        frame->references++; /* until its data is home */
        ks_queue_leave(queue, &hold);
        give_back(queue, &taken);
        ks_queue_enter(queue, &hold);
        frame->references--;
        ks_queue_release_if_free(queue, frame);
    }
    ks_queue_leave(queue, &hold);
}

/* No adapter aligns to 0 bytes; one that was put has nothing else to say. */
static bool is_gone(const struct ks_mapping *mapping)
{
    return KE_CALL(mapping->operations->GetDmaAlignment, KE_ARG(mapping->adapter)) == 0;
}

/* The oldest list that is owed; false when none is. */
static bool find_owed(struct ks_queue *queue, struct ks_mapping *owed)
{
    struct ks_queue_hold hold;
    bool found = false;

    ks_queue_enter(queue, &hold);
    for (PLIST_ENTRY link = queue->frames.Flink; link != &queue->frames; link = link->Flink) {
        const struct ks_frame *frame = CONTAINING_RECORD(link, struct ks_frame, link);

        if (frame->mapping.state != KS_MAPPING_ASKED)
            continue;
        *owed = frame->mapping;
        found = true;
        break;
    }
    ks_queue_leave(queue, &hold);
    return found;
}

static void forsake_all_of(struct ks_queue *queue, PDMA_ADAPTER adapter)
{
    struct ks_queue_hold hold;
    PLIST_ENTRY link, next;

    ks_queue_enter(queue, &hold);
    for (link = queue->frames.Flink; link != &queue->frames; link = next) {
        struct ks_frame *frame = CONTAINING_RECORD(link, struct ks_frame, link);

        next = link->Flink;
        if (frame->mapping.state != KS_MAPPING_ASKED || frame->mapping.adapter != adapter)
            continue;
        frame->mapping.state = KS_MAPPING_NONE;
        frame->references--;
        ks_queue_release_if_free(queue, frame);
    }
    ks_queue_leave(queue, &hold);
}

/* GetDmaAlignment is for PASSIVE_LEVEL, so it is asked without the lock. */
void ks_mapping_forsake(struct ks_queue *queue)
{
    struct ks_mapping owed;

    if (find_owed(queue, &owed) && is_gone(&owed))
        forsake_all_of(queue, owed.adapter);
}

void ks_mapping_free_table(struct ks_mapping *mapping)
{
    if (mapping->table != NULL)
        ExFreePoolWithTag(mapping->table, MAPPING_TAG);
    mapping->table = NULL;
    mapping->table_bytes = 0;
}
