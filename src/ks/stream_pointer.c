/* SPDX-License-Identifier: MIT */
/* A stream pointer refers to a frame and carries two offsets into it: bytes, or on pins that
 * generate mappings, entries of the frame's mapping table. Locked, it keeps the frame from being
 * cancelled and its header and offsets may be used; unlocked, it only keeps its place. Pointers
 * move towards newer frames only. Locking and Unlocking Stream Pointers; Stream Pointers and
 * Offsets; KSSTREAM_POINTER.
 *
 * Our reading where the pages contradict each other: DataUsed of an output frame of a pin without
 * mappings is what the last pointer to move by bytes on it, leading edge or clone, has behind it;
 * drivers leave it to either. Passing the frame without bytes leaves it alone, as do pins with
 * mappings. KSSTREAM_HEADER, DataUsed. UNDOC: values beyond what remains. We stop at the end of the
 * frame. UNDOC: the offset that a pin does not use. It is all zero. */
#include "ks/stream_pointer.h"

#include <string.h>

#include "base/fatal.h"
#include "ks/cancel.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"

struct ks_stream_pointer *ks_pointer_of(PKSSTREAM_POINTER public)
{
    struct ks_stream_pointer *pointer = CONTAINING_RECORD(public, struct ks_stream_pointer, public);

    if (public != NULL && pointer->magic == KS_POINTER_LIVE)
        return pointer;
    KE_FINDING(ke_current(), VERIFY_stream_pointer, KE_ARG(public));
    return NULL;
}

void ks_pointer_init(struct ks_stream_pointer *pointer, enum ks_pointer_kind kind,
                     struct ks_queue *queue)
{
    memset(pointer, 0, sizeof *pointer);
    pointer->magic = KS_POINTER_LIVE;
    pointer->kind = kind;
    pointer->queue = queue;
    pointer->public.Pin = &queue->pin->public;
    pointer->public.Offset = queue->output ? &pointer->public.OffsetOut : &pointer->public.OffsetIn;
    InitializeListHead(&pointer->link);
}

/* ---- Where it stands ------------------------------------------------------------------------- */

void ks_pointer_load_offsets(struct ks_stream_pointer *pointer)
{
    struct ks_frame *frame = pointer->frame;
    PKSSTREAM_POINTER_OFFSET offset = pointer->public.Offset;

    memset(&pointer->public.OffsetIn, 0, sizeof pointer->public.OffsetIn);
    memset(&pointer->public.OffsetOut, 0, sizeof pointer->public.OffsetOut);
    pointer->offsets_loaded = false;
    if (frame == NULL)
        return;
    if (pointer->queue->in_place) {
        pointer->public.OffsetOut.Data = frame->header->Data;
        pointer->public.OffsetOut.Count = frame->header->FrameExtent;
        pointer->public.OffsetOut.Remaining = frame->header->FrameExtent;
    }
    if (!pointer->queue->mapped) {
        offset->Data = frame->header->Data;
        offset->Count = frame->size_bytes;
    } else if (frame->mapping.state == KS_MAPPING_MADE) {
        offset->Mappings = (PKSMAPPING)(void *)frame->mapping.table;
        offset->Count = frame->mapping.count;
    } else {
        return;
    }
    offset->Remaining = offset->Count;
    pointer->offsets_loaded = true;
}

static void note_end(struct ks_stream_pointer *pointer, bool at_end)
{
    if (pointer->kind != KS_POINTER_CLONE || pointer->at_end == at_end)
        return;
    pointer->at_end = at_end;
    pointer->queue->ended_clones += at_end ? 1 : -1u;
}

void ks_pointer_attach(struct ks_stream_pointer *pointer, struct ks_frame *frame)
{
    weir_assert(pointer->frame == NULL);
    note_end(pointer, frame == NULL && !pointer->cancelled);
    pointer->frame = frame;
    pointer->public.StreamHeader = frame != NULL ? frame->header : NULL;
    if (frame != NULL)
        frame->references++;
    ks_pointer_load_offsets(pointer);
}

