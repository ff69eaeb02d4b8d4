/* SPDX-License-Identifier: MIT */
/* Reads: each carries one stream header and one buffer. As many as wanted are kept outstanding; a
 * finished one is judged, handed on and queued again. One event serves all reads: after each
 * wake-up the reads are looked at in the order they were queued, so the order of delivery follows
 * from the driver alone. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/internal.h"

static const int64_t patience_100ns = 10 * 10000000; /* of virtual time without any frame */
enum { PATIENCE_SLICES = 100 };
static const mm_pfn first_high_pfn = UINT64_C(0x100000000) >> MM_PAGE_SHIFT;

/* ---- Buffers --------------------------------------------------------------------------------- */

/* The buffer as it lies in RAM. Neighbouring pages that are neighbours in RAM too make one
 * piece. */
static bool find_pieces(struct client_session *session, struct client_read *read)
{
    uint64_t done = 0, total = session->format.frame_bytes;

    read->pieces = calloc(total / MM_PAGE_SIZE + 2, sizeof *read->pieces);
    if (read->pieces == NULL)
        return false;
    while (done < total) {
        uint64_t va = read->data_va + done;
        uint64_t offset = va % MM_PAGE_SIZE;
        uint64_t left = total - done;
        uint64_t count = MM_PAGE_SIZE - offset < left ? MM_PAGE_SIZE - offset : left;
        mm_pfn pfn = mm_pfn_of_va(session->mm, va);
        uint8_t *host = (uint8_t *)mm_page(session->mm, pfn) + offset;
        struct weir_pattern_piece *last =
            read->piece_count > 0 ? &read->pieces[read->piece_count - 1] : NULL;

        if (last != NULL && (const uint8_t *)last->bytes + last->size_bytes == host)
            last->size_bytes += count;
        else
            read->pieces[read->piece_count++] = (struct weir_pattern_piece){host, count};
        read->high_bytes += pfn >= first_high_pfn ? count : 0;
        done += count;
    }
    return true;
}

static bool make_read(struct client_session *session, struct client_read *read)
{
    if (mm_user_allocate(session->mm, session->format.frame_bytes,
                         session->request->buffer_offset_bytes, &read->data_va) != 0)
        return client_fail(session, CLIENT_NO_ROOM, STATUS_INSUFFICIENT_RESOURCES,
                           "%u buffers of %" PRIu64 " bytes do not fit the machine's RAM as "
                           "--pages lays them; fewer --buffers, a smaller --size, more --ram or "
                           "other --pages", session->request->buffers,
                           session->format.frame_bytes);
    if (mm_user_allocate(session->mm, CLIENT_HEADER_BYTES_MAX, 0, &read->header_va) != 0 ||
        !find_pieces(session, read))
        return client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES,
                           "no memory for a buffer of %" PRIu64 " bytes",
                           session->format.frame_bytes);
    return true;
}

bool client_make_reads(struct client_session *session)
{
    unsigned count = session->request->buffers;

    session->reads = calloc(count, sizeof *session->reads);
    session->completed = ExAllocatePoolWithTag(NonPagedPool, sizeof *session->completed, 'tneC');
    session->iosbs = ExAllocatePoolWithTag(NonPagedPool, count * sizeof *session->iosbs, 'tneC');
    if (session->reads == NULL || session->completed == NULL || session->iosbs == NULL)
        return client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES, "no memory");
    KeInitializeEvent(session->completed, SynchronizationEvent, FALSE);
    for (unsigned i = 0; i < count; i++) {
        struct client_read *read = &session->reads[i];

        read->iosb = &session->iosbs[i];
        if (!make_read(session, read))
            return false;
        session->read_count++;
    }
    return true;
}

void client_free_reads(struct client_session *session)
{
    for (unsigned i = 0; session->reads != NULL && i < session->request->buffers; i++) {
        struct client_read *read = &session->reads[i];

        if (read->data_va != 0)
            mm_user_free(session->mm, read->data_va);
        if (read->header_va != 0)
            mm_user_free(session->mm, read->header_va);
        free(read->pieces);
    }
    if (session->completed != NULL)
        ExFreePoolWithTag(session->completed, 'tneC');
    if (session->iosbs != NULL)
        ExFreePoolWithTag(session->iosbs, 'tneC');
    free(session->reads);
    session->reads = NULL;
}

