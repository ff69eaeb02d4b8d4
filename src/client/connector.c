/* SPDX-License-Identifier: MIT */
/* What leaves the card's connector (hw_listen) is compared byte for byte with what was sent, and in
 * order. The two ends meet nowhere but in the card: a picture that was sent well and read too late
 * is seen only here.
 *
 * Pictures leave the card in its own time, inside timers of the simulation, where nothing may wait:
 * they are copied there, and judged when the client's thread comes by. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/internal.h"
#include "client/match.h"

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

/* UNDOC: with several pins that play, a stream of the card is that of the pin with its number. */
static struct client_session *listener_of(struct client *client, unsigned stream)
{
    struct client_session *found = NULL;
    unsigned count = 0;

    for (unsigned i = 0; i < client->session_count; i++) {
        struct client_session *session = &client->sessions[i];

        count += session->listens;
        if (session->listens && (found == NULL || session->pin_id == stream))
            found = session;
    }
    return count <= 1 || found->pin_id == stream ? found : NULL;
}

static void hear_output(void *ctx, const struct hw_output *seen)
{
    struct client_session *session = listener_of(ctx, seen->stream);
    struct client_output *output;

    if (session == NULL)
        return;
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

bool client_all_has_left(const struct client_session *session)
{
    return session->closing && session->next_out >= session->sent;
}

/* The last picture stays on the wire when the client has no more to send: no underrun. */
static void count_underrun(struct client_session *session, const struct hw_output *seen)
{
    if (client_all_has_left(session))
        return;
    session->result->underruns++;
    TRACE(session->trace, underrun, session->delivered, seen->stream, seen->damaged);
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
    if (session->match != NULL) {
        match_judge(session->match, output->bytes, judgement);
    } else {
        oracle_set_horizon(session->oracle, output->horizon);
        oracle_judge(session->oracle, &view, judgement);
    }
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
    const struct client_frame frame = {.number = session->delivered, .pieces = &piece,
                                       .piece_count = 1, .bytes = output->seen.size_bytes};
    struct oracle_judgement judgement;

    judge_output(session, output, &judgement);
    if (session->sink->frame(session->sink->ctx, session->index, &frame) != 0)
        return client_fail(session, CLIENT_STOPPED, STATUS_CANCELLED, "the output stopped");
    TRACE(session->trace, frame_delivered, frame.number, STATUS_SUCCESS, frame.bytes, 0,
          judgement.verdict, judgement.picture);
    session->delivered++;
    session->result->delivered++;
    machine_progress(session->machine);
    return true;
}

bool client_take_outputs(struct client_session *session)
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

bool client_listen(struct client *client)
{
    struct hw_device *card = machine_card(client->sessions[0].machine);
    bool any = false;

    for (unsigned i = 0; i < client->session_count; i++)
        any |= client->sessions[i].listens;
    if (any)
        hw_listen(card, hear_output, client);
    return true;
}

void client_listen_no_more(struct client *client)
{
    struct hw_device *card = machine_card(client->sessions[0].machine);

    if (card != NULL)
        hw_listen(card, NULL, NULL);
    for (unsigned i = 0; i < client->session_count; i++) {
        free_list(&client->sessions[i].first_out);
        free_list(&client->sessions[i].spare);
    }
}
