/* SPDX-License-Identifier: MIT */
/* The adapter a driver registered for its device, and those who wait for its resources.
 * One adapter a device, for all pins of all its filters; a later registration replaces an earlier
 * one. The adapter stays the driver's: AVStream borrows it while frames are mapped. Callable up to
 * DISPATCH_LEVEL. Not here: making lists (mapping.h). */
#ifndef WEIR_KS_DMA_H
#define WEIR_KS_DMA_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_device;
struct ks_queue;

struct ks_dma {
    PDMA_ADAPTER adapter; /* NULL: none registered, or a registration that was refused */
    ULONG map_registers; /* 0: not told (old registration) */
    ULONG limit_bytes; /* largest mapping, 0 = any */
    ULONG stride_bytes;
    ULONGLONG highest_la; /* what the description says the device reaches; all ones if not told */
    KSPIN_LOCK lock;
    ULONG mapped_frames;
    LIST_ENTRY starved; /* queues whose last lock failed for want of resources */
    bool retry_armed;
    ULONG retry_ms;
    KTIMER retry_timer;
    KDPC retry_dpc;
};

void ks_dma_init(struct ks_dma *dma);
void ks_dma_fini(struct ks_dma *dma);
/* Both registrations end here. */
NTSTATUS ks_dma_register(struct ks_device *device, PDMA_ADAPTER adapter,
                         const DEVICE_DESCRIPTION *description, ULONG map_registers,
                         ULONG limit_bytes, ULONG stride_bytes);
void ks_dma_frame_mapped(struct ks_dma *dma);
/* A frame gave its list back: those who starved may try again. */
void ks_dma_frame_released(struct ks_dma *dma);
/* The queue's lock failed; it is tried again after a release, or after a while. */
void ks_dma_starved(struct ks_dma *dma, struct ks_queue *queue);
void ks_dma_forget(struct ks_dma *dma, struct ks_queue *queue);

#endif
