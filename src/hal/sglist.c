/* SPDX-License-Identifier: MIT */
/* Scatter/gather lists. GetScatterGatherList turns a piece of an MDL chain into fragments a device
 * can be given, and calls the driver back with the list: within the call when there are map
 * registers, else later, from wherever registers are given back. The list keeps its registers until
 * PutScatterGatherList, which also brings bounced data home: what a device wrote is not in the
 * buffer before that.
 *
 * A page the device cannot reach has a low one in its place; which logical address stands for it
 * domain.h decides. Neighbours become one element. A device without scatter/gather gets one element
 * always: its own memory when that is one run in reach, else a contiguous copy of all of it.
 * GetScatterGatherList, PutScatterGatherList, BuildScatterGatherList, CalculateScatterGatherList,
 * BuildMdlFromScatterGatherList; "Using Scatter/Gather DMA". */
#include "hal/sglist.h"

#include <stdlib.h>
#include <string.h>

#include "hal/channel.h"
#include "hal/operations.h"

static const uint64_t list_magic = 0x776569726c6c7374; /* "weirllst" */

enum { TAG = 0x4C616D44 /* "DmaL" */, CAPACITY_MIN = 16 };

/* ---- Structs --------------------------------------------------------------------------------- */

static struct hal_list *list_create(struct hal *hal)
{
    struct hal_list *list = calloc(1, sizeof *list);

    if (list == NULL || array_push(&hal->lists, list) != 0) {
        free(list);
        return NULL;
    }
    list->magic = list_magic;
    list->number = (uint32_t)hal->lists.count;
    return list;
}

static bool reserve_own(struct hal_list *list, uint32_t elements)
{
    uint32_t capacity = CAPACITY_MIN;

    if (list->own != NULL && list->capacity >= elements)
        return true;
    while (capacity < elements)
        capacity *= 2;
    if (list->own != NULL)
        ExFreePoolWithTag(list->own, TAG);
    list->capacity = capacity;
    list->own = ExAllocatePoolWithTag(NonPagedPool, sglist_bytes(capacity), TAG);
    return list->own != NULL;
}

static bool reserve_pieces(struct hal_list *list, uint32_t pieces)
{
    struct copy_piece *room;

    if (pieces <= list->piece_capacity)
        return true;
    room = realloc(list->pieces, pieces * sizeof *room);
    if (room == NULL)
        return false;
    list->pieces = room;
    list->piece_capacity = pieces;
    return true;
}

static struct hal_list *list_take(struct hal_adapter *adapter)
{
    struct hal_list *list;

    if (adapter->spare.count != 0)
        return array_pop(&adapter->spare);
    if (array_reserve(&adapter->spare, adapter->lists_made + 1) != 0)
        return NULL; /* so that giving it back cannot fail */
    list = list_create(adapter->hal);
    if (list == NULL)
        return NULL;
    list->adapter = list->waiter.adapter = adapter;
    adapter->lists_made++;
    return list;
}

static void list_free(struct hal *hal, struct hal_list *list)
{
    hal->lists.items[list->number - 1] = NULL;
    if (list->own != NULL)
        ExFreePoolWithTag(list->own, TAG);
    registers_free(&list->held);
    free(list->pieces);
    list->magic = 0;
    free(list);
}

static void list_give(struct hal_list *list)
{
    struct hal_adapter *adapter = list->adapter;

    list->live = false;
    list->sgl = NULL;
    adapter->spare.items[adapter->spare.count++] = list;
}

/* ---- Getting --------------------------------------------------------------------------------- */

/* Low pages the transfer needs; decides whether they must be contiguous. */
static uint32_t pages_wanted(struct hal_list *list)
{
    struct hal_adapter *adapter = list->adapter;
    uint64_t offset = list->transfer.mdl->ByteOffset + list->transfer.skip_bytes;

    list->contiguous = false;
    if (adapter->scatter_gather)
        return adapter->bounces ? transfer_out_of_reach(adapter, &list->transfer) : 0;
    if (transfer_is_one_run(adapter, &list->transfer))
        return 0;
    list->contiguous = true;
    return (uint32_t)((offset % MM_PAGE_SIZE + list->transfer.size_bytes + MM_PAGE_SIZE - 1) >>
                      MM_PAGE_SHIFT);
}

