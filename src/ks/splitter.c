/* SPDX-License-Identifier: MIT */
/* A second instance of a splitter pin gets copies of what the first is given, made by the runtime:
 * the driver deals with the first instance only and may ignore the others, which it can tell by
 * CopySource. AVStream Splitters; KSPIN_DESCRIPTOR_EX, KSPIN_FLAG_SPLITTER; KSPROCESSPIN;
 * KsPinGetCopyRelationships.
 *
 * Our reading: a frame is copied when the driver has let go of it, with its header, as far as the
 * copy's own frame is long. UNDOC: a copy that has no frame then. It misses this one: a client that
 * does not read must not hold up the others. UNDOC: the first instance is closed. The next oldest
 * is the driver's from then on, as it is. UNDOC: DelegateBranch. It is always NULL: frames are
 * copied also where all receivers only read them. */
#include "ks/splitter.h"

#include <string.h>

#include "base/base.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"

static bool is_splitter(const struct ks_pin *pin)
{
    return pin->standard_transport && pin->public.DataFlow == KSPIN_DATAFLOW_OUT &&
           (pin->public.Descriptor->Flags & KSPIN_FLAG_SPLITTER) != 0;
}

void ks_splitter_init(struct ks_filter *filter)
{
    KeInitializeSpinLock(&filter->copies_lock);
    InitializeListHead(&filter->copies);
}

/* ---- Who copies whom ------------------------------------------------------------------------- */

/* The instance that the driver deals with. */
static struct ks_pin *find_source(const struct ks_pin *copy)
{
    const LIST_ENTRY *head = &copy->filter->object.children;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink) {
        struct ks_pin *pin =
            ks_pin_of(CONTAINING_RECORD(link, struct ks_object, sibling)->public);

        if (pin != copy && pin->public.Id == copy->public.Id && pin->split.source == NULL)
            return pin;
    }
    return NULL;
}

void ks_splitter_join(struct ks_pin *pin)
{
    struct ks_filter *filter = pin->filter;
    KIRQL irql;

    if (!is_splitter(pin))
        return;
    KeAcquireSpinLock(&filter->copies_lock, &irql);
    pin->split.source = find_source(pin);
    if (pin->split.source != NULL)
        InsertTailList(&filter->copies, &pin->split.link);
    KeReleaseSpinLock(&filter->copies_lock, irql);
}

static struct ks_pin *copy_at(PLIST_ENTRY link)
{
    return CONTAINING_RECORD(link, struct ks_pin, split.link);
}

static void unlink_copy(struct ks_pin *pin)
{
    RemoveEntryList(&pin->split.link);
    pin->split.source = NULL;
}

/* The heir, or NULL. */
static struct ks_pin *pass_on(struct ks_pin *source)
{
    PLIST_ENTRY head = &source->filter->copies, next;
    struct ks_pin *heir = NULL;

    for (PLIST_ENTRY link = head->Flink; link != head; link = next) {
        struct ks_pin *copy = copy_at(link);

        next = link->Flink;
        if (copy->split.source != source)
            continue;
        if (heir == NULL) {
            heir = copy;
            unlink_copy(copy);
        } else {
            copy->split.source = heir;
        }
    }
    return heir;
}

void ks_splitter_leave(struct ks_pin *pin)
{
    struct ks_filter *filter = pin->filter;
    struct ks_pin *heir = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&filter->copies_lock, &irql);
    if (pin->split.source != NULL)
        unlink_copy(pin);
    else
        heir = pass_on(pin);
    KeReleaseSpinLock(&filter->copies_lock, irql);
    if (heir != NULL && heir->queue != NULL)
        ks_process_inherit(heir);
}

void NTAPI KsPinGetCopyRelationships(PKSPIN Pin, PKSPIN *CopySource, PKSPIN *DelegateBranch)
{
    struct ks_pin *source = ks_pin_of(Pin)->split.source;

    *CopySource = source != NULL ? &source->public : NULL;
    *DelegateBranch = NULL;
}

/* ---- Copying --------------------------------------------------------------------------------- */

static void copy_header(PKSSTREAM_HEADER to, const KSSTREAM_HEADER *from)
{
    ULONG bytes = from->DataUsed < to->FrameExtent ? from->DataUsed : to->FrameExtent;
    ULONG size = from->Size < to->Size ? from->Size : to->Size;

    if (bytes != 0)
        memcpy(to->Data, from->Data, bytes);
    to->DataUsed = bytes;
    to->TypeSpecificFlags = from->TypeSpecificFlags;
    to->PresentationTime = from->PresentationTime;
    to->Duration = from->Duration;
    to->OptionsFlags = from->OptionsFlags;
    memcpy(to + 1, from + 1, size - sizeof *to);
}

static void fill_next_frame(struct ks_queue *queue, const KSSTREAM_HEADER *header)
{
    struct ks_queue_hold hold;
    struct ks_frame *frame;

    ks_queue_enter(queue, &hold);
    frame = queue->leading->frame;
    if (frame != NULL && !queue->closing && !queue->leading->locked) {
        copy_header(frame->header, header);
        ks_pointer_move(queue->leading);
        if (queue->trailing != NULL && queue->trailing->frame == frame)
            ks_pointer_move(queue->trailing);
    }
    ks_queue_leave(queue, &hold);
}

/* The queue of the source's copy at index, to be left with ks_queue_stay_over; NULL at the end. */
static struct ks_queue *stay_with_copy(struct ks_pin *source, ULONG index)
{
    PLIST_ENTRY head = &source->filter->copies;
    struct ks_queue *queue = NULL;
    struct ks_queue_hold hold;
    KIRQL irql;

    KeAcquireSpinLock(&source->filter->copies_lock, &irql);
    for (PLIST_ENTRY link = head->Flink; link != head && queue == NULL; link = link->Flink) {
        const struct ks_pin *copy = copy_at(link);

        if (copy->split.source == source && copy->queue != NULL && copy->processor.state_on &&
            index-- == 0)
            queue = copy->queue;
    }
    if (queue != NULL) {
        ks_queue_enter(queue, &hold);
        ks_queue_stay(queue);
        ks_queue_leave(queue, &hold);
    }
    KeReleaseSpinLock(&source->filter->copies_lock, irql);
    return queue;
}

void ks_splitter_copy(const struct ks_request *request)
{
    struct ks_pin *source = request->queue->pin;
    struct ks_queue *queue;

    if (!is_splitter(source) || source->split.source != NULL || !NT_SUCCESS(request->status))
        return;
    for (ULONG index = 0; (queue = stay_with_copy(source, index)) != NULL; index++) {
        for (ULONG i = 0; i < request->frame_count; i++)
            fill_next_frame(queue, request->frames[i].header);
        ks_queue_stay_over(queue);
    }
}
