/* SPDX-License-Identifier: MIT */
/* A driver gets its adapter from IoGetDmaAdapter and tells AVStream about it: how long a mapping
 * may be, how far apart table entries lie, how many map registers it was granted. Win64 drivers use
 * IKsDeviceFunctions::RegisterAdapterObjectEx, older ones KsDeviceRegisterAdapterObject, which
 * cannot report failure and says nothing of the device: what it reaches and how much it may map is
 * then left to the adapter, which knows both. There is no unregistering: a new registration
 * replaces the old. Supporting DMA in 64-Bit AVStream Drivers; KsDeviceRegisterAdapterObject;
 * IKsDeviceFunctions::RegisterAdapterObjectEx.
 *
 * UNDOC: what a bad value does, apart from want of memory. STATUS_INVALID_PARAMETER, a finding, and
 * no adapter is registered afterwards, also not the one before. A limit of 0 is no limit.
 * UNDOC: the adapter after the driver's Stop. Drivers put it there; AVStream gives back what it can
 * before, and asks for nothing until the next Start.
 *
 * A lock that fails for want of map registers or low memory has been queued by the adapter, which
 * calls back when anybody on the machine gives some up (mapping.c). One that fails outright found
 * no memory for the list or its table: that is tried again when some frame of the device gives its
 * list back, and, since nobody tells when others free memory, after a while in any case.
 * UNDOC: how often. We wait 10 ms, then twice as long each time, up to a second. */
#include "ks/dma.h"

#include <string.h>

#include "ks/device.h"
#include "ks/mapping.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/room.h"
#include "ks/visit.h"

enum { RETRY_FIRST_MS = 10, RETRY_LONGEST_MS = 1000 };

/* ---- Those who wait -------------------------------------------------------------------------- */

/* Lets starved queues try again; those that wait for a registration only if there was one. */
static void attempt_starved(struct ks_dma *dma, bool registered)
{
    PLIST_ENTRY link, next;
    KIRQL irql;

    KeAcquireSpinLock(&dma->lock, &irql);
    for (link = dma->starved.Flink; link != &dma->starved; link = next) {
        struct ks_queue *queue = CONTAINING_RECORD(link, struct ks_queue, starved_link);

        next = link->Flink;
        if (queue->awaits_registration && !registered)
            continue;
        RemoveEntryList(link);
        queue->starved = false;
        queue->awaits_registration = false;
        ks_processor_resume(&queue->pin->processor);
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
    attempt_starved(dma, false);
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
    dma->releases++;
    KeReleaseSpinLock(&dma->lock, irql);
    attempt_starved(dma, false);
}

/* A queue that waits for a release already does not stop to, because another frame of it cannot be
 * helped by one. */
static void enlist(struct ks_dma *dma, struct ks_queue *queue, bool awaits_registration)
{
    if (!queue->starved)
        InsertTailList(&dma->starved, &queue->starved_link);
    queue->awaits_registration =
        awaits_registration && (queue->awaits_registration || !queue->starved);
    queue->starved = true;
}

static void arm_retry(struct ks_dma *dma)
{
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)dma->retry_ms * 10000};

    if (dma->retry_armed)
        return;
    dma->retry_armed = true;
    KeSetTimer(&dma->retry_timer, due, &dma->retry_dpc);
    if (dma->retry_ms < RETRY_LONGEST_MS)
        dma->retry_ms *= 2;
}

void ks_dma_starved(struct ks_dma *dma, struct ks_queue *queue, ULONG releases)
{
    bool missed;
    KIRQL irql;

    KeAcquireSpinLock(&dma->lock, &irql);
    missed = dma->releases != releases; /* on another processor, while the attempt failed on ours */
    if (!missed) {
        enlist(dma, queue, false);
        arm_retry(dma);
    }
    KeReleaseSpinLock(&dma->lock, irql);
    if (missed)
        ks_processor_resume(&queue->pin->processor);
}

void ks_dma_await_registration(struct ks_dma *dma, struct ks_queue *queue)
{
    KIRQL irql;

    KeAcquireSpinLock(&dma->lock, &irql);
    enlist(dma, queue, true);
    KeReleaseSpinLock(&dma->lock, irql);
}

