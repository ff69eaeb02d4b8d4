/* SPDX-License-Identifier: MIT */
/* The adapter a driver registered for its device, and those who wait for its resources.
 * One adapter a device, for all pins of all its filters; a later registration replaces an earlier
 * one. The adapter stays the driver's: AVStream borrows it while frames are mapped, and after the
 * driver's Stop routine no more. Callable up to DISPATCH_LEVEL, with or without a queue's lock,
 * except stop and resume (PASSIVE_LEVEL, none held). Not here: making lists (mapping.h). */
#ifndef WEIR_KS_DMA_H
#define WEIR_KS_DMA_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_device;
struct ks_queue;

/* What a registration says; nothing here points at the driver's description, which may be gone. */
struct ks_registration {
    PDMA_ADAPTER adapter; /* NULL: none, or a registration that was refused */
    PDMA_OPERATIONS operations; /* of the adapter; they outlive it */
    ULONG map_registers; /* for one frame at most; 0: not told, the adapter itself knows */
    ULONG limit_bytes; /* largest mapping, 0 = any */
    ULONG stride_bytes;
    ULONGLONG highest_la; /* what the description says the device reaches; all ones if not told */
};

struct ks_dma {
    struct ks_registration registered;
    ULONG registrations; /* how many there were */
    bool stopped; /* between the driver's Stop and its next Start: nothing is mapped */
    KSPIN_LOCK lock;
    ULONG mapped_frames;
    ULONG releases; /* frames that gave their list back */
    LIST_ENTRY starved; /* queues whose last lock failed */
    bool retry_armed;
    ULONG retry_ms;
    KTIMER retry_timer;
    KDPC retry_dpc;
};

void ks_dma_init(struct ks_dma *dma);
void ks_dma_fini(struct ks_dma *dma);
/* The new registration; checks all of it. */
NTSTATUS ks_dma_register(struct ks_device *device, PDMA_ADAPTER adapter,
                         const DEVICE_DESCRIPTION *description, ULONG map_registers,
                         ULONG limit_bytes, ULONG stride_bytes);
/* Before the driver's Stop: lists that nobody uses go back, and none is asked for until resume. */
void ks_dma_stop(struct ks_device *device);
void ks_dma_resume(struct ks_device *device);

void ks_dma_frame_mapped(struct ks_dma *dma);
/* A frame gave its list back: those who starved may try again. */
void ks_dma_frame_released(struct ks_dma *dma);
/* The queue's lock failed for want of resources; it is tried again after a release, or after a
 * while. releases is what ks_dma.releases was before the attempt. */
void ks_dma_starved(struct ks_dma *dma, struct ks_queue *queue, ULONG releases);
/* The queue's lock cannot succeed before a new registration, or a start. */
void ks_dma_await_registration(struct ks_dma *dma, struct ks_queue *queue);
void ks_dma_forget(struct ks_dma *dma, struct ks_queue *queue);

#endif