void ks_pointer_detach(struct ks_stream_pointer *pointer)
{
    struct ks_frame *frame = pointer->frame;

    ks_pointer_unlock(pointer);
    note_end(pointer, false);
    if (frame == NULL)
        return;
    weir_assert(frame->references > 0);
    frame->references--;
    pointer->frame = NULL;
    pointer->public.StreamHeader = NULL;
    ks_pointer_load_offsets(pointer);
}

/* The trailing edge never passes the leading one. */
static bool may_leave(const struct ks_stream_pointer *pointer)
{
    return pointer->kind != KS_POINTER_TRAILING || pointer->frame != pointer->queue->leading->frame;
}

void ks_pointer_move(struct ks_stream_pointer *pointer)
{
    struct ks_queue *queue = pointer->queue;
    struct ks_frame *frame = pointer->frame;
    bool was_locked = pointer->locked;

    if (frame == NULL)
        return;
    if (!may_leave(pointer)) {
        ks_pointer_unlock(pointer);
    } else {
        struct ks_frame *next = ks_queue_next(queue, frame);

        ks_pointer_detach(pointer);
        if (pointer->kind == KS_POINTER_LEADING)
            frame->passed_leading = true;
        if (pointer->kind == KS_POINTER_TRAILING)
            frame->passed_trailing = true;
        ks_pointer_attach(pointer, next);
        ks_queue_release_if_free(queue, frame);
    }
    if (was_locked)
        ks_cancel_after_unlock(frame);
}

/* ---- Locks ----------------------------------------------------------------------------------- */

static NTSTATUS note_failed_lock(struct ks_stream_pointer *pointer, NTSTATUS status)
{
    struct ks_queue *queue = pointer->queue;

    TRACE(ks_trace(), frame_lock_failed, queue->pin->object.id, pointer->frame->id, (ULONG)status,
          queue->locked_frames);
    queue->lock_failed = true;
    return status;
}

NTSTATUS ks_pointer_lock(struct ks_stream_pointer *pointer)
{
    struct ks_queue *queue = pointer->queue;
    struct ks_frame *frame = pointer->frame;

    if (pointer->locked)
        return STATUS_SUCCESS;
    if (frame == NULL || pointer->cancelled || frame->cancelled)
        return STATUS_DEVICE_NOT_READY;
    if (queue->mapped) {
        NTSTATUS status = ks_mapping_make(queue, frame);

        if (!NT_SUCCESS(status))
            return note_failed_lock(pointer, status);
    }
    if (!pointer->offsets_loaded)
        ks_pointer_load_offsets(pointer);
    pointer->locked = true;
    if (frame->locks++ == 0) {
        queue->locked_frames++;
        TRACE(ks_trace(), frame_lock, queue->pin->object.id, frame->id, frame->mapping.count,
              queue->locked_frames, 0, 0);
    }
    return STATUS_SUCCESS;
}

void ks_pointer_unlock(struct ks_stream_pointer *pointer)
{
    struct ks_queue *queue = pointer->queue;
    struct ks_frame *frame = pointer->frame;

    if (!pointer->locked)
        return;
    pointer->locked = false;
    if (--frame->locks == 0) {
        queue->locked_frames--;
        TRACE(ks_trace(), frame_unlock, queue->pin->object.id, frame->id, queue->locked_frames);
    }
}

/* Moves on and locks there. Failing, it stays unlocked on the new frame or at the end. */
static NTSTATUS move_and_lock(struct ks_stream_pointer *pointer)
{
    ks_pointer_move(pointer);
    return NT_SUCCESS(ks_pointer_lock(pointer)) ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY;
}

/* ---- Offsets --------------------------------------------------------------------------------- */

static void move_offset(PKSSTREAM_POINTER_OFFSET offset, ULONG used, SIZE_T unit_bytes)
{
    if (used > offset->Remaining)
        used = offset->Remaining;
    offset->Data += used * unit_bytes;
    offset->Remaining -= used;
}

static void note_data_used(struct ks_stream_pointer *pointer, ULONG out_used)
{
    const struct ks_queue *queue = pointer->queue;
    const KSSTREAM_POINTER_OFFSET *out = &pointer->public.OffsetOut;

    if ((queue->output || queue->in_place) && !queue->mapped && out_used != 0 &&
        pointer->kind != KS_POINTER_TRAILING)
        pointer->public.StreamHeader->DataUsed = out->Count - out->Remaining;
}