static enum registers_result start(struct hal_list *list)
{
    struct hal_adapter *adapter = list->adapter;
    uint32_t pages = pages_wanted(list);
    enum registers_result result;

    if (pages > adapter->hal->low_pages)
        return REGISTERS_NEVER;
    if (pages != 0 && !reserve_pieces(list, list->pages))
        return REGISTERS_NEVER;
    result = registers_take(adapter, &list->held, list->pages, pages, list->contiguous);
    if (result != REGISTERS_TAKEN)
        return result;
    result = sglist_build(list);
    if (result != REGISTERS_TAKEN)
        registers_give(adapter, &list->held);
    return result;
}

static void call_back(struct hal_list *list)
{
    PDEVICE_OBJECT device = list->device;
    PIRP irp = device != NULL ? device->CurrentIrp : NULL;
    KIRQL irql = ke_irql();

    if (irql < DISPATCH_LEVEL)
        ke_irql_raise(DISPATCH_LEVEL);
    KE_CALL(list->routine, KE_ARG(device), KE_ARG(irp), KE_ARG(list->sgl), KE_ARG(list->context));
    if (irql < DISPATCH_LEVEL)
        ke_irql_lower(irql);
}

static bool start_later(struct hal_waiter *waiter)
{
    struct hal_list *list = container_of(waiter, struct hal_list, waiter);

    if (start(list) != REGISTERS_TAKEN)
        return false;
    list_remove(&waiter->link);
    list->waiting = false;
    call_back(list);
    return true;
}

static void wait_for_registers(struct hal_list *list)
{
    list->waiting = true;
    registers_wait(list->adapter, &list->waiter, list->pages);
}

/* UNDOC: a request that turns out to be impossible when its turn has come is forgotten. */
static void begin_later(struct hal_waiter *waiter)
{
    struct hal_list *list = container_of(waiter, struct hal_list, waiter);
    struct hal_adapter *adapter = list->adapter;
    enum registers_result result = registers_must_wait(adapter) ? REGISTERS_WAIT : start(list);

    list->waiting = false;
    if (result == REGISTERS_TAKEN) {
        call_back(list);
    } else if (result == REGISTERS_WAIT) {
        wait_for_registers(list);
    } else {
        channel_trace_refusal(adapter, list->pages);
        list_give(list);
    }
}

static void cancel(struct hal_waiter *waiter)
{
    struct hal_list *list = container_of(waiter, struct hal_list, waiter);

    list_remove(&waiter->link);
    list->waiting = false;
    list_give(list);
}

static NTSTATUS refuse(struct hal_adapter *adapter, NTSTATUS status, uint32_t wanted)
{
    TRACE(adapter->hal->trace, dma_refused, adapter->id, (uint32_t)status, wanted,
          adapter->cap - adapter->registers_in_use);
    return status;
}

/* What every form of the request checks first. UNDOC: an unlocked buffer has no status of its own;
 * it is the driver's mistake (bug check 0xE6, 0E), and gets the one for a transfer that cannot be
 * made. So does length 0 (0xE6, 21). */