void ks_dma_forget(struct ks_dma *dma, struct ks_queue *queue)
{
    KIRQL irql;

    KeAcquireSpinLock(&dma->lock, &irql);
    if (queue->starved)
        RemoveEntryList(&queue->starved_link);
    queue->starved = false;
    queue->awaits_registration = false;
    KeReleaseSpinLock(&dma->lock, irql);
}

/* ---- Registration ---------------------------------------------------------------------------- */

/* Version 3 counts by width alone, the older ones by their two flags; what claims neither reaches
 * no further than 32 bits. Binaries for older systems pass the structure without what version 3
 * added to it. DEVICE_DESCRIPTION. */
static ULONGLONG highest_address(const DEVICE_DESCRIPTION *description)
{
    ULONG width;

    if (description->Version < DEVICE_DESCRIPTION_VERSION3)
        return description->Dma64BitAddresses ? ~0ull : MAXULONG;
    width = description->DmaAddressWidth;
    return width == 0 || width >= 64 ? ~0ull : (1ull << width) - 1;
}

static bool refuse(ULONG argument, ULONG_PTR value)
{
    KE_FINDING(ke_current(), VERIFY_adapter_argument, argument, value);
    return false;
}

/* What both registrations have in common. */
static bool is_acceptable(const struct ks_registration *registration)
{
    if (registration->adapter == NULL)
        return refuse(1, 0);
    if (registration->stride_bytes >= sizeof(KSMAPPING))
        return true;
    KE_FINDING(ke_current(), VERIFY_mapping_stride, registration->stride_bytes);
    return false;
}

static bool describe(struct ks_registration *registration, const DEVICE_DESCRIPTION *description)
{
    if (description == NULL)
        return refuse(2, 0);
    if (description->Version > DEVICE_DESCRIPTION_VERSION3)
        return refuse(2, description->Version);
    if (registration->map_registers == 0)
        return refuse(3, 0);
    registration->highest_la = highest_address(description);
    return true;
}

static NTSTATUS replace(struct ks_dma *dma, const struct ks_registration *registration, bool valid)
{
    static const struct ks_registration none;

    if (dma->mapped_frames != 0)
        KE_FINDING(ke_current(), VERIFY_double_registration, dma->mapped_frames);
    dma->registered = valid ? *registration : none;
    dma->registrations++;
    if (!valid)
        return STATUS_INVALID_PARAMETER;
    dma->registered.operations = registration->adapter->DmaOperations;
    attempt_starved(dma, true);
    return STATUS_SUCCESS;
}

NTSTATUS ks_dma_register(struct ks_device *device, PDMA_ADAPTER adapter,
                         const DEVICE_DESCRIPTION *description, ULONG map_registers,
                         ULONG limit_bytes, ULONG stride_bytes)
{
    struct ks_registration registration = {.adapter = adapter,
                                           .map_registers = map_registers,
                                           .limit_bytes = limit_bytes,
                                           .stride_bytes = stride_bytes};
    bool valid = is_acceptable(&registration) && describe(&registration, description);

    if (valid && (!description->Master || !description->ScatterGather))
        KE_FINDING(ke_current(), VERIFY_adapter_no_scatter_gather);
    return replace(&device->dma, &registration, valid);
}

void NTAPI KsDeviceRegisterAdapterObject(PKSDEVICE Device, PDMA_ADAPTER AdapterObject,
                                         ULONG MaxMappingsByteCount, ULONG MappingTableStride)
{
    struct ks_registration registration = {.adapter = AdapterObject,
                                           .limit_bytes = MaxMappingsByteCount,
                                           .stride_bytes = MappingTableStride,
                                           .highest_la = ~0ull};

    if (ke_windows(ke_current()) >= KE_WINDOWS_WS2003SP1)
        KE_FINDING(ke_current(), VERIFY_legacy_registration);
    replace(&ks_device_of(Device)->dma, &registration, is_acceptable(&registration));
}

/* ---- Stop and start -------------------------------------------------------------------------- */

static void release_idle(struct ks_pin *pin)
{
    if (pin->queue != NULL)
        ks_mapping_release_idle(pin->queue);
}

void ks_dma_stop(struct ks_device *device)
{
    device->dma.stopped = true;
    ks_visit_pins(device, release_idle);
}

void ks_dma_resume(struct ks_device *device)
{
    device->dma.stopped = false;
    attempt_starved(&device->dma, true);
}
