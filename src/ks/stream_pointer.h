/* SPDX-License-Identifier: MIT */
/* Stream pointers: the leading edge, the trailing edge and clones.
 * The driver sees a KSSTREAM_POINTER; our part follows it in the same pool block, with a magic word
 * that tells a live pointer from a deleted one. All functions here want the queue's lock held.
 * Not here: the queue itself (queue.h), the exported functions' documentation (stream_pointer.c).
 */
#ifndef WEIR_KS_STREAM_POINTER_H
#define WEIR_KS_STREAM_POINTER_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_queue;
struct ks_frame;
struct ks_stream_pointer;

enum ks_pointer_kind { KS_POINTER_LEADING, KS_POINTER_TRAILING, KS_POINTER_CLONE };

#define KS_POINTER_LIVE 0x65766c5065727453u
#define KS_POINTER_DELETED 0x7465445065727453u

/* KsStreamPointerScheduleTimeout: a timer of the pointer's own. */
struct ks_pointer_timeout {
    bool prepared; /* timer and DPC are initialised */
    bool due; /* scheduled and neither fired nor cancelled */
    PFNKSSTREAMPOINTER callback;
    KTIMER timer;
    KDPC dpc;
};

struct ks_stream_pointer {
    uint64_t magic;
    enum ks_pointer_kind kind;
    bool locked;
    bool cancelled; /* its frame's IRP was cancelled; only Delete is left */
    bool called_back; /* the cancel callback has run */
    bool at_end; /* a clone that ran off the end, and waits there for an arrival */
    bool offsets_loaded; /* mappings exist from the first lock on, offsets not before */
    struct ks_queue *queue;
    struct ks_frame *frame; /* NULL at the end */
    LIST_ENTRY link; /* clones or spare_clones of the queue */
    PFNKSSTREAMPOINTER cancel_callback;
    struct ks_pointer_timeout timeout;
    ULONG context_bytes;
    KSSTREAM_POINTER public __attribute__((aligned(16))); /* what the driver holds */
    UCHAR context[] __attribute__((aligned(16))); /* the driver's; at once behind what it holds */
};
_Static_assert(offsetof(struct ks_stream_pointer, context) ==
                   offsetof(struct ks_stream_pointer, public) + sizeof(KSSTREAM_POINTER),
               "KsStreamPointerClone: the context follows the stream pointer");

/* The pointer behind what a driver passes. NULL, after a finding, when it is none or was deleted.
 */
struct ks_stream_pointer *ks_pointer_of(PKSSTREAM_POINTER public);

void ks_pointer_init(struct ks_stream_pointer *pointer, enum ks_pointer_kind kind,
                     struct ks_queue *queue);
/* Refers to frame (NULL: at the end) from now on: takes a reference and loads the offsets. */
void ks_pointer_attach(struct ks_stream_pointer *pointer, struct ks_frame *frame);
/* Refers to nothing: unlocks, drops the reference. The frame may become free by it. */
void ks_pointer_detach(struct ks_stream_pointer *pointer);
/* Moves to the next frame, or to the end. Ends unlocked. */
void ks_pointer_move(struct ks_stream_pointer *pointer);

NTSTATUS ks_pointer_lock(struct ks_stream_pointer *pointer);
void ks_pointer_unlock(struct ks_stream_pointer *pointer);
/* Offsets start over from the frame; zero while it has no mappings. */
void ks_pointer_load_offsets(struct ks_stream_pointer *pointer);

void ks_pointer_timeout_cancel(struct ks_stream_pointer *pointer);

#endif
