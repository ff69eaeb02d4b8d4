/* SPDX-License-Identifier: MIT */
/* Writes: a file's frames or packets, or test signals, go to a pin that data goes into. As many
 * requests as wanted are kept outstanding. IOCTL_KS_WRITE_STREAM. Where nothing but the client sets
 * the pace, a picture is sent each frame period, as a live source would. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/internal.h"
#include "client/match.h"

static const uint64_t grace_ns = 20000000; /* and a few frame periods: for the last pictures */
static const uint64_t look_again_ns = 1000000;
enum { GRACE_PERIODS = 4 };

/* ---- What is sent ---------------------------------------------------------------------------- */

static bool no_memory(struct client_session *session)
{
    return client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES,
                       "no memory for what is sent");
}

bool client_play_prepare(struct client_session *session)
{
    bool pictures = session->format.media == CLIENT_VIDEO;

    if (pictures && session->wish->source == NULL)
        return client_make_pattern(session);
    session->staging = malloc(session->format.frame_bytes);
    if (session->staging == NULL)
        return no_memory(session);
    if (session->listens &&
        match_create(session->format.frame_bytes, session->format.stride_bytes,
                     &session->match) != 0)
        return no_memory(session);
    return true;
}

void client_play_release(struct client_session *session)
{
    free(session->staging);
    match_destroy(session->match);
    weir_pattern_destroy(session->pattern);
}

static void draw(struct client_session *session, const struct client_read *write, uint32_t number)
{
    uint64_t done = 0;

    for (size_t i = 0; i < write->piece_count; i++) {
        const struct weir_pattern_piece *piece = &write->pieces[i];

        weir_pattern_bytes(session->pattern, number, done, piece->size_bytes,
                           (uint8_t *)(uintptr_t)piece->bytes);
        done += piece->size_bytes;
    }
}

static void lay_out(const struct client_session *session, const struct client_read *write)
{
    uint64_t done = 0;

    for (size_t i = 0; i < write->piece_count; i++) {
        const struct weir_pattern_piece *piece = &write->pieces[i];

        memcpy((uint8_t *)(uintptr_t)piece->bytes, session->staging + done, piece->size_bytes);
        done += piece->size_bytes;
    }
}

/* Sound that is wanted and not sent yet; all of a packet where there is no limit. */
static uint64_t audio_room(const struct client_session *session)
{
    const struct client_format *format = &session->format;
    uint64_t limit = session->wish->seconds * format->audio.rate_hz * format->block_bytes;
    uint64_t left = limit - session->sent_bytes;

    return limit == 0 || left > format->frame_bytes ? format->frame_bytes : left;
}

/* Fills the staging area; *bytes is 0 at the end of a source. */
static bool stage(struct client_session *session, uint64_t *bytes)
{
    const struct client_source *source = session->wish->source;
    const struct client_format *format = &session->format;
    int result;

    if (source == NULL) {
        *bytes = audio_room(session);
        client_audio_tone(format, session->sent_bytes / format->block_bytes, session->staging,
                          *bytes);
        return true;
    }
    result = source->next(source->ctx, format, session->staging, bytes);
    if (result != 0)
        return client_fail(session, CLIENT_BROKEN_INPUT, STATUS_SUCCESS, "%s: %s", source->name,
                           source->why(source->ctx));
    if (format->media == CLIENT_AUDIO && *bytes > audio_room(session))
        *bytes = audio_room(session);
    if (*bytes > 0 && session->match != NULL && match_sent(session->match, session->staging) != 0)
        return no_memory(session);
    return true;
}