/* Moves the offsets in use; true when one has come to the end of the frame. */
static bool advance_offset(struct ks_stream_pointer *pointer, ULONG in_used, ULONG out_used)
{
    const struct ks_queue *queue = pointer->queue;
    PKSSTREAM_POINTER_OFFSET offset = pointer->public.Offset;
    SIZE_T unit_bytes = queue->mapped ? pointer->frame->mapping.stride_bytes : 1;
    bool out_ended = false;

    move_offset(offset, queue->output ? out_used : in_used, unit_bytes);
    if (queue->in_place) {
        move_offset(&pointer->public.OffsetOut, out_used, 1);
        out_ended = pointer->public.OffsetOut.Remaining == 0;
    }
    note_data_used(pointer, out_used);
    return offset->Remaining == 0 || out_ended;
}

/* ---- What drivers call ----------------------------------------------------------------------- */

static PKSSTREAM_POINTER get_edge(PKSPIN Pin, enum ks_pointer_kind kind,
                                  KSSTREAM_POINTER_STATE State)
{
    struct ks_queue *queue = ks_pin_of(Pin)->queue;
    struct ks_stream_pointer *edge;
    struct ks_queue_hold hold;
    bool given;

    if (queue == NULL)
        return NULL;
    ks_queue_enter(queue, &hold);
    edge = kind == KS_POINTER_LEADING ? queue->leading : queue->trailing;
    given = edge != NULL &&
            (State == KSSTREAM_POINTER_STATE_UNLOCKED || NT_SUCCESS(ks_pointer_lock(edge)));
    ks_queue_leave(queue, &hold);
    return given ? &edge->public : NULL;
}

PKSSTREAM_POINTER NTAPI KsPinGetLeadingEdgeStreamPointer(PKSPIN Pin, KSSTREAM_POINTER_STATE State)
{
    return get_edge(Pin, KS_POINTER_LEADING, State);
}

PKSSTREAM_POINTER NTAPI KsPinGetTrailingEdgeStreamPointer(PKSPIN Pin, KSSTREAM_POINTER_STATE State)
{
    return get_edge(Pin, KS_POINTER_TRAILING, State);
}

NTSTATUS NTAPI KsStreamPointerLock(PKSSTREAM_POINTER StreamPointer)
{
    struct ks_stream_pointer *pointer = ks_pointer_of(StreamPointer);
    struct ks_queue_hold hold;
    NTSTATUS status;

    if (pointer == NULL)
        return STATUS_DEVICE_NOT_READY;
    ks_queue_enter(pointer->queue, &hold);
    status = ks_pointer_lock(pointer);
    ks_queue_leave(pointer->queue, &hold);
    return status;
}

void NTAPI KsStreamPointerUnlock(PKSSTREAM_POINTER StreamPointer, BOOLEAN Eject)
{
    struct ks_stream_pointer *pointer = ks_pointer_of(StreamPointer);
    struct ks_queue_hold hold;

    if (pointer == NULL)
        return;
    ks_queue_enter(pointer->queue, &hold);
    if (Eject) {
        ks_pointer_move(pointer);
    } else if (pointer->locked) {
        ks_pointer_unlock(pointer);
        ks_cancel_after_unlock(pointer->frame);
    }
    ks_queue_leave(pointer->queue, &hold);
}

NTSTATUS NTAPI KsStreamPointerAdvance(PKSSTREAM_POINTER StreamPointer)
{
    struct ks_stream_pointer *pointer = ks_pointer_of(StreamPointer);
    struct ks_queue_hold hold;
    NTSTATUS status = STATUS_SUCCESS;

    if (pointer == NULL)
        return STATUS_DEVICE_NOT_READY;
    ks_queue_enter(pointer->queue, &hold);
    if (pointer->locked)
        status = move_and_lock(pointer);
    else
        ks_pointer_move(pointer);
    ks_queue_leave(pointer->queue, &hold);
    return status;
}

