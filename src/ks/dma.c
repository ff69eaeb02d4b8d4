/* SPDX-License-Identifier: MIT */
/* A driver gets its adapter from IoGetDmaAdapter and tells AVStream about it: how long a mapping
 * may be, how far apart table entries lie, how many map registers it was granted. Win64 drivers use
 * IKsDeviceFunctions::RegisterAdapterObjectEx, older ones KsDeviceRegisterAdapterObject, which
 * cannot report failure. There is no unregistering: a new registration replaces the old. Supporting
 * DMA in 64-Bit AVStream Drivers; KsDeviceRegisterAdapterObject.
 *
 * A lock that fails for want of map registers or memory is tried again when some frame of the
 * device gives its resources back, and, since others draw from the same pools, after a while in any
 * case.
 * UNDOC: how often. We wait 10 ms, then twice as long each time, up to a second. */
#include "ks/dma.h"

#include <string.h>

#include "ks/device.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/room.h"

enum { RETRY_FIRST_MS = 10, RETRY_LONGEST_MS = 1000 };

/* Lets every starved queue try again. */
static void attempt_starved(struct ks_dma *dma)
{
    KIRQL irql;

    KeAcquireSpinLock(&dma->lock, &irql);
    while (!IsListEmpty(&dma->starved)) {
        PLIST_ENTRY link = RemoveHeadList(&dma->starved);
        struct ks_queue *queue = CONTAINING_RECORD(link, struct ks_queue, starved_link);

        queue->starved = false;
        InitializeListHead(&queue->starved_link);
        ks_processor_attempt(&queue->pin->processor, true);
    }
    KeReleaseSpinLock(&dma->lock, irql);
}

static void NTAPI retry_due(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    struct ks_dma *dma = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    dma->retry_armed = false;
    attempt_starved(dma);
}

void ks_dma_init(struct ks_dma *dma)
{
    memset(dma, 0, sizeof *dma);
    KeInitializeSpinLock(&dma->lock);
    InitializeListHead(&dma->starved);
    KeInitializeTimer(&dma->retry_timer);
    KeInitializeDpc(&dma->retry_dpc, KS_ROUTINE(retry_due), dma);
    dma->retry_ms = RETRY_FIRST_MS;
}

void ks_dma_fini(struct ks_dma *dma)
{
    KeCancelTimer(&dma->retry_timer);
    KeRemoveQueueDpc(&dma->retry_dpc);
    KeFlushQueuedDpcs();
}

void ks_dma_frame_mapped(struct ks_dma *dma)
{
    KIRQL irql;

    KeAcquireSpinLock(&dma->lock, &irql);
    dma->mapped_frames++;
    dma->retry_ms = RETRY_FIRST_MS;
    KeReleaseSpinLock(&dma->lock, irql);
}

void ks_dma_frame_released(struct ks_dma *dma)
{
    KIRQL irql;

    KeAcquireSpinLock(&dma->lock, &irql);
    dma->mapped_frames--;
    KeReleaseSpinLock(&dma->lock, irql);
    attempt_starved(dma);
}

void ks_dma_starved(struct ks_dma *dma, struct ks_queue *queue)
{
    LARGE_INTEGER due;
    KIRQL irql;

    KeAcquireSpinLock(&dma->lock, &irql);
    if (!queue->starved) {
        queue->starved = true;
        InsertTailList(&dma->starved, &queue->starved_link);
    }
    if (!dma->retry_armed) {
        dma->retry_armed = true;
        due.QuadPart = -(LONGLONG)dma->retry_ms * 10000;
        KeSetTimer(&dma->retry_timer, due, &dma->retry_dpc);
        if (dma->retry_ms < RETRY_LONGEST_MS)
            dma->retry_ms *= 2;
    }
    KeReleaseSpinLock(&dma->lock, irql);
}

void ks_dma_forget(struct ks_dma *dma, struct ks_queue *queue)
{
    KIRQL irql;

    KeAcquireSpinLock(&dma->lock, &irql);
    if (queue->starved)
        RemoveEntryList(&queue->starved_link);
    queue->starved = false;
    KeReleaseSpinLock(&dma->lock, irql);
}

static ULONGLONG highest_address(const DEVICE_DESCRIPTION *description)
{
    if (description == NULL || description->Dma64BitAddresses)
        return ~0ull;
    if (description->Version >= DEVICE_DESCRIPTION_VERSION3 && description->DmaAddressWidth > 0 &&
        description->DmaAddressWidth < 64)
        return (1ull << description->DmaAddressWidth) - 1;
    return description->Dma32BitAddresses ? MAXULONG : ~0ull;
}

NTSTATUS ks_dma_register(struct ks_device *device, PDMA_ADAPTER adapter,
                         const DEVICE_DESCRIPTION *description, ULONG map_registers,
                         ULONG limit_bytes, ULONG stride_bytes)
{
    struct ks_dma *dma = &device->dma;
    bool valid = stride_bytes >= sizeof(KSMAPPING);

    if (dma->mapped_frames != 0)
        KE_FINDING(ke_current(), VERIFY_double_registration, dma->mapped_frames);
    if (!valid)
        KE_FINDING(ke_current(), VERIFY_mapping_stride, stride_bytes);
    dma->adapter = valid ? adapter : NULL;
    dma->map_registers = map_registers;
    dma->limit_bytes = limit_bytes;
    dma->stride_bytes = stride_bytes;
    dma->highest_la = highest_address(description);
    return valid ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

void NTAPI KsDeviceRegisterAdapterObject(PKSDEVICE Device, PDMA_ADAPTER AdapterObject,
                                         ULONG MaxMappingsByteCount, ULONG MappingTableStride)
{
    if (ke_windows(ke_current()) >= KE_WINDOWS_WS2003SP1)
        KE_FINDING(ke_current(), VERIFY_legacy_registration);
    ks_dma_register(ks_device_of(Device), AdapterObject, NULL, 0, MaxMappingsByteCount,
                    MappingTableStride);
}
