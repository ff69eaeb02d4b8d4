/* SPDX-License-Identifier: MIT */
/* Writes: pictures go to a pin that data goes into. The client draws the picture that the capture
 * oracle knows into each buffer, sends it with IOCTL_KS_WRITE_STREAM and keeps as many requests
 * outstanding as wanted. What leaves the card's connector (hw_listen) is compared byte for byte
 * with what was sent, and in order. The two ends meet nowhere but in the card: a picture that was
 * sent well and read too late is seen only here.
 *
 * Pictures leave the card in its own time, inside timers of the simulation, where nothing may wait:
 * they are copied there, and judged when the client's thread comes by. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/internal.h"

static const uint64_t grace_ns = 20000000; /* and a few frame periods: for the last pictures */
enum { GRACE_PERIODS = 4 };

/* ---- Sending --------------------------------------------------------------------------------- */

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

static int64_t duration_100ns(const struct client_session *session)
{
    const struct client_format *format = &session->format;

    return (int64_t)(UINT64_C(10000000) * format->rate_denominator / format->rate_numerator);
}

bool client_send(struct client_session *session, struct client_read *write)
{
    uint8_t header[CLIENT_HEADER_BYTES_MAX] = {0};
    KSSTREAM_HEADER *stream = (KSSTREAM_HEADER *)header;
    int64_t duration = duration_100ns(session);

    draw(session, write, (uint32_t)session->sent);
    stream->Size = session->header_bytes;
    stream->PresentationTime.Time = (LONGLONG)session->sent * duration;
    stream->PresentationTime.Numerator = 1;
    stream->PresentationTime.Denominator = 1;
    stream->Duration = duration;
    stream->FrameExtent = (ULONG)session->format.frame_bytes;
    stream->DataUsed = (ULONG)session->format.frame_bytes;
    stream->Data = (PVOID)(uintptr_t)write->data_va;
    stream->OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID |
                           KSSTREAM_HEADER_OPTIONSF_DURATIONVALID |
                           KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT;
    write->number = session->sent++;
    return client_queue(session, write, IOCTL_KS_WRITE_STREAM, header);
}

static bool wants_more(const struct client_session *session)
{
    const struct client_request *request = session->request;

    if (session->closing || session->sink->stop(session->sink->ctx))
        return false;
    if (request->frames != 0 && session->sent >= request->frames)
        return false;
    return request->seconds == 0 ||
           client_elapsed_ns(session) < request->seconds * UINT64_C(1000000000);
}

/* ---- What leaves the card -------------------------------------------------------------------- */

/* One picture, or the news that an old one went out again. */
struct client_output {
    struct client_output *next;
    struct hw_output seen; /* its bytes are ours */
    uint32_t horizon; /* no picture beyond this one could leave yet */
    uint8_t bytes[];
};

/* The driver plays in order, so nothing overtakes a picture that is still with it. Those that have
 * left may be: their requests are about to come back. */
static uint32_t horizon(const struct client_session *session)
{
    uint64_t expected = session->next_out + session->waiting;

    for (const struct client_read *write = session->oldest; write != NULL; write = write->next) {
        if (write->iosb->Status == STATUS_PENDING && write->number >= expected)
            return (uint32_t)write->number;
    }
    return (uint32_t)session->sent;
}

static struct client_output *take_spare(struct client_session *session)
{
    struct client_output *output = session->spare;

    if (output != NULL)
        session->spare = output->next;
    else
        output = malloc(sizeof *output + session->format.frame_bytes);
    return output;
}

static void hear_output(void *ctx, const struct hw_output *seen)
{
    struct client_session *session = ctx;
    struct client_output *output;

    if (seen->size_bytes != session->format.frame_bytes)
        session->odd_bytes = seen->size_bytes;
    if (session->output_failed || session->odd_bytes != 0)
        return;
    output = take_spare(session);
    if (output == NULL) {
        session->output_failed = true;
        return;
    }
    output->next = NULL;
    output->seen = *seen;
    output->seen.bytes = output->bytes;
    output->horizon = horizon(session);
    if (!seen->repeated)
        memcpy(output->bytes, seen->bytes, seen->size_bytes);
    if (session->last_out != NULL)
        session->last_out->next = output;
    else
        session->first_out = output;
    session->last_out = output;
    session->waiting += !seen->repeated;
}