NTSTATUS NTAPI KsStreamPointerAdvanceOffsets(PKSSTREAM_POINTER StreamPointer, ULONG InUsed,
                                             ULONG OutUsed, BOOLEAN Eject)
{
    struct ks_stream_pointer *pointer = ks_pointer_of(StreamPointer);
    struct ks_queue_hold hold;
    NTSTATUS status = STATUS_SUCCESS;

    if (pointer == NULL)
        return STATUS_DEVICE_NOT_READY;
    ks_queue_enter(pointer->queue, &hold);
    if (!pointer->locked)
        status = STATUS_DEVICE_NOT_READY;
    else if (advance_offset(pointer, InUsed, OutUsed) || Eject)
        status = move_and_lock(pointer);
    ks_queue_leave(pointer->queue, &hold);
    return status;
}

void NTAPI KsStreamPointerAdvanceOffsetsAndUnlock(PKSSTREAM_POINTER StreamPointer, ULONG InUsed,
                                                  ULONG OutUsed, BOOLEAN Eject)
{
    struct ks_stream_pointer *pointer = ks_pointer_of(StreamPointer);
    struct ks_queue_hold hold;

    if (pointer == NULL)
        return;
    ks_queue_enter(pointer->queue, &hold);
    if (pointer->locked) {
        if (advance_offset(pointer, InUsed, OutUsed) || Eject) {
            ks_pointer_move(pointer);
        } else {
            ks_pointer_unlock(pointer);
            ks_cancel_after_unlock(pointer->frame);
        }
    }
    ks_queue_leave(pointer->queue, &hold);
}

NTSTATUS NTAPI KsStreamPointerSetStatusCode(PKSSTREAM_POINTER StreamPointer, NTSTATUS Status)
{
    struct ks_stream_pointer *pointer = ks_pointer_of(StreamPointer);
    struct ks_queue_hold hold;
    NTSTATUS status = STATUS_DEVICE_NOT_READY;

    if (pointer == NULL)
        return status;
    ks_queue_enter(pointer->queue, &hold);
    if (pointer->frame != NULL) {
        if (NT_SUCCESS(pointer->frame->request->status))
            pointer->frame->request->status = Status;
        status = STATUS_SUCCESS;
    }
    ks_queue_leave(pointer->queue, &hold);
    return status;
}

PIRP NTAPI KsStreamPointerGetIrp(PKSSTREAM_POINTER StreamPointer, PBOOLEAN FirstFrameInIrp,
                                 PBOOLEAN LastFrameInIrp)
{
    struct ks_stream_pointer *pointer = ks_pointer_of(StreamPointer);
    struct ks_request *request;

    if (pointer == NULL || !pointer->locked)
        return NULL;
    request = pointer->frame->request;
    if (FirstFrameInIrp != NULL)
        *FirstFrameInIrp = pointer->frame == &request->frames[0];
    if (LastFrameInIrp != NULL)
        *LastFrameInIrp = pointer->frame == &request->frames[request->frame_count - 1];
    return request->irp;
}

PMDL NTAPI KsStreamPointerGetMdl(PKSSTREAM_POINTER StreamPointer)
{
    struct ks_stream_pointer *pointer = ks_pointer_of(StreamPointer);

    return pointer != NULL && pointer->locked ? pointer->frame->mdl : NULL;
}

NTSTATUS NTAPI KsPinGetAvailableByteCount(PKSPIN Pin, PLONG InputDataBytes, PLONG OutputBufferBytes)
{
    struct ks_queue *queue = ks_pin_of(Pin)->queue;
    struct ks_queue_hold hold;
    ULONG bytes;

    if (queue == NULL)
        return STATUS_INVALID_DEVICE_STATE;
    ks_queue_enter(queue, &hold);
    bytes = ks_queue_bytes_ahead(queue);
    ks_queue_leave(queue, &hold);
    if (InputDataBytes != NULL)
        *InputDataBytes = queue->output ? 0 : (LONG)bytes;
    if (OutputBufferBytes != NULL)
        *OutputBufferBytes = queue->output ? (LONG)bytes : 0;
    return STATUS_SUCCESS;
}
