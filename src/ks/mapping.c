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
 * UNDOC: until when the table exists. We keep it, with what the driver wrote into it,
 * until the frame is retired. */
#include "ks/mapping.h"

#include "base/fatal.h"
#include "ks/device.h"
#include "ks/dma.h"
#include "ks/mapping_split.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"

enum { MAPPING_TAG = 0x614d734b }; /* "KsMa" */

static NTSTATUS provide_table(struct ks_mapping *mapping, ULONG bytes)
{
    if (bytes <= mapping->table_bytes)
        return STATUS_SUCCESS;
    if (mapping->table != NULL)
        ExFreePoolWithTag(mapping->table, MAPPING_TAG);
    mapping->table_bytes = 0;
    mapping->table = ExAllocatePoolWithTag(NonPagedPool, bytes, MAPPING_TAG);
    if (mapping->table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    mapping->table_bytes = bytes;
    return STATUS_SUCCESS;
}

static NTSTATUS build_table(struct ks_queue *queue, struct ks_frame *frame)
{
    const struct ks_dma *dma = queue->dma;
    struct ks_mapping *mapping = &frame->mapping;
    ULONG bound =
        ks_mapping_split_bound(mapping->list, dma->limit_bytes, ks_frame_size_bytes(queue, frame));
    NTSTATUS status = provide_table(mapping, bound * dma->stride_bytes);

    if (!NT_SUCCESS(status))
        return status;
    weir_assert(dma->highest_la == ~0ull ||
                ks_mapping_split_highest(mapping->list) <= dma->highest_la);
    mapping->count =
        ks_mapping_split(mapping->list, dma->limit_bytes, dma->stride_bytes, mapping->table, bound);
    mapping->stride_bytes = dma->stride_bytes;
    mapping->state = KS_MAPPING_MADE;
    return STATUS_SUCCESS;
}

static void store_list(struct ks_queue *queue, struct ks_frame *frame, PSCATTER_GATHER_LIST list)
{
    frame->mapping.list = list;
    frame->mapping.state = KS_MAPPING_LISTED;
    frame->references--;
    ks_dma_frame_mapped(queue->dma);
}

static void list_came_late(struct ks_queue *queue, struct ks_frame *frame,
                           PSCATTER_GATHER_LIST list)
{
    struct ks_queue_hold hold;

    ks_queue_enter(queue, &hold);
    store_list(queue, frame, list);
    ks_queue_release_if_free(queue, frame);
    ks_queue_stay(queue);
    ks_queue_leave(queue, &hold);
    ks_processor_attempt(&queue->pin->processor, true);
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

static NTSTATUS ask_for_list(struct ks_queue *queue, struct ks_frame *frame, ULONG bytes)
{
    struct ks_mapping *mapping = &frame->mapping;
    PDMA_ADAPTER adapter = queue->dma->adapter;
    PDEVICE_OBJECT device = queue->pin->object.device->public.FunctionalDeviceObject;
    NTSTATUS status;

    mapping->adapter = adapter;
    mapping->asking = KeGetCurrentProcessorNumber() + 1;
    frame->references++; /* until the list is here */
    status = (NTSTATUS)KE_CALL(adapter->DmaOperations->GetScatterGatherList, KE_ARG(adapter),
                               KE_ARG(device), KE_ARG(frame->mdl),
                               KE_ARG(MmGetMdlVirtualAddress(frame->mdl)), bytes,
                               KE_ARG(KS_ROUTINE(list_came)), KE_ARG(frame), !queue->output);
    mapping->asking = 0;
    if (!NT_SUCCESS(status)) {
        frame->references--;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (mapping->state == KS_MAPPING_NONE)
        mapping->state = KS_MAPPING_ASKED;
    return mapping->state == KS_MAPPING_LISTED ? build_table(queue, frame)
                                               : STATUS_DEVICE_NOT_READY;
}

static NTSTATUS refuse_without_adapter(struct ks_queue *queue)
{
    if (!queue->pin->adapter_missed)
        KE_FINDING(ke_current(), VERIFY_no_adapter, queue->pin->object.id);
    queue->pin->adapter_missed = true;
    return STATUS_DEVICE_NOT_READY;
}

NTSTATUS ks_mapping_make(struct ks_queue *queue, struct ks_frame *frame)
{
    ULONG bytes = ks_frame_size_bytes(queue, frame);

    switch (frame->mapping.state) {
    case KS_MAPPING_MADE:
        return STATUS_SUCCESS;
    case KS_MAPPING_ASKED:
        return STATUS_DEVICE_NOT_READY;
    case KS_MAPPING_LISTED:
        return build_table(queue, frame);
    case KS_MAPPING_NONE:
        break;
    }
    if (queue->dma->adapter == NULL)
        return refuse_without_adapter(queue);
    if (bytes == 0 || frame->mdl == NULL) {
        frame->mapping.count = 0;
        frame->mapping.stride_bytes = queue->dma->stride_bytes;
        frame->mapping.state = KS_MAPPING_MADE;
        return STATUS_SUCCESS;
    }
    return ask_for_list(queue, frame, bytes);
}

void ks_mapping_put(struct ks_queue *queue, struct ks_frame *frame)
{
    struct ks_mapping *mapping = &frame->mapping;
    KIRQL irql;

    weir_assert(mapping->state != KS_MAPPING_ASKED);
    if (mapping->list != NULL) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        KE_CALL(mapping->adapter->DmaOperations->PutScatterGatherList, KE_ARG(mapping->adapter),
                KE_ARG(mapping->list), !queue->output);
        KeLowerIrql(irql);
        mapping->list = NULL;
        ks_dma_frame_released(queue->dma);
    }
    mapping->adapter = NULL;
    mapping->count = 0;
    mapping->state = KS_MAPPING_NONE;
}

void ks_mapping_free_table(struct ks_mapping *mapping)
{
    if (mapping->table != NULL)
        ExFreePoolWithTag(mapping->table, MAPPING_TAG);
    mapping->table = NULL;
    mapping->table_bytes = 0;
}