static struct weir_pattern_view view_of(const struct client_read *read, uint64_t bytes)
{
    return (struct weir_pattern_view){.pieces = read->pieces, .count = read->piece_count,
                                      .size_bytes = bytes};
}

/* ---- Queueing -------------------------------------------------------------------------------- */

bool client_queue(struct client_session *session, struct client_read *read, ULONG code,
                  const uint8_t *header)
{
    NTSTATUS status;

    mm_copy_to_va(session->mm, read->header_va, header, session->header_bytes);
    read->iosb->Status = STATUS_PENDING;
    read->next = NULL;
    if (session->newest != NULL)
        session->newest->next = read;
    else
        session->oldest = read;
    session->newest = read;
    TRACE(session->trace, read_queued, session->format.frame_bytes, read->high_bytes);
    status = io_file_control(session->pin, code, 0, 0, read->header_va, session->header_bytes,
                             session->completed, read->iosb, NULL);
    if (status == STATUS_PENDING || NT_SUCCESS(status))
        return true;
    return client_fail(session, CLIENT_REFUSED, status, "the driver refuses a %s",
                       session->plays ? "write" : "read");
}

static bool queue_read(struct client_session *session, struct client_read *read)
{
    uint8_t header[CLIENT_HEADER_BYTES_MAX] = {0};
    KSSTREAM_HEADER *stream = (KSSTREAM_HEADER *)header;

    if (session->oracle != NULL) {
        struct weir_pattern_view view = view_of(read, session->format.frame_bytes);

        oracle_spoil(session->oracle, &view);
    }
    stream->Size = session->header_bytes;
    stream->PresentationTime.Numerator = 1;
    stream->PresentationTime.Denominator = 1;
    stream->FrameExtent = (ULONG)session->format.frame_bytes;
    stream->Data = (PVOID)(uintptr_t)read->data_va;
    if (session->header_bytes >= sizeof(KSSTREAM_HEADER) + sizeof(KS_FRAME_INFO))
        ((KS_FRAME_INFO *)(stream + 1))->ExtendedHeaderSize = sizeof(KS_FRAME_INFO);
    return client_queue(session, read, IOCTL_KS_READ_STREAM, header);
}

/* ---- Delivery -------------------------------------------------------------------------------- */

static uint64_t account_drops(struct client_session *session, const uint8_t *header)
{
    const KS_FRAME_INFO *info = (const KS_FRAME_INFO *)(header + sizeof(KSSTREAM_HEADER));
    uint64_t before = session->drop_count;

    if (session->header_bytes < sizeof(KSSTREAM_HEADER) + sizeof(KS_FRAME_INFO) ||
        info->DropCount < 0)
        return 0;
    session->drop_count = (uint64_t)info->DropCount; /* a stream that begins anew counts anew */
    return session->drop_count > before ? session->drop_count - before : 0;
}

static void count_verdict(struct client_result *result, unsigned verdict)
{
    switch (verdict) {
    case WEIR_VERDICT_SHORT: result->short_frames++; break;
    case WEIR_VERDICT_TORN: result->torn++; break;
    case WEIR_VERDICT_STALE: result->stale++; break;
    case WEIR_VERDICT_WRONG: result->wrong++; break;
    case ORACLE_DUPLICATE: result->duplicate++; break;
    case WEIR_VERDICT_EARLY:
    case ORACLE_OUT_OF_ORDER: result->out_of_order++; break;
    default: break;
    }
}

static uint64_t settle(uint64_t *debt, uint64_t *credit)
{
    uint64_t paid = *debt < *credit ? *debt : *credit;

    *debt -= paid;
    *credit -= paid;
    return *debt;
}

/* What nobody has owned up to by the next frame is lost. */
void client_account_lost(struct client_session *session)
{
    uint64_t lost = settle(&session->gap, &session->drop_credit);

    session->result->lost += lost;
    if (lost > 0)
        TRACE(session->trace, frames_lost, session->gap_after, lost, 0);
    session->gap = 0;
}

/* A gap in the card's numbers that the driver owns up to is dropped, the rest is lost. Drivers
 * count a drop with the frame before the gap, the one behind it, or one later. */
