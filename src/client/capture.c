/* SPDX-License-Identifier: MIT */
/* Reads: each carries one stream header and one buffer. As many as wanted are kept outstanding; a
 * finished one is judged, handed on and queued again. IOCTL_KS_READ_STREAM. */
#include <inttypes.h>

#include "base/base.h"
#include "client/internal.h"

static const uint64_t grace_ns = 20000000; /* and a few frame periods: for the last frames */
static const uint64_t grace_longest_ns = 1000000000;
enum { GRACE_PERIODS = 4 };

static struct weir_pattern_view view_of(const struct client_read *read, uint64_t bytes)
{
    return (struct weir_pattern_view){.pieces = read->pieces, .count = read->piece_count,
                                      .size_bytes = bytes};
}

/* ---- How much -------------------------------------------------------------------------------- */

/* Bytes of sound that are wanted altogether; 0: no limit of that kind. */
static uint64_t audio_limit(const struct client_session *session)
{
    const struct client_format *format = &session->format;

    return session->wish->seconds * format->audio.rate_hz * format->block_bytes;
}

static bool is_audio(const struct client_session *session)
{
    return session->format.media == CLIENT_AUDIO;
}

/* The last packet may be a short one. */
static uint64_t next_bytes(const struct client_session *session)
{
    uint64_t limit = is_audio(session) ? audio_limit(session) : 0;
    uint64_t size = session->format.frame_bytes, asked = session->delivered_bytes;

    for (const struct client_read *read = session->oldest; read != NULL; read = read->next)
        asked += read->wanted_bytes;
    if (limit == 0 || asked + size <= limit)
        return size;
    return asked < limit ? limit - asked : size; /* it came in smaller pieces than asked for */
}

static bool enough(const struct client_session *session)
{
    const struct client_pin *wish = session->wish;

    if (session->client->schedule.gone || session->sink->stop(session->sink->ctx))
        return true;
    if (wish->frames != 0 && session->delivered >= wish->frames)
        return true;
    if (wish->seconds == 0)
        return false;
    return is_audio(session) ? session->delivered_bytes >= audio_limit(session)
                             : client_elapsed_ns(session) >= wish->seconds * UINT64_C(1000000000);
}

/* ---- Queueing -------------------------------------------------------------------------------- */

static bool queue_read(struct client_session *session, struct client_read *read)
{
    uint8_t header[CLIENT_HEADER_BYTES_MAX] WEIR_ALIGNED(8) = {0};
    KSSTREAM_HEADER *stream = (KSSTREAM_HEADER *)header;

    if (session->oracle != NULL) {
        struct weir_pattern_view view = view_of(read, session->format.frame_bytes);

        oracle_spoil(session->oracle, &view);
    }
    read->wanted_bytes = next_bytes(session);
    stream->Size = session->header_bytes;
    stream->PresentationTime.Numerator = 1;
    stream->PresentationTime.Denominator = 1;
    stream->FrameExtent = (ULONG)read->wanted_bytes;
    stream->Data = (PVOID)(uintptr_t)read->data_va;
    if (session->header_bytes >= sizeof(KSSTREAM_HEADER) + sizeof(KS_FRAME_INFO))
        ((KS_FRAME_INFO *)(stream + 1))->ExtendedHeaderSize = sizeof(KS_FRAME_INFO);
    return client_queue(session, read, IOCTL_KS_READ_STREAM, header);
}

bool client_capture_start(struct client_session *session)
{
    bool ok = true;

    for (unsigned i = 0; ok && i < session->read_count; i++)
        ok = queue_read(session, &session->reads[i]);
    return ok;
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
    struct client_frame frame = {.number = session->delivered, .pieces = read->pieces,
                                 .piece_count = read->piece_count};
    struct oracle_judgement judgement;

    mm_copy_from_va(session->mm, header, read->header_va, session->header_bytes);
    frame.bytes = stream->DataUsed < read->wanted_bytes ? stream->DataUsed : read->wanted_bytes;
    frame.has_time = (stream->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) != 0;
    frame.time_100ns = (uint64_t)stream->PresentationTime.Time;
    judge(session, read, frame.bytes, account_drops(session, header), &judgement);
    if (session->sink->frame(session->sink->ctx, session->index, &frame) != 0)
        return client_fail(session, CLIENT_STOPPED, STATUS_CANCELLED, "the output stopped");
    TRACE(session->trace, frame_delivered, frame.number, read->iosb->Status, frame.bytes,
          frame.time_100ns, judgement.verdict, judgement.picture);
    if (is_audio(session))
        client_audio_packet(session, stream, read, frame.bytes);
    session->delivered++;
    session->delivered_bytes += frame.bytes;
    session->result->delivered++;
    machine_progress(session->machine);
    return true;
}

bool client_capture_turn(struct client_session *session)
{
    struct client_read *read;

    while (!enough(session) && !client_incident_due(session->client) &&
           (read = client_take_finished(session)) != NULL) {
        NTSTATUS status = read->iosb->Status;

        if (!NT_SUCCESS(status))
            return client_fail_io(session, status, "a read failed");
        if (!deliver(session, read) || !queue_read(session, read))
            return false;
    }
    return true;
}

/* ---- The end --------------------------------------------------------------------------------- */

/* As much has come out as went in on the same filter; what sends has ended. */
static bool has_caught_up(const struct client_session *session)
{
    const struct client *client = session->client;

    for (unsigned i = 0; i < client->session_count; i++) {
        const struct client_session *other = &client->sessions[i];

        if (!other->plays || other->filter_index != session->filter_index ||
            other->format.media != session->format.media)
            continue;
        return is_audio(session)
                   ? session->delivered_bytes / session->format.block_bytes >=
                         other->sent_bytes / other->format.block_bytes
                   : session->delivered >= other->sent;
    }
    return false;
}

/* Those with a limit have ended, and nothing is on its way any more. */
static bool has_followed(const struct client_session *session)
{
    uint64_t ended_ns = session->client->leaders_ended_ns;
    uint64_t quiet_from_ns = session->progress_ns > ended_ns ? session->progress_ns : ended_ns;
    uint64_t now_ns = client_now_ns(session);

    if (ended_ns == 0)
        return false;
    return has_caught_up(session) || now_ns >= ended_ns + grace_longest_ns ||
           now_ns >= quiet_from_ns + grace_ns + GRACE_PERIODS * client_period_ns(session);
}

/* When the last of the pins that put something into its filter ended; 0: there is one, or there was
 * none. */
static uint64_t inputs_ended_ns(const struct client_session *session)
{
    const struct client *client = session->client;
    uint64_t ended_ns = 0;

    for (unsigned i = 0; i < client->session_count; i++) {
        const struct client_session *other = &client->sessions[i];

        if (!other->plays || other->filter_index != session->filter_index)
            continue;
        if (!other->ended)
            return 0;
        ended_ns = other->ended_ns > ended_ns ? other->ended_ns : ended_ns;
    }
    return ended_ns;
}

/* Nothing goes into its filter any more, and nothing has come out for a second. */
static bool has_dried_up(const struct client_session *session)
{
    uint64_t ended_ns = inputs_ended_ns(session);
    uint64_t quiet_from_ns = session->progress_ns > ended_ns ? session->progress_ns : ended_ns;

    return ended_ns != 0 && client_now_ns(session) >= quiet_from_ns + grace_longest_ns;
}

bool client_capture_done(struct client_session *session)
{
    return enough(session) || has_dried_up(session) ||
           (session->follows && has_followed(session));
}