static bool all_has_left(const struct client_session *session)
{
    return session->closing && session->next_out >= session->sent;
}

/* The last picture stays on the wire when the client has no more to send: no underrun. */
static void count_underrun(struct client_session *session, const struct hw_output *seen)
{
    if (all_has_left(session))
        return;
    session->result->underruns++;
    TRACE(session->trace, underrun, session->result->delivered, seen->stream, seen->damaged);
}

/* A picture takes the place of the one that should have left, whatever it is; but one that leaves
 * once more takes none, nor does one that comes after its turn. */
static void take_place(struct client_session *session, const struct oracle_judgement *judgement)
{
    if (judgement->verdict == ORACLE_DUPLICATE || judgement->verdict == ORACLE_OUT_OF_ORDER)
        return;
    if (judgement->verdict == WEIR_VERDICT_OK)
        session->next_out = judgement->picture;
    session->next_out++;
}

/* The oracle takes any number for the first one. A damaged picture is missing, and known to be: no
 * number is asked of it. */
static void judge_output(struct client_session *session, const struct client_output *output,
                         struct oracle_judgement *judgement)
{
    const struct weir_pattern_piece piece = {output->bytes, output->seen.size_bytes};
    const struct weir_pattern_view view = {&piece, 1, output->seen.size_bytes};

    *judgement = (struct oracle_judgement){.verdict = WEIR_VERDICT_UNCHECKED};
    if (output->seen.damaged) {
        session->drop_credit++;
        take_place(session, judgement);
        return;
    }
    oracle_set_horizon(session->oracle, output->horizon);
    oracle_judge(session->oracle, &view, judgement);
    if (!session->any_number && judgement->verdict == WEIR_VERDICT_OK) {
        session->any_number = true;
        if (judgement->picture > session->next_out)
            judgement->missing = judgement->picture - session->next_out;
    }
    client_account(session, judgement, 0);
    take_place(session, judgement);
}

static bool deliver(struct client_session *session, const struct client_output *output)
{
    const struct weir_pattern_piece piece = {output->bytes, output->seen.size_bytes};
    const struct client_frame frame = {.number = session->result->delivered, .pieces = &piece,
                                       .piece_count = 1, .bytes = output->seen.size_bytes};
    struct oracle_judgement judgement;

    judge_output(session, output, &judgement);
    if (session->sink->frame(session->sink->ctx, &frame) != 0)
        return client_fail(session, CLIENT_STOPPED, STATUS_CANCELLED, "the output stopped");
    TRACE(session->trace, frame_delivered, frame.number, STATUS_SUCCESS, frame.bytes, 0,
          judgement.verdict, judgement.picture);
    session->result->delivered++;
    machine_progress(session->machine);
    return true;
}

static bool take_outputs(struct client_session *session)
{
    struct client_output *output;
    bool ok = true;

    while (ok && (output = session->first_out) != NULL) {
        session->first_out = output->next;
        if (session->first_out == NULL)
            session->last_out = NULL;
        if (output->seen.repeated || output->seen.damaged)
            count_underrun(session, &output->seen);
        if (!output->seen.repeated) {
            session->waiting--;
            ok = deliver(session, output);
        }
        output->next = session->spare;
        session->spare = output;
    }
    if (session->odd_bytes != 0)
        return client_fail(session, CLIENT_REFUSED, STATUS_SUCCESS,
                           "a picture of %" PRIu64 " bytes left the card, and those that were sent "
                           "have %" PRIu64, session->odd_bytes, session->format.frame_bytes);
    if (session->output_failed)
        return client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES,
                           "no memory for a picture that left the card");
    return ok;
}