static void account_gap(struct client_session *session, uint64_t missing, uint64_t dropped)
{
    session->result->dropped += dropped;
    session->drop_credit += dropped;
    if (dropped > 0)
        TRACE(session->trace, frames_lost, session->result->delivered, 0, dropped);
    client_account_lost(session);
    session->gap = missing;
    session->gap_after = session->result->delivered;
    settle(&session->gap, &session->drop_credit);
}

void client_account(struct client_session *session, struct oracle_judgement *judgement,
                    uint64_t dropped)
{
    bool first = client_incident_frame(session, judgement);

    account_gap(session, judgement->missing, dropped);
    if (first)
        session->drop_credit = 0;
    count_verdict(session->result, judgement->verdict);
    if (judgement->verdict != WEIR_VERDICT_OK && judgement->verdict != WEIR_VERDICT_UNCHECKED)
        TRACE(session->trace, frame_verdict, session->result->delivered, judgement->verdict,
              judgement->line, judgement->expected, judgement->found, judgement->offset);
}

static void judge(struct client_session *session, struct client_read *read, uint64_t bytes,
                  uint64_t dropped, struct oracle_judgement *judgement)
{
    struct weir_pattern_view view = view_of(read, bytes);

    *judgement = (struct oracle_judgement){.verdict = WEIR_VERDICT_UNCHECKED};
    if (session->oracle != NULL)
        oracle_judge(session->oracle, &view, judgement);
    client_account(session, judgement, dropped);
}

static bool deliver(struct client_session *session, struct client_read *read)
{
    uint8_t header[CLIENT_HEADER_BYTES_MAX] WEIR_ALIGNED(8);
    const KSSTREAM_HEADER *stream = (const KSSTREAM_HEADER *)header;
    struct client_frame frame = {.number = session->result->delivered, .pieces = read->pieces,
                                 .piece_count = read->piece_count};
    struct oracle_judgement judgement;

    mm_copy_from_va(session->mm, header, read->header_va, session->header_bytes);
    frame.bytes = stream->DataUsed < session->format.frame_bytes ? stream->DataUsed
                                                                 : session->format.frame_bytes;
    frame.has_time = (stream->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) != 0;
    frame.time_100ns = (uint64_t)stream->PresentationTime.Time;
    judge(session, read, frame.bytes, account_drops(session, header), &judgement);
    if (session->sink->frame(session->sink->ctx, &frame) != 0)
        return client_fail(session, CLIENT_STOPPED, STATUS_CANCELLED, "the output stopped");
    TRACE(session->trace, frame_delivered, frame.number, read->iosb->Status, frame.bytes,
          frame.time_100ns, judgement.verdict, judgement.picture);
    session->result->delivered++;
    machine_progress(session->machine);
    return true;
}

struct client_read *client_take_finished(struct client_session *session)
{
    struct client_read **link = &session->oldest, *before = NULL;

    for (; *link != NULL; before = *link, link = &(*link)->next) {
        struct client_read *read = *link;

        if (read->iosb->Status == STATUS_PENDING)
            continue;
        *link = read->next;
        if (session->newest == read)
            session->newest = before;
        return read;
    }
    return NULL;
}

uint64_t client_elapsed_ns(const struct client_session *session)
{
    return sim_now_ns(machine_sim(session->machine)) - session->run_from_ns;
}

static bool enough(const struct client_session *session)
{
    const struct client_request *request = session->request;

    if (session->schedule->gone || session->sink->stop(session->sink->ctx))
        return true;
    if (request->frames != 0 && session->result->delivered >= request->frames)
        return true;
    return request->seconds != 0 &&
           client_elapsed_ns(session) >= request->seconds * UINT64_C(1000000000);
}

static bool take_frames(struct client_session *session)
{
    struct client_read *read;

    while (!enough(session) && !client_incident_due(session) &&
           (read = client_take_finished(session)) != NULL) {
        NTSTATUS status = read->iosb->Status;

        if (!NT_SUCCESS(status))
            return client_fail(session, CLIENT_REFUSED, status, "a read failed");
        if (!deliver(session, read) || !queue_read(session, read))
            return false;
    }
    return true;
}

static bool card_is_gone(const struct client_session *session)
{
    const struct hw_device *card = machine_card(session->machine);

    return card != NULL && card->removed;
}