static NTSTATUS check(struct hal_adapter *adapter, const struct transfer *transfer,
                      uint32_t *registers)
{
    struct hal *hal = adapter->hal;
    enum transfer_check verdict;

    if (transfer->size_bytes == 0) {
        KE_FINDING(hal->ke, VERIFY_dma_zero_length, KE_ARG(transfer->mdl));
        return refuse(adapter, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    verdict = transfer_check(hal, transfer, registers);
    transfer_blame(hal, transfer, verdict);
    if (verdict == TRANSFER_TOO_SHORT || verdict == TRANSFER_OUTSIDE)
        return refuse(adapter, STATUS_BUFFER_TOO_SMALL, 0);
    if (verdict == TRANSFER_NOT_LOCKED)
        return refuse(adapter, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (*registers > adapter->grant) {
        KE_FINDING(hal->ke, VERIFY_too_many_registers, *registers, adapter->grant);
        return refuse(adapter, STATUS_INSUFFICIENT_RESOURCES, *registers);
    }
    return STATUS_SUCCESS;
}

/* A list for the request, as yet without registers; NULL: no memory. */
static struct hal_list *prepare(struct hal_adapter *adapter, const struct sglist_request *request,
                                uint32_t pages)
{
    struct hal_list *list = list_take(adapter);

    if (list == NULL)
        return NULL;
    if (request->buffer == NULL && !reserve_own(list, pages)) {
        list_give(list);
        return NULL;
    }
    list->sgl = request->buffer != NULL ? request->buffer : list->own;
    list->pages = pages;
    list->transfer = request->transfer;
    list->to_device = request->to_device;
    list->device = request->device;
    list->routine = request->routine;
    list->context = request->context;
    list->waiter.context = request->transfer_context;
    list->waiter.begin = begin_later;
    list->waiter.try_start = start_later;
    list->waiter.cancel = cancel;
    list->built = NULL;
    list->mdl_built = list->released = false;
    return list;
}

/* The list is there: the driver learns of it. */
static void deliver(struct hal_list *list, const struct sglist_request *request)
{
    if (request->list != NULL)
        *request->list = list->sgl;
    if (request->routine == NULL && request->synchronous)
        channel_hold_for(list);
    else
        call_back(list);
}

NTSTATUS sglist_get(struct hal_adapter *adapter, const struct sglist_request *request)
{
    struct hal_list *list;
    enum registers_result result;
    uint32_t pages;
    bool channel_busy = channel_is_busy(adapter);
    NTSTATUS status = check(adapter, &request->transfer, &pages);

    if (!NT_SUCCESS(status))
        return status;
    if (request->buffer != NULL && request->buffer_bytes < sglist_bytes(pages))
        return refuse(adapter, STATUS_BUFFER_TOO_SMALL, pages);
    if (sim_fault_point(adapter->hal->sim, "sg_list"))
        return refuse(adapter, STATUS_INSUFFICIENT_RESOURCES, pages);
    list = prepare(adapter, request, pages);
    if (list == NULL)
        return refuse(adapter, STATUS_INSUFFICIENT_RESOURCES, pages);
    result = channel_busy || registers_must_wait(adapter) ? REGISTERS_WAIT : start(list);
    if (result == REGISTERS_TAKEN) {
        deliver(list, request);
        return STATUS_SUCCESS;
    }
    if (result == REGISTERS_NEVER || request->synchronous) {
        list_give(list);
        return refuse(adapter, STATUS_INSUFFICIENT_RESOURCES, pages);
    }
    if (channel_busy) {
        list->waiting = true;
        channel_wait(adapter, &list->waiter, pages);
    } else {
        wait_for_registers(list);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI hal_get_scatter_gather_list(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                           PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                           PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                                           BOOLEAN WriteToDevice)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_GetScatterGatherList);
    struct sglist_request request = {.to_device = WriteToDevice != FALSE,
                                     .device = DeviceObject,
                                     .routine = ExecutionRoutine,
                                     .context = Context};

    if (adapter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    request.transfer = transfer_at(Mdl, CurrentVa, Length);
    return sglist_get(adapter, &request);
}

/* The buffer holds the list and must stay until it is put; what else Windows keeps there is kept
 * elsewhere here. */
NTSTATUS NTAPI hal_build_scatter_gather_list(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                             PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                             PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                                             BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                                             ULONG ScatterGatherLength)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_BuildScatterGatherList);
    struct sglist_request request = {.to_device = WriteToDevice != FALSE,
                                     .device = DeviceObject,
                                     .routine = ExecutionRoutine,
                                     .context = Context,
                                     .buffer = ScatterGatherBuffer,
                                     .buffer_bytes = ScatterGatherLength};

    if (adapter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    request.transfer = transfer_at(Mdl, CurrentVa, Length);
    return sglist_get(adapter, &request);
}

/* Without an MDL the worst case for that many bytes at that address, else what this buffer needs:
 * one element and one map register for each page spanned. CalculateScatterGatherList, Remarks. */
NTSTATUS NTAPI hal_calculate_scatter_gather_list(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID CurrentVa,
                                                 ULONG Length, PULONG ScatterGatherListSize,
                                                 PULONG pNumberOfMapRegisters)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_CalculateScatterGatherList);
    uint32_t pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(CurrentVa, Length);

    if (adapter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Mdl != NULL) {
        struct transfer transfer = transfer_at(Mdl, CurrentVa, Length);
        enum transfer_check verdict = transfer_check(adapter->hal, &transfer, &pages);

        if (verdict == TRANSFER_TOO_SHORT || verdict == TRANSFER_OUTSIDE)
            return STATUS_BUFFER_TOO_SMALL;
    }
    if (pages > adapter->grant)
        return STATUS_INSUFFICIENT_RESOURCES;
    *ScatterGatherListSize = sglist_bytes(pages);
    if (pNumberOfMapRegisters != NULL)
        *pNumberOfMapRegisters = pages;
    return STATUS_SUCCESS;
}

/* ---- Putting --------------------------------------------------------------------------------- */

struct hal_list *sglist_of(struct hal_adapter *adapter, PSCATTER_GATHER_LIST sgl)
{
    struct hal *hal = adapter->hal;
    ULONG_PTR number = sgl->Reserved;

    if (number != 0 && number <= hal->lists.count) {
        struct hal_list *list = hal->lists.items[number - 1];

        if (list != NULL && list->live && list->sgl == sgl && list->adapter == adapter)
            return list;
    }
    for (size_t i = 0; i < hal->lists.count; i++) { /* the driver has written over Reserved */
        struct hal_list *list = hal->lists.items[i];

        if (list != NULL && list->live && list->sgl == sgl && list->adapter == adapter)
            return list;
    }
    KE_FINDING(hal->ke, VERIFY_list_not_put, KE_ARG(sgl));
    return NULL;
}

void sglist_release(struct hal_list *list)
{
    struct hal_adapter *adapter = list->adapter;
    struct hal *hal = adapter->hal;
    uint64_t copied = 0;

    domain_unmap(adapter, list->serial);
    if (!list->to_device) {
        copy_from_bounce(hal->from_bounce, list->pieces, list->piece_count);
        copied = sglist_bounced_bytes(list);
    }
    registers_give(adapter, &list->held);
    sglist_free_mdl(list);
    adapter->lists_live--;
    hal->figures.lists_live--;
    list->released = true;
    TRACE(hal->trace, dma_unmap, adapter->id, list->serial, copied, adapter->registers_in_use);
}

static void end(struct hal_list *list)
{
    if (!list->released)
        sglist_release(list);
    if (list->sgl == list->own) /* the next reader of the old list finds nothing in it */
        list->sgl->NumberOfElements = 0;
    list->sgl->Reserved = 0;
    if (list->adapter->channel_list == list)
        list->adapter->channel_list = NULL;
    list_give(list);
}

void NTAPI hal_put_scatter_gather_list(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather,
                                       BOOLEAN WriteToDevice)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_PutScatterGatherList);
    struct hal_list *list = adapter != NULL ? sglist_of(adapter, ScatterGather) : NULL;
    struct hal *hal;

    if (list == NULL)
        return;
    hal = adapter->hal;
    if (list->to_device != (WriteToDevice != FALSE))
        KE_FINDING(hal->ke, VERIFY_dma_direction, KE_ARG(ScatterGather));
    end(list);
    registers_serve(hal);
}

/* ---- Ends ------------------------------------------------------------------------------------ */

void sglist_end(struct hal_adapter *adapter)
{
    struct hal *hal = adapter->hal;

    for (size_t i = 0; i < hal->lists.count; i++) {
        struct hal_list *list = hal->lists.items[i];

        if (list == NULL || list->adapter != adapter)
            continue;
        if (list->waiting) {
            list_remove(&list->waiter.link);
            list->waiting = false;
        }
        if (list->live)
            end(list);
    }
    for (size_t i = 0; i < hal->lists.count; i++) {
        struct hal_list *list = hal->lists.items[i];

        if (list != NULL && list->adapter == adapter)
            list_free(hal, list);
    }
    array_clear(&adapter->spare);
}

void sglist_fini(struct hal *hal)
{
    for (size_t i = 0; i < hal->lists.count; i++)
        weir_assert(hal->lists.items[i] == NULL);
    array_fini(&hal->lists);
}