static bool fill(struct client_session *session, struct client_read *write)
{
    write->wanted_bytes = session->format.frame_bytes;
    if (session->pattern != NULL) {
        draw(session, write, (uint32_t)session->sent);
        return true;
    }
    if (!stage(session, &write->wanted_bytes))
        return false;
    if (write->wanted_bytes > 0)
        lay_out(session, write);
    return true;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static uint64_t time_100ns(const struct client_session *session, uint64_t frames, uint64_t bytes)
{
    const struct client_format *format = &session->format;

    if (format->media == CLIENT_AUDIO)
        return bytes / format->block_bytes * 10000000 / format->audio.rate_hz;
    return frames * (UINT64_C(10000000) * format->rate_denominator / format->rate_numerator);
}

static bool send(struct client_session *session, struct client_read *write)
{
    uint8_t header[CLIENT_HEADER_BYTES_MAX] WEIR_ALIGNED(8) = {0};
    KSSTREAM_HEADER *stream = (KSSTREAM_HEADER *)header;

    stream->Size = session->header_bytes;
    stream->PresentationTime.Time = (LONGLONG)time_100ns(session, session->sent,
                                                         session->sent_bytes);
    stream->PresentationTime.Numerator = 1;
    stream->PresentationTime.Denominator = 1;
    stream->Duration = (LONGLONG)time_100ns(session, 1, write->wanted_bytes);
    stream->FrameExtent = (ULONG)session->format.frame_bytes;
    stream->DataUsed = (ULONG)write->wanted_bytes;
    stream->Data = (PVOID)(uintptr_t)write->data_va;
    stream->OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID |
                           KSSTREAM_HEADER_OPTIONSF_DURATIONVALID |
                           KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT;
    write->number = session->sent++;
    session->sent_bytes += write->wanted_bytes;
    return client_queue(session, write, IOCTL_KS_WRITE_STREAM, header);
}

static bool leaders_have_ended(const struct client_session *session)
{
    return session->follows && session->client->leaders_ended_ns != 0;
}

static bool wants_more(const struct client_session *session)
{
    const struct client_pin *wish = session->wish;

    if (session->closing || leaders_have_ended(session) ||
        session->sink->stop(session->sink->ctx))
        return false;
    if (wish->frames != 0 && session->sent >= wish->frames)
        return false;
    if (wish->seconds != 0 && session->format.media == CLIENT_AUDIO)
        return audio_room(session) > 0;
    return wish->seconds == 0 || client_elapsed_ns(session) < wish->seconds * UINT64_C(1000000000);
}

static uint64_t next_due_ns(const struct client_session *session)
{
    return session->paced ? session->paced_from_ns + (session->sent - session->sent_before) *
                                                         client_period_ns(session)
                          : 0;
}

/* Fills the buffers that are free and sends them, or notes that there is no more to send. */
static bool send_more(struct client_session *session)
{
    struct client_read *write;

    while ((write = session->idle) != NULL && !session->closing &&
           client_now_ns(session) >= next_due_ns(session)) {
        session->closing = !wants_more(session);
        if (session->closing)
            break;
        if (!fill(session, write))
            return false;
        if (write->wanted_bytes == 0) {
            session->closing = true;
            break;
        }
        session->idle = write->next;
        if (!send(session, write))
            return false;
    }
    return true;
}

bool client_play_start(struct client_session *session)
{
    session->idle = NULL;
    session->sent_before = session->sent;
    for (unsigned i = session->read_count; i-- > 0;) {
        session->reads[i].next = session->idle;
        session->idle = &session->reads[i];
    }
    return session->paced || send_more(session);
}

/* ---- What comes back ------------------------------------------------------------------------- */

static void put_idle(struct client_session *session, struct client_read *write)
{
    struct client_read **last = &session->idle;

    while (*last != NULL)
        last = &(*last)->next;
    write->next = NULL;
    *last = write;
}

static bool take_back(struct client_session *session)
{
    struct client_read *write;

    while ((write = client_take_finished(session)) != NULL) {
        NTSTATUS status = write->iosb->Status;

        if (!NT_SUCCESS(status) && session->client->schedule.gone)
            return true;
        if (!NT_SUCCESS(status))
            return client_fail_io(session, status, "a write failed");
        TRACE(session->trace, frame_taken, write->number, status, write->wanted_bytes);
        if (session->format.media == CLIENT_AUDIO)
            client_audio_packet(session, NULL, write, write->wanted_bytes);
        session->taken++;
        if (!session->listens) {
            client_incident_taken(session);
            machine_progress(session->machine);
        }
        put_idle(session, write);
        if (!send_more(session))
            return false;
    }
    return send_more(session);
}

/* What has left the card is judged after the driver's answers: only then is it known whether there
 * is more to come. */
bool client_play_turn(struct client_session *session)
{
    if (!take_back(session) || !client_take_outputs(session))
        return false;
    if (session->closing && session->oldest == NULL && session->closed_ns == 0)
        session->closed_ns = client_now_ns(session);
    return true;
}

/* The driver has given all buffers back; what it took may still be on its way out. */
bool client_play_done(struct client_session *session)
{
    if (leaders_have_ended(session) || session->client->schedule.gone)
        return true;
    if (session->closed_ns == 0)
        return false;
    return !session->listens || client_all_has_left(session) ||
           client_now_ns(session) >=
               session->closed_ns + grace_ns + GRACE_PERIODS * client_period_ns(session);
}

uint64_t client_play_due_ns(const struct client_session *session)
{
    if (session->closed_ns != 0)
        return client_now_ns(session) + look_again_ns;
    return session->paced && session->idle != NULL && !session->closing ? next_due_ns(session)
                                                                        : UINT64_MAX;
}

bool client_play_stopped(struct client_session *session)
{
    bool ok = client_take_outputs(session);

    session->idle = NULL; /* nothing is sent until it starts again */
    if (session->listens && session->sent > session->next_out)
        session->forgotten = session->sent - session->next_out;
    if (!session->listens) {
        session->forgotten = session->sent - session->taken - session->cancelled;
        session->cancelled += session->forgotten;
    }
    session->next_out = session->sent;
    if (session->match != NULL)
        match_forget(session->match);
    return ok;
}

/* Pictures that were sent and never left. */
void client_play_end(struct client_session *session)
{
    if (session->listens && session->sent > session->next_out)
        session->gap += session->sent - session->next_out;
    session->gap_after = session->delivered;
    client_account_lost(session);
}