static int64_t next_slice_100ns(const struct client_session *session)
{
    const int64_t slice_100ns = patience_100ns / PATIENCE_SLICES;
    uint64_t wait_ns = client_schedule_wait_ns(session->schedule, client_elapsed_ns(session));

    return wait_ns / 100 < (uint64_t)slice_100ns ? (int64_t)(wait_ns / 100) + 1 : slice_100ns;
}

/* Waits for the next frame in slices: an application is told of a removal, a stall it must
 * notice. */
bool client_wait(struct client_session *session)
{
    for (unsigned i = 0; i < PATIENCE_SLICES; i++) {
        LARGE_INTEGER slice = {.QuadPart = -next_slice_100ns(session)};

        if (KeWaitForSingleObject(session->completed, UserRequest, UserMode, FALSE, &slice) !=
            STATUS_TIMEOUT)
            return true;
        if (client_incident_due(session))
            return true;
        if (card_is_gone(session))
            return client_fail(session, CLIENT_REFUSED, STATUS_DEVICE_REMOVED,
                               "the card was removed after %" PRIu64 " frames",
                               session->result->delivered);
    }
    return client_fail(session, CLIENT_STALLED, STATUS_TIMEOUT,
                       "no frame for %d seconds of virtual time after %" PRIu64 " frames",
                       (int)(patience_100ns / 10000000), session->result->delivered);
}

bool client_take(struct client_session *session)
{
    return session->plays ? client_play_take(session) : take_frames(session);
}

/* What is finished is taken before anything is waited for: an incident may have left some. */
static bool run(struct client_session *session)
{
    while (take_frames(session)) {
        if (enough(session))
            return true;
        if (client_incident_due(session) ? !client_incidents(session) : !client_wait(session))
            return false;
    }
    return false;
}

/* ---- States ---------------------------------------------------------------------------------- */

bool client_set_state(struct client_session *session, KSSTATE state)
{
    static const char *const names[] = {"STOP", "ACQUIRE", "PAUSE", "RUN"};
    NTSTATUS status;

    machine_progress(session->machine);
    status = client_set(session, session->pin, &KSPROPSETID_Connection,
                        KSPROPERTY_CONNECTION_STATE, &state, sizeof state);
    if (NT_SUCCESS(status) || session->schedule->gone)
        return true;
    return client_fail(session, CLIENT_REFUSED, status, "the driver refuses state %s",
                       names[state]);
}

/* Reads that are still out when the pin has stopped are cancelled, as closing a handle does. */
void client_collect(struct client_session *session)
{
    LARGE_INTEGER timeout = {.QuadPart = -patience_100ns};

    io_file_cancel(session->pin);
    while (session->oldest != NULL) {
        while (client_take_finished(session) != NULL)
            ;
        if (session->oldest != NULL &&
            KeWaitForSingleObject(session->completed, UserRequest, UserMode, FALSE, &timeout) ==
                STATUS_TIMEOUT) {
            client_fail(session, CLIENT_STALLED, STATUS_TIMEOUT,
                        "requests do not come back after the pin was stopped");
            return;
        }
    }
}

bool client_set_states(struct client_session *session, KSSTATE state)
{
    return client_set_state(session, state) && client_feed_state(session, state);
}

static bool start_capture(struct client_session *session)
{
    bool ok = client_set_states(session, KSSTATE_ACQUIRE) &&
              client_set_states(session, KSSTATE_PAUSE);

    for (unsigned i = 0; ok && i < session->read_count; i++)
        ok = queue_read(session, &session->reads[i]);
    return ok && client_set_states(session, KSSTATE_RUN) && client_feed_start(session);
}

static bool stop_capture(struct client_session *session)
{
    bool ok;

    client_feed_stop(session);
    ok = client_set_state(session, KSSTATE_STOP);
    ok = client_feed_state(session, KSSTATE_STOP) && ok;
    client_collect(session);
    client_feed_collect(session);
    return ok;
}

bool client_stream_start(struct client_session *session)
{
    return session->plays ? client_play_start(session) : start_capture(session);
}

bool client_stream_stop(struct client_session *session)
{
    return session->plays ? client_play_stop(session) : stop_capture(session);
}

bool client_capture_stream(struct client_session *session)
{
    bool ok = start_capture(session);

    session->run_from_ns = sim_now_ns(machine_sim(session->machine));
    ok = ok && run(session);
    client_account_lost(session);
    return stop_capture(session) && ok;
}