static void free_list(struct client_output **list)
{
    struct client_output *output;

    while ((output = *list) != NULL) {
        *list = output->next;
        free(output);
    }
}

/* ---- The stream ------------------------------------------------------------------------------ */

/* Fills a buffer and sends it, or notes that there is no more to send. */
static bool send_more(struct client_session *session, struct client_read *write)
{
    if (!wants_more(session))
        session->closing = true;
    return session->closing || client_send(session, write);
}

static bool take_back(struct client_session *session)
{
    struct client_read *write;

    while ((write = client_take_finished(session)) != NULL) {
        NTSTATUS status = write->iosb->Status;

        if (!NT_SUCCESS(status) && session->schedule->gone)
            return true;
        if (!NT_SUCCESS(status))
            return client_fail(session, CLIENT_REFUSED, status, "a write failed");
        if (!send_more(session, write))
            return false;
    }
    return true;
}

/* The driver has given all buffers back; what it took is on its way out. */
static bool let_it_leave(struct client_session *session)
{
    uint64_t until_ns = sim_now_ns(machine_sim(session->machine)) + grace_ns +
                        GRACE_PERIODS * 100 * (uint64_t)duration_100ns(session);
    LARGE_INTEGER slice = {.QuadPart = -10000};

    while (take_outputs(session)) {
        if (all_has_left(session) || sim_now_ns(machine_sim(session->machine)) >= until_ns)
            return true;
        KeDelayExecutionThread(UserMode, FALSE, &slice);
    }
    return false;
}

/* What has left the card is judged after the driver's answers: only then is it known whether there
 * is more to come. */
static bool run(struct client_session *session)
{
    while (session->oldest != NULL && !session->schedule->gone) {
        if (!client_wait(session) || !client_play_take(session) || !client_incidents(session))
            return false;
    }
    return session->schedule->gone || let_it_leave(session);
}

bool client_play_take(struct client_session *session)
{
    return take_back(session) && take_outputs(session);
}

/* Pictures that were sent and never left. */
static void account_rest(struct client_session *session)
{
    if (session->sent > session->next_out)
        session->gap += session->sent - session->next_out;
    session->gap_after = session->result->delivered;
    client_account_lost(session);
}

bool client_play_start(struct client_session *session)
{
    bool ok = client_set_state(session, KSSTATE_ACQUIRE) &&
              client_set_state(session, KSSTATE_PAUSE);

    if (session->run_from_ns == 0)
        session->run_from_ns = sim_now_ns(machine_sim(session->machine));
    for (unsigned i = 0; ok && i < session->read_count; i++)
        ok = send_more(session, &session->reads[i]);
    return ok && client_set_state(session, KSSTATE_RUN);
}

/* What was sent and has not left by now will not leave any more. */
bool client_play_stop(struct client_session *session)
{
    bool ok = client_set_state(session, KSSTATE_STOP);

    client_collect(session);
    ok = take_outputs(session) && ok;
    if (session->sent > session->next_out)
        session->schedule->forgotten = session->sent - session->next_out;
    session->next_out = session->sent;
    return ok;
}

static bool play(struct client_session *session)
{
    bool ok = client_play_start(session) && run(session);

    if (ok && !session->schedule->gone)
        account_rest(session);
    ok = client_set_state(session, KSSTATE_STOP) && ok;
    client_collect(session);
    return ok;
}

bool client_play_stream(struct client_session *session)
{
    struct hw_device *card = machine_card(session->machine);
    bool ok;

    if (card == NULL)
        return client_fail(session, CLIENT_NO_PIN, STATUS_SUCCESS,
                           "the pin plays, and without a card there is nothing to look at");
    hw_listen(card, hear_output, session);
    ok = play(session);
    hw_listen(card, NULL, NULL);
    free_list(&session->first_out);
    free_list(&session->spare);
    return ok;
}
