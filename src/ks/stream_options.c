/* SPDX-License-Identifier: MIT */
/* ENDOFSTREAM on a frame that a pin has dealt with is KSEVENT_CONNECTION_ENDOFSTREAM for those who
 * enabled it. On a frame that leaves an output pin it also flushes the queue, since nothing
 * follows: what waits there is cancelled, and Reset runs, from Windows 7 on. TYPECHANGED in a write
 * says that the data are a KSDATAFORMAT: it is the only header, and not an extended one. In a read
 * it holds back all further reads until the client has fetched the new format (queue.c).
 * FLUSHONPAUSE marks data that are stale after a pause. KSSTREAM_HEADER;
 * KSEVENT_CONNECTION_ENDOFSTREAM; Resetting State in AVStream Codecs.
 *
 * UNDOC: the driver and a changed format in a write. It sees the frame in its turn, with the
 * option, and sets what it wants set. UNDOC: frames behind the end of an input stream. They reach
 * the driver. The page on codecs says they wait for an end on the output pin; we take that to be
 * what the sender does, or no renderer could play two streams one after the other. UNDOC: how a
 * frame is flushed by a pause. Its IRP is cancelled once no pointer locks it. */
#include "ks/stream_options.h"

#include "ks/cancel.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"
#include "ks/stream_headers.h"
#include "ks/stream_io.h"

NTSTATUS ks_options_check(const struct ks_queue *queue, const struct ks_stream_headers *headers)
{
    for (ULONG i = 0; i < headers->count && !queue->output; i++) {
        const KSSTREAM_HEADER *header = ks_stream_headers_at(headers, i);

        if ((header->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TYPECHANGED) == 0)
            continue;
        if (headers->count != 1 || headers->size != sizeof *header ||
            header->DataUsed < sizeof(KSDATAFORMAT))
            return STATUS_INVALID_BUFFER_SIZE;
    }
    return STATUS_SUCCESS;
}

bool ks_options_include(const struct ks_request *request, ULONG option)
{
    for (ULONG i = 0; i < request->frame_count; i++) {
        if ((request->frames[i].header->OptionsFlags & option) != 0)
            return true;
    }
    return false;
}

/* ---- End of stream --------------------------------------------------------------------------- */

void ks_options_completing(const struct ks_request *request)
{
    struct ks_pin *pin = request->queue->pin;

    if ((pin->public.Descriptor->Flags & KSPIN_FLAG_GENERATE_EOS_EVENTS) != 0 &&
        ks_options_include(request, KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM))
        KsGenerateEvents(&pin->public, &KSEVENTSETID_Connection, KSEVENT_CONNECTION_ENDOFSTREAM, 0,
                         NULL, NULL, NULL);
}

static void NTAPI reset_after_flush(PVOID Parameter)
{
    struct ks_queue *queue = Parameter;

    queue->reset_queued = false;
    ks_stream_call_reset(queue->pin);
    ks_queue_stay_over(queue);
}

static bool begin_flush(struct ks_queue *queue)
{
    struct ks_queue_hold hold;
    bool begun;

    ks_queue_enter(queue, &hold);
    begun = !queue->closing && !queue->reset_queued;
    if (begun) {
        queue->reset_queued = true;
        ks_queue_stay(queue);
    }
    ks_queue_leave(queue, &hold);
    return begun;
}

void ks_options_stream_ended(struct ks_queue *queue)
{
    if (ke_windows(ke_current()) < KE_WINDOWS_7 || !begin_flush(queue))
        return;
    ks_queue_cancel_all(queue);
    ExInitializeWorkItem(&queue->reset_item, KS_ROUTINE(reset_after_flush), queue);
    ExQueueWorkItem(&queue->reset_item, DelayedWorkQueue);
}

/* ---- Pause ----------------------------------------------------------------------------------- */

void ks_options_paused(struct ks_queue *queue)
{
    struct ks_queue_hold hold;

    if (queue->output)
        return;
    ks_queue_enter(queue, &hold);
    for (PLIST_ENTRY link = queue->requests.Flink; link != &queue->requests; link = link->Flink) {
        struct ks_request *request = CONTAINING_RECORD(link, struct ks_request, link);

        if (ks_options_include(request, KSSTREAM_HEADER_OPTIONSF_FLUSHONPAUSE))
            ks_cancel_request(request);
    }
    ks_queue_leave(queue, &hold);
}
